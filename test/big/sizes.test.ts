// Sizes that `npm test` has no time for: one sparse file of 5 GiB and 100,000 entries, through the public command, measured and judged (DESIGN 6).
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installedLauncher } from '../../scripts/bench/installed.ts'
import { smallProject } from '../kit/project.ts'
import type { SmallProject } from '../kit/project.ts'
import * as packagers from '../../packages/slipway/src/packagers/index.ts'

/** As npm installs it: out of a checkout Node's type stripping alone takes as much memory as a package. */
let entry = ''
const gib = 2 ** 30
const hugeBytes = 5 * gib
/** What the program may take beside what Node takes for nothing. */
const limitBytes = 200 * 2 ** 20

/** What 100,000 entries may take in all, in MiB, where that is less. */
const entryLimits: Readonly<Record<string, number>> = { 'tar.gz': 200, 'tar.zst': 215, apk: 230, 'tar.xz': 230 }

interface Judging {
  /** Lists the package; each line that names the file also says its size. */
  readonly list: readonly string[]
  /** Writes one file of it to stdout. */
  readonly cat: (path: string) => readonly string[]
  /** Where the app folder lies in it. */
  readonly home: string
}
const sh = (line: string): readonly string[] => ['/bin/sh', '-c', line, 'sh']
const squash = (offset: string): Judging => ({
  list: sh(`unsquashfs -ll ${offset} "$1"`),
  cat: path => [...sh(`unsquashfs -cat ${offset} "$1" "$2"`), path],
  home: 'usr/lib/tiny',
})
const judgings: Readonly<Record<string, Judging>> = {
  'tar.gz': { list: ['tar', '-tvzf'], cat: path => [...sh('tar -xOzf "$1" "$2"'), path], home: 'tiny-1.0.0-linux-x64' },
  'tar.xz': { list: ['tar', '-tvJf'], cat: path => [...sh('tar -xOJf "$1" "$2"'), path], home: 'tiny-1.0.0-linux-x64' },
  'tar.zst': { list: ['tar', '--zstd', '-tvf'], cat: path => [...sh('tar --zstd -xOf "$1" "$2"'), path], home: 'tiny-1.0.0-linux-x64' },
  zip: { list: ['bsdtar', '-tvf'], cat: path => [...sh('unzip -p "$1" "$2"'), path], home: 'tiny-1.0.0-linux-x64' },
  deb: { list: ['dpkg-deb', '-c'], cat: path => [...sh('dpkg-deb --fsys-tarfile "$1" | tar -xO "./$2"'), path], home: 'usr/lib/tiny' },
  rpm: {
    list: ['rpm', '-qlvp', '--nosignature'],
    cat: path => [...sh('rpm2archive -n - < "$1" | tar -xO "./$2"'), path],
    home: 'usr/lib/tiny',
  },
  apk: {
    list: ['tar', '--warning=no-unknown-keyword', '-tvzf'],
    cat: path => [...sh('tar -xOzf "$1" "$2" 2>/dev/null'), path],
    home: 'usr/lib/tiny',
  },
  pacman: { list: ['bsdtar', '-tvf'], cat: path => [...sh('bsdtar -xOf "$1" "$2"'), path], home: 'usr/lib/tiny' },
  appimage: squash('-o "$(chmod 755 "$1"; "$1" --appimage-offset)"'),
  snap: squash(''),
}

/** Packagers that have no such case, with the reason. */
const skipped: Readonly<Record<string, string>> = {
  binary: 'it is one file, copied as it is',
  flatpak: 'it is made from finished packages, and holds none of their bytes',
  app: 'it shapes the app folder and writes no file',
  'app.tar.gz': 'it is the same tar as tar.gz, of macOS, which these programs are not for',
  'app.zip': 'it is the same zip as zip, of macOS, which these programs are not for',
  dmg: 'it is of macOS, which these programs are not for: not judged here yet',
  pkg: 'it is of macOS, which these programs are not for: not judged here yet',
  msi: 'it is of Windows, which these programs are not for; its cabinet ends at 2 GB, and a larger file is refused in plan',
  nsis: 'it is of Windows, which these programs are not for; it ends at 2 GB, and a larger file is refused in plan',
  msix: 'it is of Windows, which these programs are not for: not judged here yet',
  appinstaller: 'it is made from a finished package, and holds its address alone',
  npm: 'it refuses what the registry would not take, long before 5 GiB: not judged here yet',
  'npm-main': 'it is made of names alone',
  zsync: 'it is made from a finished package, and holds sums of its blocks',
}
const units = (Object.values(packagers) as readonly { readonly id: string }[]).map(unit => unit.id)
const formats = Object.entries(judgings).filter(([id]) => units.includes(id))

describe('packagers', () => {
  it('are all judged, or left out for a reason', () => {
    console.log(
      `sizes: ${Object.keys(skipped).length} packagers left out\n${Object.entries(skipped)
        .map(one => one.join(': '))
        .join('\n')}`,
    )
    expect(units.filter(id => judgings[id] === undefined && skipped[id] === undefined)).toEqual([])
  })
})

interface Measured {
  readonly exitCode: number
  readonly stdout: string
  /** The most that it held in memory at any time. */
  readonly peakBytes: number
}

