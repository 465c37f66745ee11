// Whether package managers would take a release for newer than what its channel offers now, as SemVer does. Pure (docs/decisions/version-order.md).
import { compareVersions, problem, SlipwayError, type PlanBody, type Problem } from '@slipway/core'
import type { Project } from '../config/project.ts'
import { units } from './kinds.ts'
import type { Observed } from './observe.ts'

/** Code: `plan/version-order`. */
export const orderProblems = (project: Project, plan: PlanBody, observed: Observed): readonly Problem[] =>
  plan.apps.flatMap(({ app: key, version, artifacts }) => {
    const settings = project.apps.find(one => one.app.key === key)
    const current = observed.apps.find(one => one.app === key)?.current ?? null
    if (settings === undefined || current === null || current === version || compareVersions(current, version) === 1) return []
    return settings.packages.flatMap(({ id, options }) => {
      const target = artifacts.find(one => one.kind === id)?.target
      const { compare } = units.packagers(id)
      if (target === undefined || compare === undefined) return []
      const order = orderOf(() =>
        compare({ app: { ...settings.app, version: current }, target }, { app: settings.app, target }, options as never),
      )
      if (order === null || order < 0) return []
      return [
        problem(
          'plan/version-order',
          `${version} ${compareVersions(current, version) === 0 ? 'is another build of' : 'comes after'} ${current}, which the channel offers now, but as ${id} it ${order === 0 ? 'would be the same version' : 'comes before it'}`,
          {
            hint: 'Write prereleases as before, a word and numbers, such as 1.2.0-beta.2; a change in how they are written needs a higher version.',
            where: { ...project.locate('app.version'), path: `packages.${id}`, target },
          },
        ),
      ]
    })
  })

/** Null: one of the two cannot be such a package at all, which is said elsewhere. */
const orderOf = (compare: () => number): number | null => {
  try {
    return compare()
  } catch (error) {
    if (error instanceof SlipwayError) return null
    throw error
  }
}
