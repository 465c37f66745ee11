// tauri: a Tauri 2 app: the program that cargo left, with the sidecars and resources of tauri.conf.json, told in each package how it is installed.
import { fail, failAll, parseTarget, problem, SlipwayError, type Problem, type Target } from '@slipway/core'
import * as z from 'zod'
import {
  addRecord,
  builder,
  fillPlaceholders,
  findExecutable,
  foreignProgram,
  metadataOf,
  recordOf,
  rustEnvironment,
  sizesBelow,
  runAll,
  runOf,
  runOption,
  treeWith,
  valueFor,
  type BuildJob,
  type BuildSubject,
  type Look,
} from './builder.ts'
import { bundleTypeOf, placeOfBundleType, withBundleType } from './tauri/bundle-type.ts'
import { disagreements, readTauriConf, type TauriConf } from './tauri/conf.ts'
import { resourcesOf, sidecarsOf, triplesOf, type Placed } from './tauri/resources.ts'

interface Options {
  readonly dir?: string | undefined
  readonly run?: z.output<typeof runOption>
  readonly from?: string | Readonly<Record<string, string>> | undefined
  readonly bundleType?: boolean | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

/**
 * Codes: `tauri/no-run`, `tauri/no-from`, `tauri/failed`, `tauri/missing`, `tauri/two-programs`, `tauri/no-executable`,
 * `tauri/wrong-binary`, and those of tauri/.
 */
export const tauri = builder({
  id: 'tauri',
  title: 'a Tauri 2 app: its program with sidecars and resources, which knows in each package how it was installed',
  main: 'dir',
  options: {
    dir: z.string().optional().describe('Folder that holds src-tauri, below the project, where commands start; default: the project'),
    run: runOption.describe(
      'Command lines that build it, or target pattern -> lines, never given to a shell; default: it was built before',
    ),
    from: z
      .union([z.string(), z.record(z.string(), z.string())])
      .optional()
      .describe('The program, or a bundle or folder that is whole, with placeholders; or target -> that; default: in target/ of Cargo'),
    bundleType: z
      .boolean()
      .optional()
      .describe('Whether its updater knows the kind of package that it came from; false: also for tauri-utils before 2.8.2; default true'),
  },
  pure: ({ run }) => run === undefined,
  targets: ({ from }) => {
    const keys = from === undefined || typeof from === 'string' ? [] : Object.keys(from)
    return keys.every(key => parseTarget(key) !== undefined) ? keys : []
  },
  check: (subject, options) => [
    ...(options.run === undefined || runOf(subject, options).length > 0 ? [] : [noRun(subject.target)]),
    ...(options.from === undefined || saidFrom(subject, options) !== undefined ? [] : [noFrom(subject.target)]),
  ],
  look: async (look, options) => {
    const { made: conf, problems } = await tried(() => readTauriConf(look, options.dir ?? ''))
    if (conf === undefined) return { files: [], problems }
    // What is not there yet may be by the time of the build, which says so then.
    const { made: files = [] } = options.run === undefined ? await tried(() => filesOf(look, { conf, options })) : {}
    return { files, problems: disagreements(conf, look) }
  },
  build: async (job, options) => {
    const conf = await readTauriConf(job, options.dir ?? '')
    failAll(disagreements(conf, job))
    if (conf.product !== job.app.name)
      job.note(`${conf.file} names the app ${JSON.stringify(conf.product)}; packages show app.name, ${JSON.stringify(job.app.name)}`)
    if (options.run !== undefined) await runBuild(job, options)
    const { folder, program } = await folderOf(job, { conf, options })
    const entries = await job.scan(folder)
    const executable = findExecutable(entries, { ...job.app, bin: conf.program || job.app.bin }, { target: job.target, path: program })
    if (executable === null) return failNoExecutable(job, folder)
    const foreign = await foreignProgram(job.io, `${folder}/${executable}`, job.target)
    if (foreign !== null) refuseForeign(job, executable, foreign)
    // On macOS its updater knows without being told.
    if (parseTarget(job.target)?.os !== 'macos' && options.bundleType !== false)
      placeOfBundleType(await job.io.files.read(`${folder}/${executable}`), { target: job.target, file: executable })
    return treeWith(entries, executable)
  },
  mark: (packager, { bundleType }) => {
    const type = bundleType === false ? null : bundleTypeOf(packager)
    return type === null ? null : program => withBundleType(program, type)
  },
})

const tried = async <Made>(make: () => Promise<Made>): Promise<{ readonly made?: Made; readonly problems: readonly Problem[] }> => {
  try {
    return { made: await make(), problems: [] }
  } catch (error) {
    if (error instanceof SlipwayError) return { problems: error.problems }
    throw error
  }
}

const runBuild = async (job: BuildJob, options: Options): Promise<void> => {
  const failed = await runAll(job, { ...options, env: { ...rustEnvironment(job.io), ...options.env }, cwd: options.cwd ?? options.dir })
  if (failed === null) return
  const { tool, exitCode, said, log } = failed
  fail('tauri/failed', `${tool}, which builds the Tauri app for ${job.target}, ended with exit code ${exitCode}:\n${said}`, {
    hint: `The whole output is in ${log}. What cargo and Tauri need besides PATH and their homes stands in build.tauri.env.`,
    where: { path: 'build.tauri.run', file: log, target: job.target },
    facts: { exitCode, log },
    exit: 'machine',
  })
}

interface Source {
  readonly conf: TauriConf
  readonly options: Options
}

/** Before anything is built: what will lie in the app folder. */
const filesOf = async (look: Look, source: Source) => {
  const from = await programOf(look, source)
  if (from.isFolder) return sizesBelow(look.io, from.path)
  return laidOut(look, { ...source, program: from.path })
}

/** A folder that is whole already, or one in scratch with the program, sidecars and resources; `program`: its path in there, where it is known. */
const folderOf = async (job: BuildJob, source: Source): Promise<{ readonly folder: string; readonly program?: string }> => {
  const from = await programOf(job, source)
  if (from.isFolder) return { folder: from.path }
  const folder = `${job.scratch}/tree`
  await job.io.files.remove(folder)
  const [program, ...others] = await laidOut(job, { ...source, program: from.path })
  const to = `${folder}/${program.path}`
  // Of a program that was built before nothing certain is known.
  if (source.options.run === undefined) await job.io.files.copy(program.from, to, { mode: 0o755, durable: false })
  else await addRecord(job.io, { from: program.from, to }, recordOf('tauri', metadataOf(job)))
  for (const { from: file, path, mode } of others) await job.io.files.copy(file, `${folder}/${path}`, { mode, durable: false })
  for (const { path } of others.slice(0, source.conf.sidecars.length)) {
    const foreign = await foreignProgram(job.io, `${folder}/${path}`, job.target)
    if (foreign !== null) refuseForeign(job, path, foreign)
  }
  return { folder, program: program.path }
}

/** The program first. Resources lie where `resource_dir` of Tauri looks for them: beside the program, on Linux in ../lib/<product>. */
const laidOut = async (look: Look, { conf, program }: Source & { readonly program: string }): Promise<readonly [Placed, ...Placed[]]> => {
  const { io, target, app } = look
  const os = parseTarget(target)?.os
  const [sidecars, resources] = [await sidecarsOf({ io, conf, target }), await resourcesOf({ io, conf, target })]
  const inBin = os === 'linux' && resources.length > 0 ? 'bin/' : ''
  const home = inBin === '' ? '' : `lib/${conf.product}/`
  const placed = { mode: 0o755, sizeBytes: (await io.files.stat(program))?.sizeBytes ?? 0 }
  // What a program that was linked by GNU's tools loads.
  const loader = `${program.slice(0, program.lastIndexOf('/'))}/WebView2Loader.dll`
  const loaderBytes = os === 'windows' ? (await io.files.stat(loader))?.sizeBytes : undefined
  return [
    { ...placed, from: program, path: `${inBin}${app.bin}${os === 'windows' ? '.exe' : ''}` },
    ...sidecars.map(one => ({ ...one, path: `${inBin}${one.path}` })),
    ...resources.map(one => ({ ...one, path: `${home}${one.path}` })),
    ...(loaderBytes === undefined ? [] : [{ from: loader, path: 'WebView2Loader.dll', mode: 0o644, sizeBytes: loaderBytes }]),
  ]
}

/** What the config names, or the one program in a folder `target` from src-tauri up to the project. */
const programOf = async (look: Look, { conf, options }: Source): Promise<{ readonly path: string; readonly isFolder: boolean }> => {
  const said = saidFrom(look, options)
  const paths = said === undefined ? cargoPaths(look, conf) : [said.startsWith('/') ? said : `${look.root}/${said}`]
  const found: { readonly path: string; readonly isFolder: boolean }[] = []
  for (const path of paths) {
    const type = (await look.io.files.stat(path))?.type
    if (type === 'file' || type === 'folder') found.push({ path, isFolder: type === 'folder' })
  }
  const [first, second] = found
  if (second !== undefined && first !== undefined)
    return fail('tauri/two-programs', `both ${first.path} and ${second.path} may be the program for ${look.target}`, {
      hint: "Remove the one that is old, or say which: build.tauri.from: 'src-tauri/target/{rust}/release/{bin}{exe}'.",
      where: { path: 'build.tauri.from', target: look.target },
    })
  return (
    first ??
    fail('tauri/missing', `there is no program for ${look.target} at ${paths[0] ?? ''}`, {
      hint: 'Build it first (`tauri build --no-bundle --target …`), say how in build.tauri.run, or where it is in build.tauri.from.',
      where: { path: 'build.tauri.from', file: paths[0] ?? '', target: look.target },
    })
  )
}

const cargoPaths = ({ io, root, target, app }: Look, { folder, program }: TauriConf): readonly string[] => {
  const parts = parseTarget(target)
  const isHost = parts !== undefined && parts.os === io.host.os && parts.arch === io.host.arch && parts.libc === undefined
  const name = `${program || app.bin}${parts?.os === 'windows' ? '.exe' : ''}`
  const places = [...triplesOf(target).map(triple => `target/${triple}/release`), ...(isHost ? ['target/release'] : [])]
  const folders: string[] = []
  for (let at = folder; at.length >= root.length; at = at.slice(0, at.lastIndexOf('/'))) folders.push(at)
  return folders.flatMap(at => places.map(place => `${at}/${place}/${name}`))
}

const saidFrom = (subject: BuildSubject, { from }: Options): string | undefined => {
  const pattern = from === undefined || typeof from === 'string' ? from : valueFor(from, subject.target)
  return pattern === undefined ? undefined : fillPlaceholders(pattern, subject).replace(/\/+$/, '')
}

const refuseForeign = ({ target }: BuildSubject, path: string, foreign: string): never =>
  fail('tauri/wrong-binary', `${path} is ${foreign}, not one for ${target}`, {
    hint: 'Build it for this target (`--target`), and name sidecars by the target that they are for.',
    where: { path: 'build.tauri.from', file: path, target },
  })

const failNoExecutable = ({ target, app }: BuildSubject, folder: string): never =>
  fail('tauri/no-executable', `${folder} holds no program ${JSON.stringify(app.bin)}, which build.tauri.from says for ${target}`, {
    hint: 'Name the program itself, or a bundle that Tauri made.',
    where: { path: 'build.tauri.from', target },
  })

const noRun = (target: Target): Problem =>
  problem('tauri/no-run', `build.tauri has no command for ${target}`, {
    hint: "Set build.tauri.run to 'npm run tauri build -- --no-bundle --target {rust}', or add this target to it.",
    where: { path: 'build.tauri.run', target },
  })

const noFrom = (target: Target): Problem =>
  problem('tauri/no-from', `build.tauri.from has no entry for ${target}`, {
    hint: 'Add it, or leave from out: then the program is looked for in target/ of Cargo.',
    where: { path: 'build.tauri.from', target },
  })
