// slipway rollout: moves, halts, resumes or shows a staged rollout (TRUST 4 and 6).
import { fail, halt, resume, setPercent } from '@slipway/core'
import type { ChannelState } from '@slipway/core'
import type { RolloutStep } from '../config/project.ts'
import { changeChannel } from '../run/channel-turn.ts'
import { channelDocument, channelText, jobOf } from './channel.ts'
import type { Invocation, Outcome } from './command.ts'
import { textOf } from './project.ts'

export const run = async (invocation: Invocation): Promise<Outcome> => {
  const channel = invocation.args[0] ?? ''
  const asked = ['percent', 'next', 'halt', 'resume'].filter(flag => invocation.flags[flag] !== undefined)
  if (asked.length > 1)
    fail('rollout/one-thing', `--${asked.join(' and --')} cannot be done at once`, {
      hint: 'Say one of --percent N, --next, --halt --reason R, --resume; none of them shows the rollout.',
    })
  const { job, settings } = await jobOf(invocation)
  const steps = settings.channels[channel]?.rollout ?? []
  const changed = await changeChannel(job, channel, (state, at) => change(invocation, { state, at, steps }))
  return {
    name: 'rollout',
    data: { ...channelDocument(channel, changed.after), changed: changed.after !== changed.before, heads: changed.settled.heads.length },
    problems: [],
    text: style => channelText(channel, changed, style),
  }
}

interface Asked {
  readonly state: ChannelState
  readonly at: string
  readonly steps: readonly RolloutStep[]
}

const change = (invocation: Invocation, { state, at, steps }: Asked): ChannelState => {
  const { flags } = invocation
  if (flags['halt'] !== undefined) return halt(state, { reason: textOf(invocation, 'reason') ?? noReason(), at }).state
  if (flags['resume'] !== undefined) return resume(state, { at }).state
  if (flags['percent'] !== undefined) return setPercent(state, { percent: wholePercent(textOf(invocation, 'percent') ?? ''), at }).state
  if (flags['next'] !== undefined) return setPercent(state, { percent: nextStep(state, steps), at }).state
  return state
}

const noReason = (): never =>
  fail('rollout/no-reason', '--halt needs --reason', {
    hint: "Say why in one line, as --reason 'crashes at start on macOS 12': it is signed and shown.",
  })

const wholePercent = (text: string): number =>
  /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100
    ? Number(text)
    : fail('rollout/bad-percent', `--percent ${JSON.stringify(text)} is no whole number from 1 to 100`, {
        hint: 'Write it as --percent 25',
      })

const nextStep = (state: ChannelState, steps: readonly RolloutStep[]): number => {
  const now = state.candidate?.percent ?? 100
  return steps.find(step => step.percent > now)?.percent ?? 100
}
