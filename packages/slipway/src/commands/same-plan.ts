// `release --plan FILE|DIGEST`: only that plan is carried out; another one today is refused, and it is said where they differ (CONTRACTS 6).
import { canonical, digestOf, fail, isJsonObject, parseJson } from '@slipway/core'
import type { Json } from '@slipway/core'
import { plain } from '../reporters/safe.ts'
import type { Basis } from '../run/journal.ts'
import type { Invocation } from './command.ts'
import { textOf } from './project.ts'
import type { Planned } from './project.ts'

/** What the channels were when that plan was made; null for a digest, or without `--plan`. Codes: `release/other-plan`, `release/bad-plan`. */
export const assertSamePlan = async (invocation: Invocation, { plan, digest }: Planned): Promise<Basis | null> => {
  const wanted = textOf(invocation, 'plan')
  if (wanted === undefined) return null
  if (/^[0-9a-f]{8,64}$/.test(wanted)) {
    if (digest.startsWith(wanted)) return null
    return fail('release/other-plan', `Today's plan is ${digest.slice(0, 8)}, not ${wanted.slice(0, 8)}`, {
      hint: 'Run `slipway plan --out FILE` and give the file: it then says where they differ.',
      exit: 'refused',
    })
  }
  const { observed, ...body } = await readPlanFile(invocation, wanted)
  if (digestOf(body) === digest) return plannedBasis(observed)
  const where = difference(body, plan as unknown as Json)
  return fail('release/other-plan', `Today's plan differs from ${plain(wanted)} at ${where}`, {
    hint: "Look at both with `slipway plan`; release without --plan carries out today's.",
    where: { path: where },
    exit: 'refused',
  })
}

const readPlanFile = async ({ io, global }: Invocation, wanted: string): Promise<Readonly<Record<string, Json>>> => {
  const file = wanted.startsWith('/') ? wanted : `${global.cwd}/${wanted}`
  const bad = (what: string): never =>
    // explain: What was given to --plan is neither the file of a plan nor the digest of one.
    fail('release/bad-plan', `${plain(wanted)} ${what}`, {
      hint: 'Give a file that `slipway plan --out FILE` wrote, or the digest that `slipway plan` shows.',
      where: { file },
    })
  if ((await io.files.stat(file))?.type !== 'file') return bad('is no file')
  const text = await io.files.readText(file)
  const json = ((): Json => {
    try {
      return parseJson(text)
    } catch {
      return null
    }
  })()
  return isJsonObject(json) && json['schema'] === 'slipway.plan-file/1' ? json : bad('holds no plan')
}

/** The path of the first difference of two values. */
export const difference = (a: Json | undefined, b: Json | undefined, path = ''): string => {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return path === '' ? 'the top' : path
  const left = a as Record<string, Json>
  const right = b as Record<string, Json>
  for (const key of [...new Set([...Object.keys(left), ...Object.keys(right)])].sort())
    if (canonical(left[key] ?? null) !== canonical(right[key] ?? null))
      return difference(left[key], right[key], path === '' ? key : `${path}.${key}`)
  return path === '' ? 'the top' : path
}

/** With `--plan FILE` the channels stand as that plan saw them: a halt since then stops it (TRUST 1, rule 6). */
const plannedBasis = (file: Json | undefined): Basis | null => {
  const apps = (file as { readonly apps?: readonly { readonly app: string; readonly n: number }[] } | undefined)?.apps
  return apps === undefined ? null : { channels: Object.fromEntries(apps.map(app => [app.app, app.n])) }
}
