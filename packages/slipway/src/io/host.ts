// The machine that this runs on.
import { availableParallelism, homedir, tmpdir } from 'node:os'
import type { Host } from './io.ts'

export const host = (): Host => ({
  os: process.platform === 'darwin' ? 'macos' : process.platform === 'win32' ? 'windows' : 'linux',
  arch: process.arch === 'ia32' ? 'x86' : process.arch === 'arm' ? 'armv7' : process.arch,
  cores: availableParallelism(),
  pid: process.pid,
  home: homedir(),
  cwd: process.cwd(),
  temporary: tmpdir(),
  nodeVersion: process.versions.node,
  zlibVersion: `zlib ${process.versions.zlib} zstd ${process.versions.zstd ?? 'none'}`,
})
