// What lies beside a Tauri program: resources and sidecars, found and laid out as its own bundler does it (tauri-utils 2.10.2, resources.rs).
import { fail, parseTarget, spell, type Target } from '@slipway/core'
import type { Io } from '../../io/io.ts'
import type { ResourcePattern, TauriConf } from './conf.ts'

/** A file of the app folder before it is there. */
export interface Placed {
  /** Absolute. */
  readonly from: string
  /** In the app folder. */
  readonly path: string
  readonly mode: number
  readonly sizeBytes: number
}
export interface Beside {
  readonly io: Io
  readonly conf: TauriConf
  readonly target: Target
}

/** Rust's names of a target: for Windows the linker of either. */
export const triplesOf = (target: Target): readonly string[] => {
  const triple = spell(target, 'rust')
  return triple.endsWith('-windows-msvc') ? [triple, triple.replace(/-msvc$/, '-gnu')] : [triple]
}

/** `bundle.externalBin`: each beside the program, its name without the target. Code: `tauri/no-sidecar`. */
export const sidecarsOf = async ({ io, conf, target }: Beside): Promise<readonly Placed[]> => {
  const ending = parseTarget(target)?.os === 'windows' ? '.exe' : ''
  const found: Placed[] = []
  for (const sidecar of conf.sidecars) {
    const files = triplesOf(target).map(triple => `${absolute(conf, sidecar)}-${triple}${ending}`)
    const there = await firstFile(io, files)
    if (there === null)
      return fail('tauri/no-sidecar', `there is no ${files[0] ?? ''}, the program that bundle.externalBin names for ${target}`, {
        hint: 'Put it there for each target, its name ended by the Rust target, or take it out of bundle.externalBin.',
        where: { path: 'build.tauri.dir', file: conf.file, target },
      })
    found.push({ ...there, path: `${lastOf(sidecar)}${ending}`, mode: 0o755 })
  }
  return found
}

/**
 * `bundle.resources`, with paths below the folder that Tauri looks for them in. A list keeps the paths, `..` as `_up_`; a map says where
 * they go. Codes: `tauri/no-resource`, `tauri/same-resource`.
 */
export const resourcesOf = async (beside: Beside): Promise<readonly Placed[]> => {
  const byPath = new Map<string, Placed>()
  for (const pattern of beside.conf.resources) {
    const found = await matching(beside, pattern)
    if (found.length === 0) refuseMissing(beside, pattern)
    for (const one of found) {
      const other = byPath.get(one.path)
      if (other !== undefined && other.from !== one.from) refuseTwice(beside, one, other)
      byPath.set(one.path, one)
    }
  }
  return [...byPath.values()]
}

const matching = async (beside: Beside, pattern: ResourcePattern): Promise<readonly Placed[]> => {
  const { io, conf } = beside
  const { from } = pattern
  const to = pattern.to === undefined ? undefined : insidePath(pattern.to)
  if (from.includes('*')) {
    const files = await globbed(io, conf, from)
    return files.map(({ said, ...file }) => ({ ...file, path: to === undefined ? insidePath(said) : joined(to, lastOf(said)) }))
  }
  const place = absolute(conf, from)
  const file = await firstFile(io, [place])
  if (file !== null) return [{ ...file, path: to === undefined ? insidePath(from) : to === '' ? lastOf(from) : to }]
  const files = await walked(io, place, '')
  return files.map(({ said, ...one }) => ({ ...one, path: to === undefined ? insidePath(`${from}/${said}`) : joined(to, said) }))
}

/** Below the folder of resources, whatever the path says. */
const insidePath = (path: string): string =>
  [...(path.startsWith('/') ? ['_root_'] : []), ...path.split('/').filter(step => step !== '' && step !== '.')]
    .map(step => (step === '..' ? '_up_' : step))
    .join('/')

