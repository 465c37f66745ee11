// Slipway as npm installs it: the bundle without the sources beside it, for what is measured as a user runs it.
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../build.ts'
import { projectRoot } from '../lib/files.ts'
import { benchFolder } from './six-programs.ts'

let made: Promise<string> | undefined

/** The path of its launcher; built once a run. */
export const installedLauncher = (): Promise<string> => (made ??= install())

const install = async (): Promise<string> => {
  await build()
  const home = join(projectRoot, 'packages/slipway')
  const folder = join(benchFolder, 'installed')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const part of ['bin', 'dist', 'package.json']) cpSync(join(home, part), join(folder, part), { recursive: true })
  // What is no part of the bundle (native code) is a dependency.
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'bin/slipway.js')
}
