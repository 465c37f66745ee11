// electron: an Electron app folder, as @electron/packager or electron-builder left it, or assembled of Electron's zip and the app's own files.
import { fail, parseTarget, problem, SlipwayError, type Problem } from '@slipway/core'
import type { FuseName } from '@slipway/formats/electron-slots'
import * as z from 'zod'
import type { FileTree, TreeEntry } from '../tree.ts'
import {
  builder,
  fillPlaceholders,
  runAll,
  runOf,
  runOption,
  entriesBelow,
  treeWith,
  valueFor,
  type BuildJob,
  type BuildSubject,
  type Look,
  type Looked,
} from './builder.ts'
import { assembled } from './electron/assemble.ts'
import { changeBinary, verifyApp, type Fuses } from './electron/binary.ts'
import { layoutOf, type Finding, type Layout } from './electron/layout.ts'

const fuse = (text: string) => z.boolean().optional().describe(text)
const fuses = z.strictObject({
  runAsNode: fuse('ELECTRON_RUN_AS_NODE makes it a Node'),
  enableCookieEncryption: fuse('Cookies are kept encrypted; never to be turned off again'),
  enableNodeOptionsEnvironmentVariable: fuse('NODE_OPTIONS is respected'),
  enableNodeCliInspectArguments: fuse('--inspect and its kind are respected'),
  enableEmbeddedAsarIntegrityValidation: fuse('Archives are compared with what the app records of them'),
  onlyLoadAppFromAsar: fuse('No app but app.asar is loaded'),
  loadBrowserProcessSpecificV8Snapshot: fuse('The main process has a V8 snapshot of its own'),
  grantFileProtocolExtraPrivileges: fuse('Pages from file:// may do more than others'),
  wasmTrapHandlers: fuse('WebAssembly checks bounds by traps'),
} satisfies Record<FuseName, z.ZodType>)

const perTarget = z.union([z.string(), z.record(z.string(), z.string())]).optional()
const patterns = z.array(z.string()).readonly().optional()

