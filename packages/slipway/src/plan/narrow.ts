// Narrowing flags: `--target` and `--only` (CONFIG 3, "Flags"); unknown or empty is exit 2.
import { fail, matchesTarget } from '@slipway/core'
import type { Target } from '@slipway/core'

export interface Narrow {
  readonly targets: readonly string[]
  readonly only: readonly string[]
}

/** The targets that stay; `plan/unknown-target` when a pattern names none. */
export const narrowTargets = (all: readonly Target[], patterns: readonly string[]): readonly Target[] => {
  for (const pattern of patterns)
    if (!all.some(target => matchesTarget(pattern, target)))
      fail('plan/unknown-target', `--target ${pattern} names no target of this config`, { hint: `Targets are: ${all.join(' ')}` })
  return patterns.length === 0 ? all : all.filter(target => patterns.some(pattern => matchesTarget(pattern, target)))
}

/** Whether a unit stays; `plan/unknown-unit` when `--only` names none of those that may be named. */
export const narrowUnits = (known: readonly string[], only: readonly string[]): ((id: string) => boolean) => {
  for (const id of only)
    if (!known.includes(id))
      fail('plan/unknown-unit', `--only ${id} names nothing that this config uses`, { hint: `It may be one of: ${known.join(' ')}` })
  return id => only.length === 0 || only.includes(id)
}
