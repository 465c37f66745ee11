// Programs that an app needs, before anything is built: ranges that can be compared, and a pin for every target of what is shipped.
import { isExactVersion, parseRange, pinFor, problem } from '@slipway/core'
import type { Need, Problem, Target } from '@slipway/core'
import type { AppSettings, Project } from '../config/project.ts'

/** Codes: `needs/bad-name`, `needs/bad-range`, `needs/unpinned`, `needs/no-bundle`, `needs/bad-bundle`, `needs/wrong-version`. */
export const needProblems = ({ app, base }: AppSettings, targets: readonly Target[], locate: Project['locate']): readonly Problem[] =>
  app.needs.flatMap(need => {
    const path = `${base === '' ? '' : `apps.${base.slice(0, -1)}.`}app.needs.${need.program}`
    const where = { ...locate(path), path }
    if (!/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(need.program))
      return [
        problem('needs/bad-name', `${JSON.stringify(need.program)} is no name of a program`, {
          hint: "Name the program as it is started: needs: { git: '>=2.40' }.",
          where,
        }),
      ]
    return need.bundle === undefined ? foundProblems(need, where) : shippedProblems({ ...need, bundle: need.bundle }, targets, where)
  })

const foundProblems = ({ version }: Need, where: Problem['where']): readonly Problem[] =>
  parseRange(version) !== null
    ? []
    : [
        // explain: The version of a needed program that is looked for is a range of dotted numbers, which a launcher can compare.
        problem('needs/bad-range', `${JSON.stringify(version)} is no range of versions`, {
          hint: "Write '>=2.40', two bounds as '>=2.40 <3', or '' for any version.",
          where,
        }),
      ]

type Shipped = Need & Required<Pick<Need, 'bundle'>>

const shippedProblems = (
  { program, version, bundle }: Shipped,
  targets: readonly Target[],
  where: Problem['where'],
): readonly Problem[] => {
  const pins = targets.map(target => ({ target, ...pinFor(bundle, target) }))
  const found: Problem[] = []
  if (!isExactVersion(version))
    found.push(
      // explain: A program that is shipped is pinned by one exact version, and by the digest of its bytes for every target.
      problem(
        'needs/unpinned',
        `${program} is shipped and has no exact version${version === '' ? '' : `: ${JSON.stringify(version)} is none`}`,
        {
          hint: "Write version: '0.15.0', the one that is shipped.",
          where,
        },
      ),
    )
  for (const { target, from, sha256 } of pins) {
    if (from === undefined)
      found.push(
        problem('needs/no-bundle', `nothing says where ${program} for ${target} is shipped from`, {
          hint: `Write bundle: { '${target}': 'vendor/${program}' }, or take the target out of targets.`,
          where: { ...where, target },
        }),
      )
    else found.push(...fromProblems({ program, version, from }, { ...where, target }))
    if (sha256 === undefined)
      found.push(
        problem('needs/unpinned', `${program} for ${target} is shipped and has no sha256`, {
          hint: `Write sha256: { '${target}': '<64 hex digits of the program itself>' }, as sha256sum says it.`,
          where: { ...where, target },
        }),
      )
  }
  return found
}

const fromProblems = (
  { program, version, from }: { readonly program: string; readonly version: string; readonly from: string },
  where: Problem['where'],
): readonly Problem[] => {
  if (/^[a-z][a-z0-9+.-]+:/.test(from) && !from.startsWith('npm:'))
    return [
      problem(
        'needs/bad-bundle',
        `${JSON.stringify(from)}, which ${program} for ${where?.target ?? ''} is shipped from, is neither a file of the project nor an npm package`,
        {
          hint: `Fetch it before, and name the file: bundle: 'vendor/${program}'; or 'npm:package-{npm}'.`,
          where,
        },
      ),
    ]
  const said = /^npm:(?:@[^/@]+\/)?[^/@]+@(.+)$/.exec(from)?.[1]
  if (said === undefined || said === version) return []
  return [
    problem('needs/wrong-version', `${program} for ${where?.target ?? ''} is pinned to ${version}, and its package to ${said}`, {
      hint: 'Say the version once: leave it out of bundle.',
      where,
    }),
  ]
}
