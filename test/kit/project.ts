// A small project in a folder of its own: tiny programs with real headers, a config, keys; and the command line run in this process.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cpuArm64, cpuX64, tinyElf, tinyMachO, tinyPe } from '../../packages/formats/src/testing/binaries.ts'
import { runCommandLine } from '../../packages/slipway/src/commands/frame.ts'
import type { Output, Streams } from '../../packages/slipway/src/commands/frame-streams.ts'
import type { Io } from '../../packages/slipway/src/io/io.ts'
import { machine } from '../../packages/slipway/src/io/machine.ts'

export interface SmallProject {
  readonly root: string
  readonly bucket: string
  readonly keys: string
  readonly secret: string
  /** Runs one command line on the real machine, or on another Io; never throws. */
  readonly run: (args: readonly string[], io?: Io) => Promise<Ran>
  /** `run` with `--json`; the document. */
  readonly json: (args: readonly string[], io?: Io) => Promise<Document>
}
export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}
export interface Document extends Ran {
  readonly ok: boolean
  readonly errors: readonly {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly where: Readonly<Record<string, unknown>>
  }[]
  readonly data: Readonly<Record<string, unknown>>
}
export interface SmallOptions {
  readonly version?: string
  readonly targets?: readonly string[]
  /** Members of the config beside app, targets, build; as JSON. */
  readonly more?: Readonly<Record<string, unknown>>
  readonly folder?: string
  readonly url?: string
}

/** Commit date of every small project, so that its bytes are the same everywhere. */
export const smallDate = '1700000000'

/** Makes the project without keys: `await project.run(['keys', 'generate'])` makes them. */
export const smallProject = (options: SmallOptions = {}): SmallProject => {
  const base = options.folder ?? mkdtempSync(join(tmpdir(), 'slipway-small-'))
  const [root, bucket, keys, secret] = ['project', 'bucket', 'keys', 'secret'].map(name => join(base, name)) as [
    string,
    string,
    string,
    string,
  ]
  const targets = options.targets ?? ['linux-x64', 'linux-arm64']
  for (const target of targets) writeProgram(root, target, options.version ?? '1.0.0')
  const config = {
    app: {
      name: 'tiny',
      version: options.version ?? '1.0.0',
      license: 'MIT',
      homepage: 'https://example.org',
      summary: 'A tiny program',
      publisher: 'Tiny <tiny@example.org>',
      date: '2023-11-14',
    },
    targets,
    build: { prebuilt: 'bin/{target}' },
    packages: ['tar.gz', 'deb'],
    feeds: { tauri: { targets: ['linux-*'] }, electron: { targets: ['linux-*'] } },
    store: { folder: { path: bucket, url: options.url ?? 'http://127.0.0.1:8737' } },
    trust: { folder: keys, keyring: join(secret, 'tiny.keys') },
    ...options.more,
  }
  writeFileSync(join(root, 'slipway.jsonc'), JSON.stringify(config, null, 2))
  const run = (args: readonly string[], io?: Io): Promise<Ran> => runHere([...args, '--cwd', root], io ?? pinned(machine()))
  return {
    root,
    bucket,
    keys,
    secret,
    run,
    json: async (args, io) => {
      const ran = await run([...args, '--json', '--reporter', 'none'], io)
      const { ok, errors, ...data } = JSON.parse(ran.stdout) as Document
      return { ...ran, ok, errors, data }
    },
  }
}

/** Another version of the same project: its program and its config change, keys and bucket stay. */
export const nextVersion = (project: SmallProject, version: string, options: Omit<SmallOptions, 'version' | 'folder'> = {}): SmallProject =>
  smallProject({ ...options, version, folder: dirname(project.root) })

const writeProgram = (root: string, target: string, version: string): void => {
  const [os, arch] = target.split('-')
  const folder = join(root, 'bin', target)
  mkdirSync(folder, { recursive: true })
  const tail = new TextEncoder().encode(`tiny ${version} ${target}\n`.repeat(200))
  const head =
    os === 'linux'
      ? tinyElf({ machine: arch === 'arm64' ? 183 : 62 })
      : os === 'windows'
        ? tinyPe({ machine: arch === 'arm64' ? 0xaa64 : 0x8664 })
        : tinyMachO(arch === 'arm64' ? cpuArm64 : cpuX64)
  writeFileSync(join(folder, os === 'windows' ? 'tiny.exe' : 'tiny'), Buffer.concat([head, tail]), { mode: 0o755 })
}

/** The release date stands fixed, whatever the surroundings. */
const pinned = (io: Io): Io => ({
  ...io,
  secrets: { ...io.secrets, env: name => (name === 'SOURCE_DATE_EPOCH' ? smallDate : io.secrets.env(name)) },
})

const runHere = async (argv: readonly string[], io: Io): Promise<Ran> => {
  const texts = { stdout: '', stderr: '' }
  const output = (name: 'stdout' | 'stderr'): Output => ({
    write: async text => void (texts[name] += text),
    isTerminal: false,
    columns: () => 0,
    rows: () => 0,
  })
  const streams: Streams = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    ask: null,
    onSignal: () => () => undefined,
    onCrash: () => () => undefined,
    every: () => () => undefined,
  }
  const exitCode = await runCommandLine(argv, io, streams)
  return { exitCode, ...texts }
}
