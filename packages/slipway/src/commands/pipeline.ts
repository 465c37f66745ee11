// What build, package, sign, gate, publish and release share: plan, run, and the document of what was done (CONFIG 7, Release).
import { canonical, fail, parseJson, digestOf } from '@slipway/core'
import type { Artifact, Json } from '@slipway/core'
import type { Project } from '../config/project.ts'
import { assertNotFrozen } from '../plan/freeze.ts'
import { assertReady } from '../plan/observe.ts'
import type { Stage } from '../plan/steps.ts'
import { ensureDevKeys } from '../run/dev-keys.ts'
import { readDraft } from '../run/draft.ts'
import { unfinished } from '../run/journal.ts'
import type { Basis } from '../run/journal.ts'
import { offered } from '../run/publish.ts'
import { runPlan } from '../run/run.ts'
import type { RunResult } from '../run/run.ts'
import type { Work } from '../run/work.ts'
import { humanBytes, humanDuration, table } from '../reporters/table.ts'
import { plain } from '../reporters/safe.ts'
import { slipwayVersion } from '../self.ts'
import { verifyBucket } from '../verify/verify.ts'
import type { Invocation, Outcome, Style } from './command.ts'
import { planFor, textOf } from './project.ts'
import type { Planned } from './project.ts'

/** Runs every step up to and including a stage. */
export const runStage = async (invocation: Invocation, until: Stage, command: string): Promise<Outcome> => {
  const { io } = invocation
  const planned = await planFor(invocation, until)
  const seen = await assertSamePlan(invocation, planned)
  if (planned.project.profile === 'dev') await ensureDevKeys(io, planned.project.apps)
  assertReady(planned.project, planned.observed)
  const { basis: today, resumed } = await basisOf(invocation, planned, until)
  if (until === 'publish') assertMayPublish(planned, io.clock.now())
  const basis = seen ?? today
  const result = await runPlan({
    io,
    project: planned.project,
    plan: planned.plan,
    command,
    version: await slipwayVersion(io),
    emit: invocation.emit,
    signal: invocation.signal,
    ...(invocation.interactive ? { ask: invocation.ask } : {}),
    basis,
    verifyOutside: async settings => {
      const bucket = await planned.buckets(settings)
      const root = await io.files.read(`${settings.trust.folder}/root.json`)
      const minisign = await io.files.readText(`${settings.trust.folder}/minisign.pub`)
      await verifyBucket({
        reader: bucket,
        app: settings.app.key,
        base: bucket.url(''),
        keys: { root, minisign },
        nowMs: io.clock.now(),
        deep: false,
        strict: true,
      })
    },
  })
  return outcomeOf({ planned, result, resumed, until, command })
}

