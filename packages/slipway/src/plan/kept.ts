// Whether systems would still know a release for the app that they have: facts of its packages that no release may change.
import { problem, type PlanBody, type Problem, type Release } from '@slipway/core'
import type { Project } from '../config/project.ts'
import type { AnyPackager } from '../packagers/packager.ts'
import { units } from './kinds.ts'
import type { Observed } from './observe.ts'

/** The record of a release that an app's index names, by the app's key. */
export type ReadRecord = (app: string, version: string) => Promise<Release | null>

/** Against what the channel offers now; nothing is read where no package of the plan keeps anything. Code: `plan/changed-identity`. */
export const keptProblems = async (
  project: Project,
  { plan, observed }: { readonly plan: PlanBody; readonly observed: Observed },
  read: ReadRecord,
): Promise<readonly Problem[]> => {
  const problems: Problem[] = []
  for (const { app: key, artifacts } of plan.apps) {
    const settings = project.apps.find(one => one.app.key === key)
    const current = observed.apps.find(one => one.app === key)?.current ?? null
    const kept = settings?.packages.filter(({ id }) => units.packagers(id).keeps !== undefined) ?? []
    if (settings === undefined || current === null || !artifacts.some(({ kind }) => kept.some(one => one.id === kind))) continue
    const last = await read(key, current)
    for (const { id, options } of kept)
      for (const { kind, target } of artifacts)
        if (kind === id) problems.push(...changed(units.packagers(id), last, { app: settings.app, target, options: options as never }))
  }
  return problems
}

interface Asked {
  readonly app: Project['apps'][number]['app']
  readonly target: string
  readonly options: never
}

const changed = ({ id, keeps }: AnyPackager, last: Release | null, { app, target, options }: Asked): readonly Problem[] => {
  const before = last?.artifacts.find(one => one.kind === id && one.target === target)?.facts
  if (before === undefined || keeps === undefined) return []
  return Object.entries(keeps({ app, target }, options)).flatMap(([fact, value]) => {
    const old = before[fact]
    if (typeof old !== 'string' || old === value) return []
    const path = `packages.${id}.${fact}`
    return [
      problem(
        'plan/changed-identity',
        `${fact} of ${id} was ${old} in ${last?.version ?? ''} and would be ${JSON.stringify(value)}: what users have would stay beside the new version`,
        {
          hint: `Keep the old one: ${path}: ${JSON.stringify(old)}; it follows from app.id unless it is written.`,
          where: { path, target },
        },
      ),
    ]
  })
}
