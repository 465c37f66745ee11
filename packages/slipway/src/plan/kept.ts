// Whether systems would still know a release for the app that they have: facts of its packages that no release may change.
import { problem, type PlanBody, type Problem, type Release } from '@slipway/core'
import type { AppSettings, Project } from '../config/project.ts'
import type { AnyPackager } from '../packagers/packager.ts'
import { units } from './kinds.ts'
import type { Observed } from './observe.ts'

/** The record of a release that an app's index names, by the app's key. */
export type ReadRecord = (app: string, version: string) => Promise<Release | null>

/**
 * Against what the channel offers now; nothing is read where no package of the plan keeps anything. Codes: `plan/changed-identity`,
 * `plan/untrue-identity`.
 */
export const keptProblems = async (
  project: Project,
  { plan, observed }: { readonly plan: PlanBody; readonly observed: Observed },
  read: ReadRecord,
): Promise<readonly Problem[]> => {
  const problems: Problem[] = project.apps.flatMap(settings => untrue(project, settings))
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
  return problems.map(one => ({ ...one, where: { ...project.locate(one.where.path ?? 'app'), ...one.where } }))
}

/** What is declared as new is what packages have now: an entry that is left over, or names another value, would excuse a later change. */
const untrue = (project: Project, { app, targets, packages }: AppSettings): readonly Problem[] => {
  const declared = Object.entries(app.newIdentity ?? {})
  if (declared.length === 0) return []
  const values = packages.flatMap(({ id, options }) =>
    targets.flatMap(target => Object.values(units.packagers(id).keeps?.({ app, target, targets }, options as never) ?? {})),
  )
  const base = project.apps.length === 1 ? 'app' : `apps.${app.key}.app`
  return declared
    .filter(([old, now]) => old === now || !values.includes(now))
    .map(([old, now]) =>
      problem('plan/untrue-identity', `app.newIdentity says that ${JSON.stringify(old)} becomes ${JSON.stringify(now)}, and nothing does`, {
        hint: 'Correct the new value: app.id, an UpgradeCode, an identity or a publisher as the packages have it now. Or take the entry out.',
        where: { path: `${base}.newIdentity` },
      }),
    )
}

interface Asked {
  readonly app: AppSettings['app']
  readonly target: string
  readonly options: never
}

const changed = ({ id, keeps, options: known }: AnyPackager, last: Release | null, { app, target, options }: Asked): readonly Problem[] => {
  const before = last?.artifacts.find(one => one.kind === id && one.target === target)?.facts
  if (before === undefined || keeps === undefined) return []
  return Object.entries(keeps({ app, target }, options)).flatMap(([fact, value]) => {
    const old = before[fact]
    if (typeof old !== 'string' || typeof value !== 'string' || old === value || app.newIdentity?.[old] === value) return []
    const path = Object.hasOwn(known, fact) ? `packages.${id}.${fact}` : 'app.id'
    const declared = `app.newIdentity: { ${JSON.stringify(old)}: ${JSON.stringify(value)} }`
    return [
      problem(
        'plan/changed-identity',
        `${fact} of ${id} was ${old} in ${last?.version ?? ''} and would be ${JSON.stringify(value)}: what users have would stay beside the new version`,
        {
          hint: `Keep the old one: ${path}: ${JSON.stringify(old)}. Where the change is meant, declare it: ${declared}.`,
          where: { path, target },
        },
      ),
    ]
  })
}
