// slipway status: what is live on each channel, rollout, evidence, and how long the pointer is fresh (CONFIG 6 and 7).
import { pointer } from '@slipway/core'
import type { ChannelState } from '@slipway/core'
import { parseMetadata } from '@slipway/formats/tuf/metadata'
import type { AppSettings } from '../config/project.ts'
import { plain } from '../reporters/safe.ts'
import { humanDuration, table } from '../reporters/table.ts'
import { readObject } from '../run/objects.ts'
import { readRoot } from '../run/trust.ts'
import { readState } from '../run/state.ts'
import type { Invocation, Outcome } from './command.ts'
import { bucketsOf, projectOf } from './project.ts'

interface Row {
  readonly app: string
  readonly place: string
  readonly serial: number
  readonly expires: string
  readonly channel: string
  readonly at: string
  readonly current: string | null
  readonly before: string | null
  readonly candidate: ChannelState['candidate']
  readonly due: string | null
  readonly halted: ChannelState['halted']
  /** Health needs a server that receives reports; null: nothing is known. */
  readonly health: null
  readonly evidence: readonly string[]
}

export const run = async (invocation: Invocation): Promise<Outcome> => {
  const project = await projectOf(invocation)
  const buckets = bucketsOf(invocation, project)
  const rows: Row[] = []
  for (const settings of project.apps) {
    const bucket = await buckets(settings)
    const root = await readRoot(invocation.io, settings)
    const head = await readObject(bucket, pointer)
    if (head === null) continue
    const state = await readState(bucket, root.bytes)
    const timestamp = parseMetadata('timestamp', head.bytes).signed
    for (const [channel, one] of Object.entries(state.channels)) {
      const shown = [one.current, one.candidate?.version].filter(version => typeof version === 'string')
      const evidence = shown.flatMap(version => state.releases[version]?.admit[channel] ?? [])
      rows.push({
        app: settings.app.key,
        place: bucket.url(''),
        serial: timestamp.version,
        expires: timestamp.expires,
        channel,
        at: one.at,
        current: one.current,
        before: one.before,
        candidate: one.candidate,
        due: dueOf(settings, channel, one),
        halted: one.halted,
        health: null,
        evidence,
      })
    }
  }
  const now = invocation.io.clock.now()
  return { name: 'status', data: { channels: rows }, problems: [], text: style => textOf(rows, now, style) }
}

/** When the next step of the rollout comes by the config; null: someone must move it, or nothing is rolling out. */
const dueOf = (settings: AppSettings, channel: string, { candidate, halted }: ChannelState): string | null => {
  if (candidate === null || halted !== null) return null
  const step = (settings.channels[channel]?.rollout ?? []).find(one => one.percent === candidate.percent)
  return step === undefined || step.stayMs === null ? null : new Date(Date.parse(candidate.since) + step.stayMs).toISOString()
}

const textOf = (rows: readonly Row[], now: number, style: Parameters<Outcome['text']>[0]): string => {
  const [first] = rows
  if (first === undefined) return 'Nothing is published yet. Next: slipway release'
  const age = (text: string): string => humanDuration(Math.max(0, now - Date.parse(text)))
  const lines = rows.map(row => [
    plain(row.channel),
    plain(row.current ?? '-'),
    age(row.at),
    row.candidate === null ? (row.current === null ? 'nobody' : '100 %') : `${plain(row.candidate.version)} for ${row.candidate.percent} %`,
    row.halted === null
      ? row.due === null
        ? row.candidate === null
          ? '-'
          : 'slipway rollout --next'
        : `next step ${row.due}`
      : style.red(`halted: ${plain(row.halted.reason)}`),
  ])
  const leftMs = Date.parse(first.expires) - now
  const renew = leftMs < 133 * 86_400_000 ? style.yellow('  Renew it: slipway publish --refresh') : ''
  const expiry =
    leftMs > 0
      ? `expires in ${Math.floor(leftMs / 86_400_000)} days`
      : style.red(`expired at ${first.expires}: own clients install nothing`)
  return [table(['channel', 'version', 'since', 'offered to', 'next'], lines, style), `Pointer ${first.serial}, ${expiry}.${renew}`].join(
    '\n',
  )
}
