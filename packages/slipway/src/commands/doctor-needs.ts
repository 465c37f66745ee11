// Which tools a config asks for: those that its units declare, those that its own commands start, npm for npm packages, Python's pip for wheels.
import { fail, matchesTarget, parseTarget } from '@slipway/core'
import type { KindKey } from '../config/kinds.ts'
import { nearest } from '../config/nearest.ts'
import type { Plain, PlainObject } from '../config/plain.ts'

export interface Need {
  readonly tool: string
  readonly for: readonly string[]
  readonly needed: boolean
}
export interface Narrowing {
  readonly targets: readonly string[]
  readonly only: readonly string[]
}

const kindKeys: readonly KindKey[] = ['build', 'packages', 'sign', 'checks', 'feeds', 'store']

/** Code: `doctor/unknown-unit`. */
export const neededTools = async (config: PlainObject, { targets, only }: Narrowing): Promise<readonly Need[]> => {
  const { unitsOf } = await import('../config/kinds.ts')
  const all = kindKeys.flatMap(key =>
    unitsOf[key].map(unit => ({
      key,
      id: unit.id,
      tools: unit.tools ?? [],
      lends: 'lends' in unit ? (unit.lends ?? []) : [],
      os: 'os' in unit ? unit.os : undefined,
    })),
  )
  checkOnly(
    only,
    all.map(unit => unit.id),
  )
  const trees = [config, ...Object.values(objectOf(config['apps'])).map(objectOf)]
  const needs = trees.flatMap(tree =>
    all
      .filter(unit => (only.length === 0 || only.includes(unit.id)) && isForTargets(unit.os, targets))
      .flatMap(unit => {
        const setting = settingOf(tree[unit.key], unit.id)
        return setting === undefined ? [] : unitNeeds(unit, setting, targets)
      }),
  )
  return needs
}

const checkOnly = (only: readonly string[], known: readonly string[]): void => {
  for (const id of only) {
    if (known.includes(id)) continue
    const near = nearest(id, known)
    fail('doctor/unknown-unit', `"${id}" is no unit.`, {
      hint: near === undefined ? `Units are ${[...new Set(known)].join(', ')}.` : `Did you mean ${near}?`,
    })
  }
}

const isForTargets = (os: readonly string[] | undefined, targets: readonly string[]): boolean =>
  targets.length === 0 || os === undefined || targets.some(target => os.includes(parseTarget(target)?.os ?? ''))

const unitNeeds = (
  unit: { readonly key: KindKey; readonly id: string; readonly tools: readonly string[]; readonly lends: readonly string[] },
  setting: Plain,
  targets: readonly string[],
): Need[] => {
  const path = `${unit.key}.${unit.id}`
  const need = (tool: string): Need => ({ tool, for: [path], needed: true })
  const fetches = (scheme: string): boolean => textsOf(setting).some(text => text.startsWith(scheme))
  const commands = typeof setting === 'string' && unit.id === 'command' ? [setting] : commandsOf(objectOf(setting)['run'], targets)
  return [
    ...unit.tools.map(need),
    ...unit.lends.map(tool => ({ ...need(tool), needed: false })),
    ...(fetches('npm:') ? [need('npm')] : []),
    ...(fetches('pypi:') ? [need('python3')] : []),
    ...commands.flatMap(firstWord).map(need),
  ]
}

/** `true`, a bare value or an object where the unit is on; `['deb']` is short for `{ deb: true }`. */
const settingOf = (kind: Plain | undefined, id: string): Plain | undefined => {
  if (Array.isArray(kind)) return (kind as readonly Plain[]).includes(id) ? true : undefined
  const setting = objectOf(kind)[id]
  return setting === false ? undefined : setting
}

const objectOf = (value: Plain | undefined): PlainObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as PlainObject) : {}

const textsOf = (value: Plain): string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap((inner: Plain) => textsOf(inner)) : []
}

/** A command, several, or either by target pattern. */
const commandsOf = (run: Plain | undefined, targets: readonly string[]): string[] => {
  if (run === undefined) return []
  if (typeof run !== 'object' || run === null || Array.isArray(run)) return textsOf(run)
  return Object.entries(run).flatMap(([pattern, inner]) =>
    targets.length === 0 || targets.some(target => matchesTarget(pattern, target)) ? textsOf(inner as Plain) : [],
  )
}

/** The program of a command; a path into the project is no tool of the machine. */
const firstWord = (command: string): string[] => {
  const [word = ''] = command.trim().split(/\s+/)
  return /^[A-Za-z0-9][\w.+-]*$/.test(word) ? [word] : []
}
