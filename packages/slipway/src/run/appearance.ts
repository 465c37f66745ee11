// What the app's program shows on Windows: icon, version and manifest, put into it behind the builder, so that every package holds the same bytes.
import { fail, parseTarget, sha256, SlipwayError } from '@slipway/core'
import type { Hex, Json, WindowsLook } from '@slipway/core'
import { collect, fromBytes } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { identify } from '@slipway/formats/identify'
import { peShows, withPeAppearance, type PeAppearance } from '@slipway/formats/pe-appearance'
import { dataBehindBytes } from '@slipway/formats/pe-layout'
import { readPe } from '@slipway/formats/pe'
import { readPeVersion } from '@slipway/formats/pe-version'
import type { BuildJob } from '../builders/builder.ts'
import { icoOf } from '../packagers/windows/icon.ts'
import { programVersion } from '../packagers/windows/version.ts'
import type { FileTree, TreeFile } from '../tree.ts'
import { readAssets } from './assets.ts'
import { keyOf } from './cache.ts'
import { keptFile, once } from './kept-file.ts'
import type { Work } from './work.ts'

const limitBytes = 1 << 30

interface Wanted {
  readonly look: WindowsLook
  readonly resources: 'keep' | 'add' | 'replace'
  /** The config asks for it: what cannot be done is refused, not told. */
  readonly isAsked: boolean
  readonly icon: Uint8Array | undefined
  readonly notes: readonly string[]
}
interface Changed {
  readonly sha256: Hex
  readonly sizeBytes: number
  readonly notes: readonly string[]
}

/**
 * The tree with a program that shows what the config says of the app. One that is signed, or carries data behind its image, stays as it
 * is, and that is told; where `app.windows` asks for a change it is refused. Codes: `windows/signed-program`, `windows/data-behind`,
 * `windows/unchangeable`, and those of icons.
 */
export const withAppearance = async (
  work: Work,
  job: BuildJob,
  { tree, isRuntime }: { readonly tree: FileTree; readonly isRuntime: boolean },
): Promise<FileTree> => {
  const path = tree.program ?? tree.executable
  const program = tree.entries.find((one): one is TreeFile => one.type === 'file' && one.path === path)
  if (parseTarget(job.target)?.os !== 'windows' || program === undefined || program.sizeBytes > limitBytes) return tree
  const wanted = await wantedOf(work, job, { tree, isRuntime })
  if (wanted.resources === 'keep' && wanted.look.settings.length === 0) return tree
  const { notes, ...made } = await remembered(work, { job, program, wanted })
  for (const note of notes) job.note(note)
  if (made.sha256 === program.sha256) return tree
  const changed = keptFile(work, { path, mode: program.mode, ...made })
  return { ...tree, entries: tree.entries.map(one => (one === program ? changed : one)) }
}

const plainLook: WindowsLook = { icon: '', settings: [], movesData: false }

const wantedOf = async (
  { io, project, settings }: Work,
  job: BuildJob,
  { tree, isRuntime }: { readonly tree: FileTree; readonly isRuntime: boolean },
): Promise<Wanted> => {
  const { app } = settings
  const look = app.windows ?? plainLook
  const resources = look.resources ?? (isRuntime ? 'replace' : 'add')
  const isAsked = app.windows !== undefined
  const place = look.icon === '' ? { path: app.icon, from: 'app.icon' } : { path: look.icon, from: 'app.windows.icon' }
  const none = { look, resources, isAsked, icon: undefined }
  if (place.path === '' || resources === 'keep') return { ...none, notes: [] }
  try {
    const assets = await readAssets(io, project, [{ ...place, optional: true }])
    return { ...none, icon: await icoOf({ app, target: job.target, date: 0, tree, assets }, { ...place, unit: 'windows' }), notes: [] }
  } catch (error) {
    if (!(error instanceof SlipwayError) || isAsked) throw error
    return { ...none, notes: [`the program gets no icon: ${error.problems[0]?.message ?? ''}`] }
  }
}

interface Change {
  readonly job: BuildJob
  readonly program: TreeFile
  readonly wanted: Wanted
}

/** A large program is read whole, so what became of it is kept. */
const remembered = async (work: Work, change: Change): Promise<Changed> => {
  const { job, program, wanted } = change
  const { look, resources, isAsked, icon, notes } = wanted
  const key = keyOf({
    kind: 'appearance',
    code: work.code,
    from: program.sha256,
    path: program.path,
    app: job.app as unknown as Json,
    ...{ look: look as unknown as Json, resources, isAsked, notes },
    icon: icon === undefined ? null : sha256(icon),
  })
  const known = (await work.cache.read(key)) as unknown as Changed | null
  if (known !== null && (known.sha256 === program.sha256 || (await work.cache.has(known.sha256, known.sizeBytes)))) return known
  const made = await changedProgram(work, change)
  await work.cache.write(key, made as unknown as Json)
  return made
}

