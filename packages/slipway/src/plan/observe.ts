// What was seen when the plan was made: secrets, tools, objects, channel states. Never part of the plan's digest (CONTRACTS 6).
import { failAll, headPrefixes, metadataKey, problem } from '@slipway/core'
import type { BucketState, ChannelState, PlanBody, PlannedApp, Problem } from '@slipway/core'
import type { AppSettings, Project } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import { findKeyring } from '../keys/keyring.ts'
import { secretPresent } from '../keys/reference.ts'
import type { Bucket } from '../stores/store.ts'
import { units } from './kinds.ts'

export interface ObservedObject {
  readonly key: string
  readonly url: string
  readonly action: 'create' | 'swap' | 'keep'
  readonly irreversible: boolean
  readonly count: number
}
export interface ObservedApp {
  readonly app: string
  readonly objects: readonly ObservedObject[]
  /** `n` of the planned channel; 0: not there yet. */
  readonly n: number
  readonly halted: string | null
  /** What the channel offers now. */
  readonly current: string | null
  /** Its whole state; null: not there yet. */
  readonly state: ChannelState | null
  /** Heads of the channel that this release does not serve. */
  readonly abandoned: readonly string[]
}
export interface Observed {
  readonly secrets: readonly { readonly ref: string; readonly for: readonly string[]; readonly state: 'present' | 'missing' | 'optional' }[]
  readonly tools: readonly { readonly tool: string; readonly version: string | null }[]
  readonly apps: readonly ObservedApp[]
  /** What would stop a publish at the store. */
  readonly store: readonly Problem[]
  readonly ready: boolean
}

export interface Observing {
  readonly io: Io
  readonly project: Project
  readonly plan: PlanBody
  readonly bucketOf: (settings: AppSettings) => Promise<Bucket>
  /** The committed state of an app's bucket, verified; null when it was never published to. */
  readonly stateOf: (settings: AppSettings, bucket: Bucket) => Promise<(BucketState & { readonly versions: Versions }) | null>
}
type Versions = Readonly<Record<'targets' | 'channels' | 'snapshot', number>>

export const observe = async (job: Observing): Promise<Observed> => {
  const secrets = await Promise.all(job.plan.secrets.map(secret => secretState(job, secret)))
  const tools = await Promise.all(job.plan.tools.map(async tool => ({ tool, version: await toolVersion(job.io, tool) })))
  const store = await storeProblems(job)
  const apps = await Promise.all(job.plan.apps.map(async app => (store.length === 0 ? observeApp(job, app) : unseen(app))))
  const ready =
    secrets.every(secret => secret.state !== 'missing') &&
    tools.every(tool => tool.version !== null) &&
    store.length === 0 &&
    job.project.questions.length === 0
  return { secrets, tools, apps, store, ready }
}

/** Looked for only where the plan writes to the store; the same fault of several apps is said once. */
const storeProblems = async ({ io, project, plan }: Observing): Promise<readonly Problem[]> => {
  const { id, options } = project.store
  const writing = project.apps.filter(({ app }) => plan.apps.some(one => one.app === app.key && one.objects.length > 0))
  const found = await Promise.all(writing.map(async ({ base }) => units.stores(id).probe?.(options as never, base, io) ?? []))
  return [...new Map(found.flat().map(one => [`${one.code} ${one.where.file ?? ''}`, one])).values()]
}

const unseen = ({ app }: PlannedApp): ObservedApp => ({ app, objects: [], n: 0, halted: null, current: null, state: null, abandoned: [] })

const secretState = async ({ io, project }: Observing, { ref, for: uses, optional }: PlanBody['secrets'][number]) => {
  const rings = ref === 'keyring' ? project.apps.map(app => app.trust.keyring) : []
  const present =
    rings.length > 0
      ? (await Promise.all(rings.map(path => findKeyring(io, path)))).every(ring => ring !== null)
      : await secretPresent(ref, io)
  const state = present ? 'present' : optional ? 'optional' : 'missing'
  return { ref, for: uses, state } as const
}

