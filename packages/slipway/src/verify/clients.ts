// What each client would be offered, by the one function that decides (CONTRACTS 9).
import { clientIds, decide, fail, parseTarget, parseVersion } from '@slipway/core'
import type { BucketState, ClientId, Release } from '@slipway/core'

export interface ClientAnswer {
  readonly client: string
  readonly channel: string
  readonly offered: string | null
  readonly url: string | null
  readonly why: string
}
export interface ClientsQuestion {
  readonly state: BucketState
  readonly releases: Readonly<Record<string, Release>>
  readonly nowMs: number
  /** `tauri:linux-x64@1.0.0`; none: every feed and target, as a new install. */
  readonly client?: string
}

/** One row a channel, client and target. `verify/bad-client` for a text that names none (exit 2). */
export const answers = (question: ClientsQuestion): readonly ClientAnswer[] => {
  const { state, releases } = question
  return Object.entries(state.channels).flatMap(([channel, channelState]) => {
    const shown = [channelState.candidate?.version, channelState.current].flatMap(version =>
      typeof version === 'string' ? (releases[version] ?? []) : [],
    )
    const asked = question.client === undefined ? everybody(shown) : [parseClient(question.client)]
    const known = Object.fromEntries(
      Object.entries(releases).flatMap(([version, release]) =>
        state.releases[version] === undefined ? [] : [[version, { ...state.releases[version], release }]],
      ),
    )
    return asked.map(({ client, target, version }): ClientAnswer => {
      const decision = decide(
        { channel, state: channelState, releases: known },
        { client, target, version, now: new Date(question.nowMs).toISOString() },
      )
      const { offer, artifact, reason } = decision
      const url = offer === null || artifact === undefined ? null : `${offer.at}${encodeURIComponent(artifact.file)}`
      return {
        client: version === null ? `${client}:${target}` : `${client}:${target}@${version}`,
        channel,
        offered: offer?.version ?? null,
        url,
        why: reason,
      }
    })
  })
}

interface Asked {
  readonly client: ClientId
  readonly target: string
  readonly version: string | null
}
const everybody = (releases: readonly Release[]): readonly Asked[] => {
  const pairs = releases.flatMap(release => [
    ...release.feeds.flatMap(feed =>
      ((feed.options['targets'] ?? []) as readonly string[]).map(target => ({ client: feed.id as ClientId, target, version: null })),
    ),
    ...[...new Set(release.artifacts.filter(one => one.role !== 'metadata').map(one => one.target))].map(target => ({
      client: 'sdk' as const,
      target,
      version: null,
    })),
  ])
  return [...new Map(pairs.map(pair => [`${pair.client} ${pair.target}`, pair])).values()]
}

/** `<client>:<target>@<version>`, each of them one that there is: any other question has no answer. `verify/bad-client` (exit 2). */
export const parseClient = (text: string): Asked => {
  const [, id = '', target = '', version = ''] = /^([^:@]*):([^:@]*)@(.*)$/s.exec(text) ?? []
  const client = clientIds.find(one => one === id)
  if (client !== undefined && parseTarget(target) !== undefined && parseVersion(version) !== undefined) return { client, target, version }
  return fail('verify/bad-client', `--client ${JSON.stringify(text)} names no client`, {
    hint: `Write it as tauri:linux-x64@1.0.0: one of ${clientIds.join(' ')}, a target and a SemVer version.`,
  })
}