const changedProgram = async (work: Work, { job, program, wanted }: Change): Promise<Changed> => {
  const asIs = { sha256: program.sha256, sizeBytes: program.sizeBytes }
  const bytes = await collect(program.bytes(), limitBytes)
  // A script has no resources.
  if ((await identify(fromBytes(bytes))) !== 'pe') return { ...asIs, notes: [] }
  const name = program.path.slice(program.path.lastIndexOf('/') + 1)
  const notes = wanted.notes.map(note => `${name}: ${note}`)
  try {
    const { appearance, told } = await appearanceFor(bytes, { job, name, wanted })
    notes.push(...told)
    const { lacks } = peShows(bytes, appearance)
    if (lacks.length === 0) return { ...asIs, notes }
    const parts = lacks.join(' and ')
    const hindrance = await hindranceOf(bytes, wanted.look)
    if (hindrance !== null) {
      if (wanted.isAsked) refuse(hindrance, { job, name })
      return { ...asIs, notes: [...notes, `${name} stays without the app's ${parts}: ${hindrance.why}`] }
    }
    const made = await work.cache.keep(once(withPeAppearance(bytes, appearance)))
    return { ...made, notes: [...notes, `${name} shows the app's ${parts}`] }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const why = `its headers or resources allow no change: ${error.message}`
    if (wanted.isAsked) refuse({ kind: 'unchangeable', why }, { job, name })
    return { ...asIs, notes: [...notes, `${name} stays as it is: ${why}`] }
  }
}

interface Named {
  readonly job: BuildJob
  readonly name: string
}

/** What is put into it: of icon and version only what it lacks, unless they are replaced. */
const appearanceFor = async (
  bytes: Uint8Array,
  { job, name, wanted }: Named & { readonly wanted: Wanted },
): Promise<{ readonly appearance: PeAppearance; readonly told: readonly string[] }> => {
  const { resources, icon, look } = wanted
  const { settings } = look
  if (resources === 'keep') return { appearance: { settings }, told: [] }
  const { hasIcon, hasVersion } = peShows(bytes)
  const version = programVersion(job.app, name)
  const takes = { icon: resources === 'replace' || !hasIcon, version: resources === 'replace' || !hasVersion }
  if (takes.version && version === undefined && wanted.isAsked)
    fail('windows/bad-version', `Windows cannot hold the version ${job.app.version}: its numbers end at 65535`, {
      hint: 'Give the release a version with smaller numbers, or set app.windows.resources to "keep".',
      where: { path: 'app.version', target: job.target },
    })
  const old = takes.version ? undefined : (await readPeVersion(fromBytes(bytes)))?.fileVersion
  const isOther = old !== undefined && version !== undefined && old !== version.numbers.join('.')
  return {
    appearance: {
      ...(takes.icon && icon !== undefined ? { icon } : {}),
      ...(takes.version && version !== undefined ? { version } : {}),
      settings,
    },
    told: isOther ? [`${name} says that it is version ${old}; app.windows.resources: "replace" makes it ${job.app.version}`] : [],
  }
}

interface Hindrance {
  readonly kind: 'signed' | 'data' | 'unchangeable'
  readonly why: string
}

const hindranceOf = async (bytes: Uint8Array, { movesData }: WindowsLook): Promise<Hindrance | null> => {
  if ((await readPe(fromBytes(bytes))).certificates !== undefined) return { kind: 'signed', why: 'a change would break its signature' }
  const behind = dataBehindBytes(bytes)
  if (behind === 0 || movesData) return null
  return { kind: 'data', why: `${behind} bytes behind its image would move, and it may look for them where they are` }
}

const refuse = ({ kind, why }: Hindrance, { job, name }: Named): never => {
  const where = { path: 'app.windows', target: job.target, file: name }
  if (kind === 'signed')
    return fail('windows/signed-program', `${name} is signed: ${why}`, {
      hint: 'Take the program as it is before it is signed, or set app.windows.resources to "keep" and leave its manifest out.',
      where,
    })
  if (kind === 'data')
    return fail('windows/data-behind', `${name} cannot be changed safely: ${why}`, {
      hint: 'Set app.windows.movesData to true if it finds them from the end of its file, or app.windows.resources to "keep".',
      where,
    })
  return fail('windows/unchangeable', `${name} cannot be changed: ${why}`, {
    hint: 'Give it icon and version where it is compiled, and set app.windows.resources to "keep".',
    where,
  })
}