const toolVersion = async (io: Io, tool: string): Promise<string | null> => {
  if ((await io.run.find(tool)) === null) return null
  const { stdout, stderr } = await io.run({ tool, args: ['--version'], cwd: io.host.cwd, path: true, timeoutMs: 10_000 })
  return /\d+(\.\d+)+/.exec(`${stdout} ${stderr}`)?.[0] ?? 'there'
}

const observeApp = async (job: Observing, app: PlannedApp): Promise<ObservedApp> => {
  const settings = job.project.apps.find(one => one.app.key === app.app)
  if (settings === undefined || app.objects.length === 0) return unseen(app)
  const bucket = await job.bucketOf(settings)
  const state = await job.stateOf(settings, bucket)
  const channel = state?.channels[app.channel]
  const versions = state?.versions ?? { targets: 0, channels: 0, snapshot: 0 }
  const unchanged = state !== null && isOffered(state, app)
  const planned = await Promise.all(
    app.objects.map(async ({ key, mode, count = 1 }): Promise<ObservedObject> => {
      const named = await numbered(bucket, key, versions)
      const there = named.includes('*') ? null : await bucket.stat(named)
      return {
        key: named,
        url: bucket.url(named),
        action: unchanged ? 'keep' : mode === 'swap' ? 'swap' : there === null ? 'create' : 'keep',
        irreversible: false,
        count,
      }
    }),
  )
  const others = unchanged ? [] : await otherHeads(bucket, app)
  const objects = [
    ...planned,
    ...others.map(key => ({ key, url: bucket.url(key), action: 'swap', irreversible: false, count: 1 }) as const),
  ]
  return {
    app: app.app,
    objects,
    n: channel?.n ?? 0,
    halted: channel?.halted?.reason ?? null,
    current: channel?.current ?? null,
    state: channel ?? null,
    abandoned: others,
  }
}

/** Published, admitted and offered already: a run would write nothing. A channel that refuses the release is said when it is run. */
const isOffered = (state: BucketState, { version, channel, percent }: PlannedApp): boolean => {
  const there = state.channels[channel]
  if (there === undefined || state.releases[version]?.admit[channel] === undefined || there.halted !== null) return false
  const { current, candidate } = there
  return current === version || (candidate?.version === version && candidate.percent >= percent)
}

/** Heads of the channel that this release does not serve: they are rendered anew too, and offer it nothing (docs/decisions/dropped-heads.md). */
const otherHeads = async (bucket: Bucket, app: PlannedApp): Promise<readonly string[]> => {
  const planned = new Set(app.feeds.flatMap(feed => Object.keys(feed.heads)))
  const found: string[] = []
  for (const prefix of headPrefixes(app.channel)) for await (const { key } of bucket.list(prefix)) if (!planned.has(key)) found.push(key)
  return found
}

/** `tuf/<n>.targets.json` with the next free number. */
const numbered = async (bucket: Bucket, key: string, versions: Versions): Promise<string> => {
  const role = /^tuf\/<n>\.(targets|channels|snapshot)\.json$/.exec(key)?.[1] as keyof Versions | undefined
  if (role === undefined) return key
  for (let n = versions[role] + 1; ; n += 1) if ((await bucket.stat(metadataKey(n, role))) === null) return metadataKey(n, role)
}

/** Refuses to go on with what was found missing (exit 4), all at once; open questions are exit 2. */
export const assertReady = (project: Project, observed: Observed): void => {
  const secrets = observed.secrets.filter(one => one.state === 'missing')
  const tools = observed.tools.filter(one => one.version === null)
  failAll([
    ...project.questions,
    ...observed.store,
    ...secrets.map(({ ref, for: uses }) => {
      const hint = ref === 'keyring' ? 'Run `slipway keys generate`, or set SLIPWAY_KEYS.' : `Set it where ${ref} points to.`
      return problem('plan/secret-missing', `${ref} is missing (for ${uses.join(', ')})`, { hint, exit: 'machine' })
    }),
    ...tools.map(({ tool }) =>
      problem('plan/tool-missing', `${tool} is not on this machine`, {
        hint: 'Run `slipway doctor`: it names the package to install.',
        exit: 'machine',
      }),
    ),
  ])
}