/** Runs a program and looks at the high-water mark that Linux keeps of its memory. */
const measure = (args: readonly string[]): Promise<Measured> => {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  let peakBytes = 0
  const look = (): void => {
    try {
      const [, kib = '0'] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8')) ?? []
      peakBytes = Math.max(peakBytes, Number(kib) * 1024)
    } catch {
      // It has ended.
    }
  }
  const timer = setInterval(look, 20)
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      clearInterval(timer)
      resolve({ exitCode: code ?? 70, stdout: Buffer.concat(chunks).toString(), peakBytes })
    })
  })
}

const packed = (project: SmallProject, id: string): string => {
  const out = join(project.root, 'dist/1.0.0')
  const ending = id === 'pacman' ? '.pkg.tar.zst' : id === 'appimage' ? '.AppImage' : `.${id}`
  const [file] = readdirSync(out).filter(name => name.endsWith(ending) && (id === 'pacman' || !name.includes('.pkg.')))
  return join(out, file ?? 'none')
}

const listed = (file: string, { list }: Judging): readonly string[] =>
  execFileSync(list[0] ?? '', [...list.slice(1), file], { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] }).split(
    '\n',
  )

const digestOf = (file: string, path: string, judging: Judging): Promise<string> => {
  const [command = '', ...args] = judging.cat(path)
  // The last argument is the path inside; the package goes before it.
  const child = spawn(command, [...args.slice(0, -1), file, ...args.slice(-1)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const hash = createHash('sha256')
  child.stdout.on('data', (chunk: Buffer) => hash.update(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code =>
      code === 0 ? resolve(hash.digest('hex')) : reject(new Error(`${command} ended with ${code ?? 'a signal'}`)),
    )
  })
}

let base = 0
beforeAll(async () => {
  entry = await installedLauncher()
  base = (await measure(['-e', 'setTimeout(() => 0, 200)'])).peakBytes
})

const run = (project: SmallProject, id: string): Promise<Measured> =>
  measure([entry, 'package', '--cwd', project.root, '--only', id, '--json', '--reporter', 'none'])

const projectWith = (fill: (folder: string) => void): SmallProject => {
  const project = smallProject({ targets: ['linux-x64'], more: { packages: formats.map(([id]) => id), feeds: {} } })
  fill(join(project.root, 'bin/linux-x64'))
  return project
}

const freeBytes = (): number => {
  const { bavail, bsize } = statfsSync(tmpdir())
  return bavail * bsize
}
const room = freeBytes() > 12 * gib ? '' : ` (skipped: ${tmpdir()} has less than 12 GiB free)`

describe.skipIf(room !== '')(`a file of 5 GiB${room}`, () => {
  let project: SmallProject
  let digest = ''
  beforeAll(async () => {
    project = projectWith(folder => writeSparse(join(folder, 'huge.bin')))
    digest = await hashOf(join(project.root, 'bin/linux-x64/huge.bin'))
  })
  afterAll(() => rmSync(dirname(project.root), { recursive: true, force: true }))

  it.each(formats)('goes into %s in little memory, and comes out whole', async (id, judging) => {
    const { exitCode, stdout, peakBytes } = await run(project, id)
    expect(exitCode, stdout).toBe(0)
    console.log(`${id}: 5 GiB in ${Math.round(peakBytes / 2 ** 20)} MiB, Node alone ${Math.round(base / 2 ** 20)} MiB`)
    const file = packed(project, id)
    const path = `${judging.home}/huge.bin`
    expect(listed(file, judging).find(line => line.endsWith(path))).toContain(String(hugeBytes))
    expect(await digestOf(file, path, judging)).toBe(digest)
    expect(peakBytes).toBeLessThan(base + limitBytes)
  })
})

describe('100,000 entries', () => {
  let project: SmallProject
  beforeAll(() => {
    project = projectWith(folder => {
      for (let at = 0; at < 100; at += 1) mkdirSync(join(folder, `many/${at}`), { recursive: true })
      for (let at = 0; at < 99_898; at += 1) writeFileSync(join(folder, `many/${at % 100}/${at}`), String(at))
    })
  })
  afterAll(() => rmSync(dirname(project.root), { recursive: true, force: true }))

  it.each(formats)('go into %s in little memory, and are all listed', async (id, judging) => {
    const { exitCode, stdout, peakBytes } = await run(project, id)
    expect(exitCode, stdout).toBe(0)
    console.log(`${id}: 100,000 entries in ${Math.round(peakBytes / 2 ** 20)} MiB, Node alone ${Math.round(base / 2 ** 20)} MiB`)
    const lines = listed(packed(project, id), judging)
    expect(lines.filter(line => /\/many\/\d+\/\d+$/.test(line))).toHaveLength(99_898)
    expect(peakBytes).toBeLessThan(Math.min(base + limitBytes, (entryLimits[id] ?? Infinity) * 2 ** 20))
  })
})

/** Marks at the start, over the border of 32 bits, and at the end; zeros, which take no room, between. */
const writeSparse = (path: string): void => {
  const file = openSync(path, 'w', 0o644)
  for (const at of [0, 4 * gib - 3, hugeBytes - 6]) writeSync(file, Buffer.from('marked'), 0, 6, at)
  closeSync(file)
  truncateSync(path, hugeBytes)
}

const hashOf = async (path: string): Promise<string> => {
  const said = execFileSync('sha256sum', [path], { encoding: 'utf8' })
  return said.slice(0, 64)
}
