// What build, package, sign, gate, publish and release share: plan, look whether it can be carried out, run.
import { offered } from '../plan/channels.ts'
import { assertNotFrozen } from '../plan/freeze.ts'
import { assertReady } from '../plan/observe.ts'
import type { Stage } from '../plan/steps.ts'
import { ensureDevKeys } from '../run/dev-keys.ts'
import { openKeys } from '../run/keys.ts'
import { assertKeys } from '../run/key-check.ts'
import { runPlan } from '../run/run.ts'
import { settle } from '../run/settle.ts'
import { readRoot } from '../run/trust.ts'
import type { Keys } from '../run/work.ts'
import type { AppSettings } from '../config/project.ts'
import { slipwayVersion } from '../self.ts'
import { verifyBucket } from '../verify/verify.ts'
import type { Invocation, Outcome } from './command.ts'
import { outcomeOf } from './made.ts'
import { planFor } from './project.ts'
import type { Planned } from './project.ts'
import { basisOf } from './resume.ts'
import { assertSamePlan } from './same-plan.ts'

/** Runs every step up to and including a stage. Whatever would stop it later is looked for first. */
export const runStage = async (invocation: Invocation, until: Stage, command: string): Promise<Outcome> => {
  const { io } = invocation
  const planned = await planFor(invocation, until)
  const seen = await assertSamePlan(invocation, planned)
  if (planned.project.profile === 'dev') await ensureDevKeys(io, planned.project.apps)
  assertReady(planned.project, planned.observed)
  const { basis: today, resumed } = await basisOf(invocation, planned, until)
  if (until === 'publish') assertMayPublish(planned, io.clock.now())
  const keys = keysFor(invocation)
  for (const settings of planned.project.apps) await assertKeys(io, { settings, keys: keys(settings), until })
  if (until === 'publish') await settleFirst(invocation, planned)
  const result = await runPlan({
    io,
    project: planned.project,
    plan: planned.plan,
    command,
    version: await slipwayVersion(io),
    emit: invocation.emit,
    signal: invocation.signal,
    keys,
    basis: seen ?? today,
    verifyOutside: settings => verifyOutside(invocation, planned, settings),
  })
  return outcomeOf({ planned, result, resumed, until, command })
}

/** Each app's keys, opened once: the check before the run and the run itself ask for a password only once. */
const keysFor = ({ io, interactive, ask }: Invocation): ((settings: AppSettings) => Keys) => {
  const opened = new Map<string, Keys>()
  return settings => {
    const keys = opened.get(settings.app.key) ?? openKeys(io, { settings, ...(interactive ? { ask } : {}) })
    opened.set(settings.app.key, keys)
    return keys
  }
}

/** What policy refuses before any work: freeze windows, halts, versions that the channel is past. The turn asks again. */
const assertMayPublish = ({ plan, project, observed }: Planned, nowMs: number): void => {
  for (const { app, channel, version, percent } of plan.apps) {
    const settings = project.apps.find(one => one.app.key === app)
    assertNotFrozen(channel, settings?.channels[channel]?.freeze ?? [], nowMs)
    const state = observed.apps.find(one => one.app === app)?.state ?? null
    if (state !== null) offered(state, { version, percent, at: new Date(nowMs).toISOString() })
  }
}

/** Every writing command begins with settle: what a crash left behind is healed even when this run is refused later (TRUST 4). */
const settleFirst = async ({ io, signal }: Invocation, { project, buckets }: Planned): Promise<void> => {
  for (const settings of project.apps) {
    const root = (await readRoot(io, settings)).bytes
    await settle({ bucket: await buckets(settings), root, app: settings.app.key, channels: null, signal })
  }
}

const verifyOutside = async ({ io }: Invocation, { buckets }: Planned, settings: AppSettings): Promise<void> => {
  const bucket = await buckets(settings)
  const minisign = await io.files.readText(`${settings.trust.folder}/minisign.pub`)
  await verifyBucket({
    reader: bucket,
    app: settings.app.key,
    base: bucket.url(''),
    keys: { root: (await readRoot(io, settings)).bytes, minisign },
    nowMs: io.clock.now(),
    deep: false,
    strict: true,
  })
}