/** `--plan FILE|DIGEST`: only that plan is carried out; another one today is `release/other-plan` (exit 3), and says where they differ. */
const assertSamePlan = async (invocation: Invocation, { plan, digest }: Planned): Promise<Basis | null> => {
  const wanted = textOf(invocation, 'plan')
  if (wanted === undefined) return null
  if (/^[0-9a-f]{8,64}$/.test(wanted)) {
    if (digest.startsWith(wanted)) return null
    return fail('release/other-plan', `Today's plan is ${digest.slice(0, 8)}, not ${wanted.slice(0, 8)}`, {
      hint: 'Run `slipway plan --out FILE` and give the file: it then says where they differ.',
      exit: 'refused',
    })
  }
  const path = wanted.startsWith('/') ? wanted : `${invocation.global.cwd}/${wanted}`
  const { observed, ...body } = parseJson(await invocation.io.files.readText(path)) as Record<string, Json>
  if (digestOf(body) === digest) return plannedBasis(observed)
  const where = difference(body, plan as unknown as Json)
  return fail('release/other-plan', `Today's plan differs from ${plain(wanted)} at ${where}`, {
    hint: "Look at both with `slipway plan`; release without --plan carries out today's.",
    where: { path: where },
    exit: 'refused',
  })
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

/** `--resume` needs an unfinished journal of this plan or a draft of it in the bucket, else exit 2 (CONTRACTS 8). */
const basisOf = async (
  invocation: Invocation,
  { project, observed, digest, plan, buckets }: Planned,
  until: Stage,
): Promise<{ basis: Basis; resumed: boolean }> => {
  const today: Basis = { channels: Object.fromEntries(observed.apps.map(app => [app.app, app.n])) }
  if (until !== 'publish' || invocation.flags['resume'] === undefined) return { basis: today, resumed: false }
  const kept = await unfinished(invocation.io, project.root, digest)
  if (kept !== null) return { basis: kept, resumed: true }
  const drafts = await Promise.all(
    project.apps.map(async settings => {
      const draft = await readDraft(await buckets(settings), settings.app.version)
      const channel = plan.apps.find(app => app.app === settings.app.key)?.channel
      return draft?.channel === channel && draft !== null ? ([settings.app.key, draft.basis] as const) : null
    }),
  )
  const found = drafts.filter(one => one !== null)
  if (found.length === 0)
    fail('release/nothing-to-resume', 'There is no unfinished run of this plan, here or in the bucket', {
      hint: 'Run the command without --resume: it takes up whatever is there.',
    })
  return { basis: { channels: { ...today.channels, ...Object.fromEntries(found) } }, resumed: true }
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

interface Done {
  readonly planned: Planned
  readonly result: RunResult
  readonly resumed: boolean
  readonly until: Stage
  readonly command: string
}

const outcomeOf = ({ planned, result, resumed, until, command }: Done): Outcome => ({
  name: command,
  data: {
    plan: planned.digest,
    resumed,
    durationMs: result.ms,
    apps: result.works.map(work => appDocument(work, result, until)),
  },
  problems: [],
  text: style => result.works.map(work => appText(planned.project, work, { style, until, ms: result.ms })).join('\n'),
})

const appDocument = (work: Work, result: RunResult, until: Stage) => ({
  app: work.settings.app.key,
  version: work.settings.app.version,
  channel: work.planned.channel,
  percent: work.planned.percent,
  release: work.release === undefined ? null : `${work.release.at}release.json`,
  files: artifactsOf(work).map(one => fileDocument(work, one, until)),
  evidence: [...work.evidence.values()].map(one => one.file),
  skipped: result.skipped,
})

const artifactsOf = (work: Work): readonly Artifact[] => work.release?.artifacts ?? [...work.made.values()].map(one => one.artifact)

const fileDocument = (work: Work, one: Artifact, until: Stage) => ({
  file: one.file,
  kind: one.kind,
  role: one.role,
  target: one.target,
  url: until === 'publish' && work.release !== undefined ? `${work.release.at}${encodeURIComponent(one.file)}` : '',
  path: `${work.settings.out}/${one.file}`,
  signatures: Object.keys(one.signatures),
  labels: one.labels,
  sizeBytes: one.sizeBytes,
  sha256: one.sha256,
})

const appText = (project: Project, work: Work, { style, until, ms }: { style: Style; until: Stage; ms: number }): string => {
  const { app } = work.settings
  const artifacts = artifactsOf(work)
  const rows = artifacts.map(one => [
    plain(one.file),
    humanBytes(one.sizeBytes),
    one.sha256.slice(0, 16),
    until === 'publish' ? `${work.release?.at ?? ''}${encodeURIComponent(one.file)}` : '',
  ])
  const where = until === 'publish' ? work.release?.at : `${work.settings.out}/`
  const percent = work.planned.percent < 100 ? ` for ${work.planned.percent} %` : ''
  const verb = until === 'publish' ? `is on ${work.planned.channel}${percent}` : pastTense[until]
  const first = `${style.green('done')} ${style.bold(plain(`${app.name} ${app.version}`))} ${verb} in ${humanDuration(ms)}: ${plain(where ?? project.root)}`
  return [...(rows.length === 0 ? [] : [table(['file', 'size', 'sha256', until === 'publish' ? 'url' : ''], rows, style)]), first].join(
    '\n',
  )
}

const pastTense: Readonly<Record<Stage, string>> = {
  build: 'was built',
  package: 'was packaged',
  sign: 'was signed',
  gate: 'passed the gate',
  publish: 'is published',
}
