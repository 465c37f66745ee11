// slipway plan: everything a release will do, before it happens.
import type { Json } from '@slipway/core'
import { canonical } from '@slipway/core'
import { units } from '../plan/kinds.ts'
import { planDocument } from '../plan/document.ts'
import type { PlanShown } from '../plan/document.ts'
import { planText } from '../plan/text.ts'
import { gateStates } from '../run/gate-states.ts'
import type { Invocation, Outcome } from './command.ts'
import { planFor, textOf } from './project.ts'

export const run = async (invocation: Invocation): Promise<Outcome> => {
  const { io } = invocation
  const { project, plan, digest, observed } = await planFor(invocation, 'publish')
  const out = textOf(invocation, 'out')
  if (out !== undefined)
    await io.files.write(
      out.startsWith('/') ? out : `${invocation.global.cwd}/${out}`,
      planFile(plan as unknown as Json, observed as unknown as Json),
    )
  const shown: PlanShown = {
    project,
    plan,
    digest,
    observed,
    requires: Object.fromEntries(
      await Promise.all(project.apps.map(async settings => [settings.app.key, await gateStates(io, project, { settings, plan })] as const)),
    ),
    percents: Object.fromEntries(plan.apps.flatMap(app => app.feeds.map(feed => [feed.id, units.feeds(feed.id).percent]))),
  }
  return {
    name: 'plan',
    data: planDocument(shown),
    problems: project.questions,
    text: (style, { verbose }) => planText(shown, style, verbose),
  }
}

/** slipway.plan-file/1 with what was observed as a second member, outside the digest. */
const planFile = (plan: Json, observed: Json): Uint8Array =>
  new TextEncoder().encode(`${canonical({ ...(plan as object), observed } as Json)}\n`)
