// Narrowing flags: `--target` and `--only`, which takes ids of the command's own kind (CONFIG 3, "Flags"); unknown or empty is exit 2.
import { fail, matchesTarget } from '@slipway/core'
import type { Target } from '@slipway/core'
import type { AppSettings } from '../config/project.ts'
import type { AnyPackager } from '../packagers/packager.ts'
import { units } from './kinds.ts'
import type { Stage } from './steps.ts'

export interface Narrow {
  readonly targets: readonly string[]
  readonly only: readonly string[]
}
/** What the flags are judged by: all apps of the command, since one of several may lack what another has. */
export interface NarrowScope {
  readonly apps: readonly AppSettings[]
  readonly until: Stage
  readonly narrow: Narrow
}

const kinds = ['build', 'packages', 'sign', 'checks', 'feeds'] as const
type Kind = (typeof kinds)[number]
/** Of the commands that end at `publish` only `plan` has the flag, and takes ids of any kind. */
const ownKinds: Readonly<Record<Stage, readonly Kind[]>> = {
  build: ['build'],
  package: ['packages'],
  sign: ['sign'],
  gate: ['checks'],
  publish: kinds,
}

/** The targets of an app that stay; `plan/unknown-target` when a pattern names none of any app. */
export const narrowTargets = (settings: AppSettings, { apps, narrow }: NarrowScope): readonly Target[] => {
  const all = [...new Set(apps.flatMap(app => app.targets))]
  for (const pattern of narrow.targets)
    if (!all.some(target => matchesTarget(pattern, target)))
      fail('plan/unknown-target', `--target ${pattern} names no target of this config`, { hint: `Targets are: ${all.join(' ')}` })
  if (narrow.targets.length === 0) return settings.targets
  return settings.targets.filter(target => narrow.targets.some(pattern => matchesTarget(pattern, target)))
}

/**
 * The app with those units alone that `--only` names, in each kind that it names one of; all other kinds stay as they are, the same lists.
 * `plan/unknown-unit` when it names none of the command's own kind.
 */
export const narrowUnits = (settings: AppSettings, { apps, until, narrow }: NarrowScope): AppSettings => {
  const idsOf = (kind: Kind): readonly string[] => apps.flatMap(app => app[kind].map(unit => unit.id))
  const known = [...new Set(ownKinds[until].flatMap(idsOf))]
  for (const id of narrow.only)
    if (!known.includes(id))
      fail('plan/unknown-unit', `--only ${id} names nothing that this command could narrow`, {
        hint: `It may be one of: ${known.join(' ')}`,
      })
  // What a package is made from is made with it.
  const sources = new Set(settings.packages.flatMap(({ id }) => (narrow.only.includes(id) ? sourcesOf(units.packagers(id)) : [])))
  const named = ownKinds[until].filter(kind => idsOf(kind).some(id => narrow.only.includes(id)))
  const stays = (id: string): boolean => narrow.only.includes(id) || sources.has(id)
  return { ...settings, ...Object.fromEntries(named.map(kind => [kind, settings[kind].filter(unit => stays(unit.id))])) }
}

const sourcesOf = ({ from = [], inside }: AnyPackager): readonly string[] => [...from, ...(inside === undefined ? [] : [inside])]

/** `plan/nothing-left` when flags that each name something leave nothing together. `left`: what the plan would make. */
export const assertSomethingLeft = ({ targets, only }: Narrow, left: number): void => {
  if (left > 0 || targets.length + only.length === 0) return
  fail(
    'plan/nothing-left',
    `${[...targets.map(one => `--target ${one}`), ...only.map(one => `--only ${one}`)].join(' ')} leaves nothing to do`,
    {
      hint: 'Narrow less: what the flags name is not made for those targets.',
    },
  )
}
