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
    const changes = kept.flatMap(({ id, options }) =>
      artifacts
        .filter(({ kind }) => kind === id)
        .flatMap(({ target }) => changed(units.packagers(id), last, { app: settings.app, target, options: options as never })),
    )
    problems.push(...ofOneCause(changes, last, settings.app.id))
  }
  return problems.map(one => ({ ...one, where: { ...project.locate(one.where.path ?? 'app'), ...one.where } }))
}

/** What is declared as new is what packages have now: an entry that is left over, or names another value, would excuse a later change. */
const untrue = (project: Project, { app, targets, packages }: AppSettings): readonly Problem[] => {
  const declared = Object.entries(app.newIdentity ?? {})
  if (declared.length === 0) return []
  const values = packages.flatMap(({ id, options }) =>
    targets.flatMap(target =>
      Object.entries(units.packagers(id).keeps?.({ app, target, targets }, options as never) ?? {}).map(([fact, value]) =>
        typeof value === 'string' ? declaredAs({ id, fact, value }) : value,
      ),
    ),
  )
  const base = project.apps.length === 1 ? 'app' : `apps.${app.key}.app`
  return declared
    .filter(([old, now]) => old === now || ![app.id, ...values].includes(now))
    .map(([old, now]) =>
      problem('plan/untrue-identity', `app.newIdentity says that ${JSON.stringify(old)} becomes ${JSON.stringify(now)}, and nothing does`, {
        hint: 'Correct the new value: app.id, an UpgradeCode, an identity, a publisher or a mode as the packages have it now. Or take the entry out.',
        where: { path: `${base}.newIdentity` },
      }),
    )
}

/** A mode is a word that several formats have, so it is declared with its format; all else is the app's own. */
const declaredAs = ({ id, fact, value }: { readonly id: string; readonly fact: string; readonly value: string }): string =>
  fact === 'mode' ? `${id} for ${value}` : value

interface Asked {
  readonly app: AppSettings['app']
  readonly target: string
  readonly options: never
}

interface Change {
  readonly fact: string
  readonly old: string
  readonly problem: Problem
  /** What the fact is with another app.id; absent: it is not made of that. */
  readonly madeOf?: (appId: string) => unknown
}

/** Where one app.id of before explains several changes, they are one problem. */
const ofOneCause = (changes: readonly Change[], last: Release | null, now: string): readonly Problem[] => {
  const derived = changes.filter(one => one.madeOf !== undefined)
  const known = last?.artifacts.flatMap(({ facts }) => Object.values(facts)).filter(one => typeof one === 'string') ?? []
  const before = known.find(id => id !== '' && derived.every(one => one.madeOf?.(id) === one.old))
  const [first] = derived
  if (first === undefined || derived.length < 2 || before === undefined) return changes.map(one => one.problem)
  const facts = [...new Set(derived.map(one => one.fact))].join(', ')
  return [
    problem(
      'plan/changed-identity',
      `app.id was ${before} in ${last?.version ?? ''} and would be ${JSON.stringify(now)}, and with it ${facts}: what users have would stay beside the new version`,
      {
        hint: `Keep the old one: app.id: ${JSON.stringify(before)}. Where the change is meant, declare it: app.newIdentity: { ${JSON.stringify(before)}: ${JSON.stringify(now)} }.`,
        where: { path: 'app.id' },
      },
    ),
    ...changes.filter(one => one.madeOf === undefined).map(one => one.problem),
  ]
}

const changed = ({ id, keeps, options: known }: AnyPackager, last: Release | null, { app, target, options }: Asked): readonly Change[] => {
  const before = last?.artifacts.find(one => one.kind === id && one.target === target)?.facts
  if (before === undefined || keeps === undefined) return []
  return Object.entries(keeps({ app, target }, options)).flatMap(([fact, value]) => {
    const old = before[fact]
    if (typeof old !== 'string' || typeof value !== 'string' || old === value) return []
    const [from, to] = [declaredAs({ id, fact, value: old }), declaredAs({ id, fact, value })]
    if (app.newIdentity?.[from] === to) return []
    const madeOf = (appId: string): unknown => keeps({ app: { ...app, id: appId }, target }, options)[fact]
    // An app.id that is declared stands for all that is made of it.
    if (Object.entries(app.newIdentity ?? {}).some(([earlier, now]) => now === app.id && madeOf(earlier) === old)) return []
    const path = Object.hasOwn(known, fact) ? `packages.${id}.${fact}` : 'app.id'
    const isDerived = madeOf('') !== value
    const whole = !isDerived ? '' : ' The old app.id with the new one covers all that is made of it.'
    const declared = `app.newIdentity: { ${JSON.stringify(from)}: ${JSON.stringify(to)} }`
    return [
      {
        fact: `${fact} of ${id}`,
        old,
        ...(isDerived && { madeOf }),
        problem: problem(
          'plan/changed-identity',
          `${fact} of ${id} was ${old} in ${last?.version ?? ''} and would be ${JSON.stringify(value)}: what users have would stay beside the new version`,
          {
            hint: `Keep the old one: ${path}: ${JSON.stringify(old)}. Where the change is meant, declare it: ${declared}.${whole}`,
            where: { path, target },
          },
        ),
      },
    ]
  })
}
