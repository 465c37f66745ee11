// Open questions that stand in the tree itself: 'TODO: …' texts, and keys that this version does not carry out yet.
import { problem, type Problem, type Where } from '@slipway/core'
import type { Plain, PlainObject } from './plain.ts'
import type { ConfigPath } from './position.ts'
import { isTodo } from './text.ts'

type At = (path: ConfigPath) => Where

/** Any text may be a TODO: a question, refused in `release` (CONFIG 3, "Secrets"). Code: `config/todo`. */
export const todos = (tree: PlainObject, at: At): readonly Problem[] => {
  const found: Problem[] = []
  const visit = (value: Plain, path: ConfigPath): void => {
    if (isTodo(value))
      found.push(
        // explain: A value of the config begins with TODO: and was never written. A release stops at it, a dev run does not.
        problem('config/todo', `Still open: ${JSON.stringify(value.slice('TODO:'.length).trim().slice(0, 80))}`, {
          hint: 'Write the value; --profile dev goes on without it.',
          where: at(path),
        }),
      )
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value) as [string, Plain][]) visit(item, [...path, Array.isArray(value) ? Number(key) : key])
  }
  visit(tree, [])
  return found
}

const laterKeys = ['sources', 'people', 'hooks', 'workflow']
const laterOfApp = ['crash']

/** Their form is checked, and nothing is ignored in silence. Code: `config/later`. */
export const laterParts = (tree: PlainObject, at: At): readonly Problem[] => {
  const apps = objectOf(tree['apps'])
  const owners: readonly (readonly [ConfigPath, PlainObject])[] = [
    [[], tree],
    ...Object.keys(apps).map(name => [['apps', name], objectOf(apps[name])] as const),
  ]
  const paths: ConfigPath[] = [
    ...laterKeys.filter(key => Object.keys(objectOf(tree[key])).length > 0).map(key => [key]),
    ...owners.flatMap(([base, owner]) => [
      ...laterOfApp.filter(key => isSaid(objectOf(owner['app'])[key], key)).map(key => [...base, 'app', key]),
      ...Object.entries(objectOf(owner['channels'])).flatMap(([name, policy]) =>
        objectOf(policy)['halt'] === undefined ? [] : [[...base, 'channels', name, 'halt']],
      ),
    ]),
    ...(isOne(objectOf(tree['trust'])['thresholds']) ? [] : [['trust', 'thresholds']]),
  ]
  return paths.map(path =>
    problem('config/later', `${path.join('.')} is not carried out by this version.`, {
      hint: 'Take it out, or use a later Slipway.',
      where: at(path),
    }),
  )
}

/** `crash: 'off'` asks for nothing. */
const isSaid = (value: Plain | undefined, key: string): boolean => value !== undefined && !(key === 'crash' && value === 'off')
const isOne = (value: Plain | undefined): boolean =>
  value === undefined || value === 1 || (typeof value === 'object' && Object.values(objectOf(value)).every(one => one === 1))
const objectOf = (value: Plain | undefined): PlainObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as PlainObject) : {}
