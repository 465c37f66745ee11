// The foreign judges, for tests: where one is, and tests that need some (DESIGN 6). With SLIPWAY_JUDGES=required a missing one fails.
import { describe } from 'vitest'
import { findJudge } from '../../scripts/judges/find.ts'
import { judges } from '../../scripts/judges/table.ts'

/** The path of a judge's command; undefined where it is lacking, which is an error when judges are required. */
export const judge = (name: string): string | undefined => {
  const entry = judges.find(one => one.name === name)
  if (entry === undefined) throw new Error(`${name} is not in scripts/judges/table.ts`)
  const path = findJudge(entry)
  if (path === undefined && process.env['SLIPWAY_JUDGES'] === 'required')
    throw new Error(`judge ${name} is required and lacking: node scripts/judges.ts install`)
  return path
}

/** Like `describe`; skipped, with the names in its title, where a judge is lacking. The body gets the paths by name. */
export const describeWithJudge = <const Names extends readonly string[]>(
  names: Names,
  title: string,
  body: (paths: { readonly [Name in Names[number]]: string }) => void,
): void => {
  const found = names.map(name => [name, judge(name)] as const)
  const lacking = found.filter(([, path]) => path === undefined).map(([name]) => name)
  const paths = Object.fromEntries(found) as { readonly [Name in Names[number]]: string }
  if (lacking.length > 0) describe.skip(`${title} (lacking ${lacking.join(', ')})`, () => body(paths))
  else describe(title, () => body(paths))
}