type PerTarget = string | Readonly<Record<string, string>> | undefined
interface Options {
  readonly run?: string | readonly string[] | Readonly<Record<string, string | readonly string[]>> | undefined
  readonly from?: PerTarget
  readonly bin?: string | undefined
  readonly zip?: PerTarget
  readonly sha256?: PerTarget
  readonly app?: string | undefined
  readonly unpack?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
  readonly fuses?: Fuses | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

/** Codes: `electron/failed`, `electron/missing`, those of `problemsOf`, `layoutOf`, `assembled`, `changeBinary` and `verifyApp`. */
export const electron = builder({
  id: 'electron',
  title: "an Electron app: the folder that its own tools leave, or made of Electron's zip",
  main: 'from',
  options: {
    run: runOption,
    from: perTarget.describe('Folder that @electron/packager or electron-builder --dir leaves, with placeholders; or target -> that'),
    bin: z.string().optional().describe('Path of the program in `from` on Windows and Linux; default: the file named like app.bin'),
    zip: perTarget.describe(
      "Electron's own zip in place of `from`: vendor/electron-v41.0.0-linux-x64.zip, with placeholders; or target -> that",
    ),
    sha256: perTarget.describe('Its digest, as SHASUMS256.txt of the release has it; or target -> that'),
    app: z.string().optional().describe("With `zip`: folder with the app's package.json, built and without what only development needs"),
    unpack: patterns.describe('With `zip`: patterns of files beside app.asar; programs and native libraries always are'),
    exclude: patterns.describe('With `zip`: patterns of files that are left out'),
    fuses: fuses.optional().describe('Fuses to set, by the names of @electron/fuses; others stay'),
  },
  pure: ({ run }) => run === undefined,
  isRuntime: true,
  targets: ({ from, zip }) => {
    const given = from ?? zip
    const keys = given === undefined || typeof given === 'string' ? [] : Object.keys(given)
    return keys.every(key => parseTarget(key) !== undefined) ? keys : []
  },
  check: (subject, options) => problemsOf(subject, options),
  look: async (look, options) => {
    const from = filled(look, options.from)
    // What a command leaves is not there yet, or is that of another day.
    if (from === null || options.run !== undefined) return null
    const place = found(look, options, from)
    return (await look.io.files.stat(place.path))?.type === 'folder' ? looked(look, place) : null
  },
  build: async (job, options) => {
    await run(job, options)
    const from = filled(job, options.from)
    if (from !== null) return taken(job, options, from)
    const [zip, sha256] = [filled(job, options.zip), filled(job, options.sha256)]
    if (zip === null || sha256 === null) return failMissing(job, 'nothing')
    const layout = await assembled(job, { ...options, zip, sha256, fuses: options.fuses ?? {} })
    await verifyApp(job, layout, `${layout.folder}/${layout.binary}`)
    return treeOf(layout, await job.scan(layout.folder))
  },
})

const looked = async (look: Look, place: ReturnType<typeof found>): Promise<Looked> => {
  try {
    const { folder, top } = await layoutOf(look, place)
    const below = await entriesBelow(look.io, folder)
    const entries = top === '' ? below : below.map(one => ({ ...one, path: `${top}/${one.path}` }))
    return { files: entries.filter(one => one.type === 'file'), others: entries.filter(one => one.type !== 'file'), problems: [] }
  } catch (error) {
    if (error instanceof SlipwayError) return { files: [], problems: error.problems }
    throw error
  }
}

const problemsOf = (subject: BuildSubject, options: Options): readonly Problem[] => {
  const { app, target } = subject
  const lacks = (reason: Problem, isLacking: boolean): readonly Problem[] => (isLacking ? [reason] : [])
  if (options.from === undefined && options.zip === undefined)
    return [
      problem('electron/no-from', 'build.electron does not say what to take', {
        hint: 'Set build.electron to the folder that electron-builder --dir or @electron/packager leaves, or set zip, sha256 and app.',
        where: { path: 'build.electron.from' },
      }),
    ]
  const given = options.from === undefined ? 'zip' : 'from'
  const unused = (['zip', 'sha256', 'app', 'unpack', 'exclude'] as const).filter(name => options[name] !== undefined)
  const isZip = given === 'zip'
  return [
    ...lacks(noEntry(given, target), filled(subject, options[given]) === null),
    ...(isZip ? [] : unused).map(name =>
      problem(
        'electron/two-sources',
        `build.electron.${name} is for an app that is made of Electron's zip, and build.electron.from is set`,
        {
          hint: 'Take one of both out.',
          where: { path: `build.electron.${name}` },
        },
      ),
    ),
    ...lacks(
      problem('electron/no-digest', `build.electron.sha256 has no digest for ${target}`, {
        hint: 'Write the line of SHASUMS256.txt for that zip, 64 hexadecimal digits.',
        where: { path: 'build.electron.sha256', target },
      }),
      isZip && !/^[0-9a-f]{64}$/i.test(filled(subject, options.sha256) ?? ''),
    ),
    ...lacks(
      problem('electron/no-app', 'build.electron.zip is set, and build.electron.app does not say where the app itself is', {
        hint: 'Set build.electron.app to the folder that holds its package.json.',
        where: { path: 'build.electron.app' },
      }),
      isZip && options.app === undefined,
    ),
    ...lacks(
      problem('electron/no-id', 'a macOS app has no identifier', {
        hint: "Write app.id, a reverse domain that never changes: 'com.example.app'.",
        where: { path: 'app.id', target },
      }),
      isZip && app.id === '' && parseTarget(target)?.os === 'macos',
    ),
  ]
}

const noEntry = (option: 'from' | 'zip', target: string): Problem =>
  problem('electron/missing', `build.electron.${option} has no entry for ${target}`, {
    hint: 'Add it, or take the target out of targets.',
    where: { path: `build.electron.${option}`, target },
  })

const filled = (subject: BuildSubject, value: PerTarget): string | null => {
  const pattern = value === undefined || typeof value === 'string' ? value : valueFor(value, subject.target)
  return pattern === undefined ? null : fillPlaceholders(pattern, subject)
}

const run = async (job: BuildJob, options: Options): Promise<void> => {
  if (runOf(job, options).length === 0) return
  const failed = await runAll(job, options)
  if (failed === null) return
  const { tool, exitCode, said, log } = failed
  fail('electron/failed', `${tool} for ${job.target} ended with exit code ${exitCode}:\n${said}`, {
    hint: `The whole output is in ${log}.`,
    where: { path: 'build.electron.run', file: log, target: job.target },
    facts: { exitCode, log },
    exit: 'machine',
  })
}

const found = ({ root }: Finding & { readonly root: string }, { bin }: Options, said: string) => ({
  said,
  path: (said.startsWith('/') ? said : `${root}/${said}`).replace(/\/+$/, ''),
  bin,
  option: 'build.electron.from',
})

/** The user's own folder stays as it is: what changes is written elsewhere, and takes its place in the tree. */
const taken = async (job: BuildJob, options: Options, from: string): Promise<FileTree> => {
  const place = found(job, options, from)
  if ((await job.io.files.stat(place.path))?.type !== 'folder') failMissing(job, from)
  const layout = await layoutOf(job, place)
  const changes = `${job.scratch}/changes`
  await job.io.files.remove(changes)
  const to = `${changes}/${layout.binary}`
  const isChanged = await changeBinary(job, layout, { fuses: options.fuses ?? {}, digests: false, to })
  await verifyApp(job, layout, isChanged ? to : `${layout.folder}/${layout.binary}`)
  const entries = await job.scan(layout.folder)
  if (!isChanged) return treeOf(layout, entries)
  const [changed] = (await job.scan(changes)).filter(one => one.path === layout.binary)
  // Seals of the bundle and of the framework are of other bytes.
  const rest = entries.filter(
    one =>
      layout.os !== 'macos' ||
      !/^Contents\/(Frameworks\/Electron Framework\.framework\/(Versions\/[^/]+\/)?)?_CodeSignature(\/|$)/.test(one.path),
  )
  return treeOf(
    layout,
    rest.map(one => (changed !== undefined && one.path === layout.binary ? changed : one)),
  )
}

const treeOf = ({ top, executable }: Layout, entries: readonly TreeEntry[]): FileTree => {
  if (top === '') return treeWith(entries, executable)
  const below = entries.map(one => ({ ...one, path: `${top}/${one.path}` }))
  return treeWith([{ type: 'folder', path: top, mode: 0o755 }, ...below], `${top}/${executable}`)
}

const failMissing = (job: BuildJob, path: string): never =>
  fail('electron/missing', `no folder is at ${JSON.stringify(path)}, which build.electron.from says for ${job.target}`, {
    hint: 'Build the app first, correct the path, or take the target out of targets.',
    where: { path: 'build.electron.from', file: path, target: job.target },
  })
