// The files that `init` makes and changes: what each would be, and writing them, never over what is not as it was read.
import { join } from 'node:path'
import { fail, problem, SlipwayError, type Problem } from '@slipway/core'
import type { Io } from '../io/io.ts'
import type { Change } from './diff.ts'
import { withIgnored, withScripts } from './edits.ts'
import { unreadable } from './repository.ts'

export interface Changes {
  /** The config last: with it in place everything else is done. */
  readonly changes: readonly Change[]
  readonly notes: readonly string[]
}

const limitBytes = 4 * 1024 * 1024

/** Codes: `init/unreadable`. */
export const changesFor = async (
  io: Io,
  root: string,
  config: { readonly file: string; readonly text: string; readonly out: string },
): Promise<Changes> => {
  const notes: string[] = []
  const changes: Change[] = []
  const json = await current(io, root, 'package.json')
  if (json === 'link') notes.push('package.json is a link: dist:dev and dist:release are not added.')
  else if (json !== null) {
    const edited = withScripts(json)
    notes.push(...edited.notes)
    if (edited.text !== json) changes.push({ file: 'package.json', before: json, after: edited.text })
  }
  if (await isInGit(io, root)) {
    const ignored = await current(io, root, '.gitignore')
    const after = ignored === 'link' ? '' : withIgnored(ignored ?? '', ['.slipway', config.out])
    if (ignored === 'link') notes.push(`.gitignore is a link: add .slipway/ and ${config.out}/ to it.`)
    else if (after !== ignored) changes.push({ file: '.gitignore', before: ignored, after })
  }
  return { changes: [...changes, { file: config.file, before: null, after: config.text }], notes }
}

/** Writes all. Codes: `init/changed`, `init/exists`. */
export const writeChanges = async (io: Io, root: string, changes: readonly Change[]): Promise<readonly string[]> => {
  for (const { file, before } of changes) {
    if ((await current(io, root, file)) === before) continue
    if (before === null) throw new SlipwayError([exists(file)])
    fail('init/changed', `${file} was changed by somebody else meanwhile`, { hint: 'Nothing was written. Run it again.', where: { file } })
  }
  for (const { file, before, after } of changes) await writeOne(io, join(root, file), { file, before, after })
  return changes.map(one => one.file)
}

const writeOne = async (io: Io, path: string, { file, before, after }: Change): Promise<void> => {
  const bytes = new TextEncoder().encode(after)
  if (before !== null) return io.files.write(path, bytes, { mode: (await io.files.stat(path))?.mode ?? 0o644 })
  if (!(await io.files.create(path, bytes))) throw new SlipwayError([exists(file)])
}

export const exists = (file: string): Problem =>
  problem('init/exists', `There is a ${file} already`, {
    hint: 'It is left as it is. `slipway init --json` prints what init would write; or take the file away first.',
    where: { file },
  })

/** Its text byte for byte; null: there is none. Code: `init/unreadable`. */
const current = async (io: Io, root: string, file: string): Promise<string | null> => {
  const path = join(root, file)
  const facts = await io.files.stat(path)
  if (facts === null) return null
  if (facts.type === 'link') return 'link'
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await io.files.read(path, limitBytes))
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new SlipwayError([unreadable(file, 'it is no UTF-8 text')])
  }
}

/** A repository, or a folder of one. */
const isInGit = async (io: Io, root: string): Promise<boolean> => {
  for (let folder = root; ; folder = join(folder, '..')) {
    if ((await io.files.stat(join(folder, '.git'))) !== null) return true
    if (join(folder, '..') === folder) return false
  }
}