const joined = (folder: string, path: string): string => (folder === '' ? path : `${folder}/${path}`)
const lastOf = (path: string): string => path.replace(/\/+$/, '').replace(/^.*\//, '')
const absolute = ({ folder }: TauriConf, path: string): string => (path.startsWith('/') ? path : `${folder}/${path}`)

type File = Omit<Placed, 'path'>

/** Links are followed, as Tauri does it. */
const firstFile = async (io: Io, paths: readonly string[]): Promise<File | null> => {
  for (const path of paths) {
    const facts = await io.files.stat(path)
    if (facts?.type === 'link') {
      const next = await io.files.readLink(path)
      const file = await firstFile(io, [next.startsWith('/') ? next : `${path.slice(0, path.lastIndexOf('/'))}/${next}`])
      if (file !== null) return file
    }
    if (facts?.type === 'file') return { from: path, mode: (facts.mode & 0o111) === 0 ? 0o644 : 0o755, sizeBytes: facts.sizeBytes }
  }
  return null
}

type Said = File & { readonly said: string }

/** All files below a folder; none where there is no folder. */
const walked = async (io: Io, folder: string, below: string): Promise<readonly Said[]> => {
  const found: Said[] = []
  for (const { name, type } of await io.files.list(`${folder}/${below}`)) {
    const said = joined(below, name)
    if (type === 'folder') found.push(...(await walked(io, folder, said)))
    else found.push(...(await fileAt(io, `${folder}/${said}`, said)))
  }
  return found
}

const fileAt = async (io: Io, path: string, said: string): Promise<readonly Said[]> => {
  const file = await firstFile(io, [path])
  return file === null ? [] : [{ ...file, said }]
}

/** Files whose path is like the pattern: `*` and `?` in a name, `**` for any folders. Hidden ones too. */
const globbed = async (io: Io, conf: TauriConf, pattern: string): Promise<readonly Said[]> => {
  const steps = pattern.replace(/^\/+/, '').split('/')
  const from = pattern.startsWith('/') ? '/' : ''
  const found = new Map<string, Said>()
  const look = async (said: string, [step = '', ...rest]: readonly string[]): Promise<void> => {
    if (step === '' || step === '.') return rest.length === 0 ? undefined : look(said, rest)
    if (step === '**') await look(said, rest)
    const at = (name: string): string => `${said}${said === '' || said.endsWith('/') ? '' : '/'}${name}`
    if (!/[*?[]/.test(step)) return visit(at(step), rest)
    for (const { name, type } of await io.files.list(absolute(conf, said === '' ? '.' : said))) {
      if (step === '**') {
        if (type === 'folder') await look(at(name), [step, ...rest])
      } else if (patternOf(step).test(name)) await visit(at(name), rest)
    }
  }
  const visit = async (said: string, rest: readonly string[]): Promise<void> => {
    if (rest.length > 0) return look(said, rest)
    for (const file of await fileAt(io, absolute(conf, said), said)) found.set(said, file)
  }
  await look(from, steps)
  return [...found.values()]
}

const patternOf = (step: string): RegExp =>
  new RegExp(
    `^${step.replaceAll(/\[!?[^\]]+\]|[\\^$.*+?()[\]{}|]/g, one =>
      one === '*' ? '[^/]*' : one === '?' ? '[^/]' : one.length > 1 ? one.replace('[!', '[^').replaceAll('\\', '\\\\') : `\\${one}`,
    )}$`,
    'u',
  )

const refuseMissing = ({ conf, target }: Beside, { from }: ResourcePattern): never =>
  fail('tauri/no-resource', `bundle.resources names ${JSON.stringify(from)}, and there is no such file`, {
    hint: `Make it before (paths start in ${conf.folder}), or take it out of ${conf.file}.`,
    where: { path: 'build.tauri.dir', file: conf.file, target },
  })

const refuseTwice = ({ conf, target }: Beside, one: Placed, other: Placed): never =>
  fail('tauri/same-resource', `bundle.resources puts both ${other.from} and ${one.from} at ${JSON.stringify(one.path)}`, {
    hint: 'Give each a place of its own: resources: { "from": "to" }.',
    where: { path: 'build.tauri.dir', file: conf.file, target },
  })
