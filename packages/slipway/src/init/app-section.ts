// The key `app`: what the config must say because nothing else does; what is found anyway stands in a comment (CONFIG 1.1).
import { basename } from 'node:path'
import { SlipwayError, type Problem } from '@slipway/core'
import { findApp } from '../config/app.ts'
import { lookAround } from '../config/found.ts'
import type { Choice } from '../config/project.ts'
import { appShape, binPattern } from '../config/schema-app.ts'
import { looksLikeSecret } from '../config/secrets.ts'
import { comment, draft, entry, type Line } from './draft.ts'
import type { AppKey, Finding, Stated } from './finding.ts'
import type { Repository } from './repository.ts'

export interface AppSection {
  readonly line: Line
  /** What `plan` will take without being told. */
  readonly found: readonly Choice[]
  /** As the config and what is found give it; undefined: nobody says it. */
  readonly values: Readonly<Partial<Record<AppKey, string>>>
}

export const appKeys = [
  'name',
  'id',
  'bin',
  'version',
  'summary',
  'license',
  'publisher',
  'homepage',
  'icon',
  'category',
] as const satisfies readonly AppKey[]

const wanted = {
  name: 'the name that people see',
  id: 'a reverse-domain id, as com.example.app',
  publisher: 'Your Name <mail@example.org>',
} as const

/** `needs`: keys that other sections cannot do without. */
export const appSection = async (repository: Repository, finding: Finding, needs: readonly ('id' | 'publisher')[]): Promise<AppSection> => {
  const found = await foundWithout(repository)
  const choices = new Map(found.chosen.map(one => [one.path.replace(/^app\./, ''), one]))
  const bin = binOf(repository, finding, choices.get('bin'))
  const lines = appKeys.flatMap(key => {
    const choice = choices.get(key)
    const one = key === 'bin' ? bin : finding.app[key]
    return (
      appLine(key, one, choice) ??
      (needs.some(need => need === key) && choice === undefined ? [entry(key, `TODO: ${key === 'id' ? wanted.id : wanted.publisher}`)] : [])
    )
  })
  const written = lines.flatMap(line => (line.entry === undefined ? [] : [line.entry[0]]))
  const kept = appKeys.flatMap(key => {
    const choice = choices.get(key)
    return choice === undefined || written.includes(key) ? [] : [choice]
  })
  const values: Readonly<Record<string, string>> = Object.fromEntries<string>([
    ...kept.map(one => [one.path.replace(/^app\./, ''), textOf(one.value)] as const),
    ...lines.flatMap(line => (line.entry === undefined ? [] : [[line.entry[0], textOf(line.entry[1])] as const])),
  ])
  const questions = finding.app.version === undefined ? found.questions : []
  const about = [...kept.map(said), ...questions.flatMap(asked)]
  const comments = about.length === 0 ? [] : [comment(...about)]
  return {
    line: entry('app', draft(...comments, ...told(lines)), 'What the app is. What stands elsewhere is found there and not repeated.'),
    found: kept,
    values,
  }
}

/** The same source for several lines is said once. */
const told = (lines: readonly Line[]): readonly Line[] =>
  lines.map((line, at) =>
    at > 0 && line.comments?.length === 1 && line.comments[0] === lines[at - 1]?.comments?.[0] ? { ...line, comments: [] } : line,
  )

const said = ({ path, value, from }: Choice): string =>
  `Found: ${path.replace(/^app\./, '')} ${JSON.stringify(String(value).slice(0, 200))} (${from})`
const asked = ({ code, message, hint }: Problem): string[] =>
  code === 'version/none' ? ['version: the tag on HEAD, as v1.0.0; there is none yet.'] : [`Open: ${message}. ${hint}`]

/** What `plan` finds when the config says nothing. */
const foundWithout = async ({
  io,
  root,
}: Repository): Promise<{ readonly chosen: readonly Choice[]; readonly questions: readonly Problem[] }> => {
  const around = await lookAround(io, root, { ignore: ['.slipway'] })
  const search = (bin: string | undefined) =>
    findApp(io, around, { key: undefined, said: bin === undefined ? {} : { bin }, from: () => '', where: () => ({}) })
  try {
    const { chosen, questions } = await search(undefined)
    return { chosen: chosen.filter(one => one.value !== '' && one.path !== 'app.channelEnv'), questions }
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.problems.some(one => one.code !== 'config/no-bin')) throw error
    const { chosen, questions } = await search('app')
    return { chosen: chosen.filter(one => one.value !== '' && !['app.channelEnv', 'app.bin', 'app.name'].includes(one.path)), questions }
  }
}

/** Undefined: nothing is to be written. A value that the config cannot hold is a question, never passed on. */
const appLine = (key: AppKey, one: Stated | undefined, choice: Choice | undefined): Line[] | undefined => {
  const found = typeof choice?.value === 'string' ? choice.value : undefined
  const same = key === 'version' ? one !== undefined && choice?.from === one.value : one?.value === found
  if (one !== undefined && !same && isFit(key, one.value)) return [entry(key, one.value, `From ${one.from}.`)]
  if (one !== undefined && !same && found === undefined) return [todoFor(key, one.value, one.from)]
  // Found and unfit: without a word of ours it would go into file names and packages as it is.
  if (found !== undefined && key !== 'version' && !isFit(key, found)) return [todoFor(key, found, choice?.from ?? '')]
  return undefined
}

const todoFor = (key: AppKey, value: string, from: string): Line =>
  looksLikeSecret(value)
    ? entry(key, `TODO: what stands in ${from} looks like a secret and is not repeated here`)
    : entry(key, `TODO: ${from} says ${JSON.stringify(value.slice(0, 80)).replaceAll(/[^\x20-\x7e]/g, '?')}, which cannot stand here`)

const isFit = (key: AppKey, value: string): boolean =>
  value.length <= 1000 &&
  !value.startsWith('TODO:') &&
  !/\p{Cc}/u.test(value) &&
  !looksLikeSecret(value) &&
  appShape[key].safeParse(value).success

/** File names are made of it, so it is never left open: at last the folder's own name. */
const binOf = ({ root }: Repository, finding: Finding, choice: Choice | undefined): Stated => {
  const isPlain = (text: unknown): text is string => typeof text === 'string' && binPattern.test(text) && !looksLikeSecret(text)
  const { bin, name } = finding.app
  if (isPlain(bin?.value)) return bin as Stated
  if (isPlain(choice?.value) && choice?.from !== 'git remote origin') return { value: choice.value, from: choice.from }
  const plainOf = (text: string): string =>
    text
      .replaceAll(/[^A-Za-z0-9._+-]+/g, '-')
      .replaceAll(/^[^A-Za-z0-9]+|-+$/g, '')
      .slice(0, 60)
  const folder = { value: basename(root), from: 'the name of this folder' }
  const found = [bin, name, folder].flatMap(one => (one === undefined ? [] : { value: plainOf(one.value), from: one.from }))
  return found.find(one => isPlain(one.value)) ?? { value: 'app', from: folder.from }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
