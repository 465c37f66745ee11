// slipway rollback: the channel returns to a good release at once, and stays frozen until a higher version or `rollout --resume` (TRUST 4).
import { compareVersions, fail, rollback } from '@slipway/core'
import type { BucketState, ChannelState } from '@slipway/core'
import { plain } from '../reporters/safe.ts'
import { changeChannel } from '../run/channel-turn.ts'
import { channelDocument, channelText, jobOf } from './channel.ts'
import type { Invocation, Outcome } from './command.ts'
import { textOf } from './project.ts'

export const run = async (invocation: Invocation): Promise<Outcome> => {
  const channel = invocation.args[0] ?? ''
  const to = textOf(invocation, 'to')
  const { job } = await jobOf(invocation)
  const reason = textOf(invocation, 'reason') ?? 'rolled back'
  const changed = await changeChannel(job, channel, (state, at, all) => {
    if (to === undefined && isRolledBack(state, reason)) return state
    assertAdmitted(all, to ?? state.before, channel)
    return rollback(state, { ...(to === undefined ? {} : { to }), reason, at }).state
  })
  const bad = changed.after.halted?.version ?? null
  return {
    name: 'rollback',
    data: { ...channelDocument(channel, changed.after), bad, changed: changed.after !== changed.before },
    problems: [],
    text: style =>
      [
        channelText(channel, changed, style),
        bad === null
          ? ''
          : style.dim(
              `Who has ${plain(bad)} already stays on it until a higher version comes: most clients never go down. Publish one when it is mended.`,
            ),
      ]
        .filter(line => line !== '')
        .join('\n'),
  }
}

/** The same rollback once more, as a run does that was cut off after its commit: nothing is left to return to, and nothing to do. */
const isRolledBack = ({ current, before, candidate, halted }: ChannelState, reason: string): boolean =>
  before === null && candidate === null && halted?.reason === reason && halted.version !== null && halted.version !== current

const assertAdmitted = (all: BucketState, version: string | null, channel: string): void => {
  if (version === null) return
  const entry = all.releases[version]
  if (entry !== undefined && entry.admit[channel] !== undefined && entry.yanked === undefined) return
  const good = Object.values(all.releases).filter(one => one.admit[channel] !== undefined && one.yanked === undefined)
  const names = good.map(one => one.version).sort(compareVersions)
  fail('rollback/not-admitted', `${version} is not a release that ${channel} may show`, {
    hint: names.length === 0 ? 'There is none.' : `It may show: ${names.join(' ')}`,
    exit: 'refused',
  })
}
