// slipway rollout: moves, halts, resumes or shows a staged rollout (TRUST 4 and 6).
import { fail, halt, resume, setPercent } from '@slipway/core'
import type { ChannelState } from '@slipway/core'
import type { RolloutStep } from '../config/project.ts'
import { assertNotFrozen } from '../plan/freeze.ts'
import { plain } from '../reporters/safe.ts'
import { changeChannel, unknownChannel } from '../run/channel-turn.ts'
import { readState } from '../run/state.ts'
import { readRoot } from '../run/trust.ts'
import { channelDocument, channelText, jobOf } from './channel.ts'
import type { Invocation, Outcome, Style } from './command.ts'
import { bucketsOf, oneApp, projectOf, textOf } from './project.ts'

export const run = async (invocation: Invocation): Promise<Outcome> => {
  const channel = invocation.args[0] ?? ''
  const asked = ['percent', 'next', 'halt', 'resume'].filter(flag => invocation.flags[flag] !== undefined)
  if (asked.length > 1)
    fail('rollout/one-thing', `--${asked.join(' and --')} cannot be done at once`, {
      hint: 'Say one of --percent N, --next, --halt --reason R, --resume; none of them shows the rollout.',
    })
  const move = moveOf(invocation)
  if (move === null) return show(invocation, channel)
  const { job, settings } = await jobOf(invocation)
  const policy = settings.channels[channel]
  // A halt is never held back.
  if (asked[0] !== 'halt') assertNotFrozen(channel, policy?.freeze ?? [], invocation.io.clock.now())
  const changed = await changeChannel(job, channel, (state, at) => move({ state, at, steps: policy?.rollout ?? [] }))
  return {
    name: 'rollout',
    data: { ...channelDocument(channel, changed.after), changed: changed.after !== changed.before, heads: changed.settled.heads.length },
    problems: [],
    text: style => channelText(channel, changed, style),
  }
}

/** What is committed, verified from the public root: needs no secret and changes nothing. */
const show = async (invocation: Invocation, channel: string): Promise<Outcome> => {
  const project = await projectOf(invocation)
  const settings = oneApp(project)
  const root = (await readRoot(invocation.io, settings)).bytes
  const all = await readState(await bucketsOf(invocation, project)(settings), root)
  const state = all.channels[channel] ?? unknownChannel(channel, Object.keys(all.channels))
  return {
    name: 'rollout',
    data: { ...channelDocument(channel, state), changed: false, heads: 0 },
    problems: [],
    text: style => shown(channel, state, style),
  }
}

const shown = (channel: string, { n, current, candidate, halted }: ChannelState, style: Style): string => {
  const next = candidate === null ? '' : `, ${plain(candidate.version)} for ${candidate.percent} %`
  const stop = halted === null ? '' : `\n${style.red('halted')}     ${plain(halted.reason)}`
  return `${style.bold(channel)} is at ${plain(current ?? 'nothing')}${next} (change ${n})${stop}`
}

interface Asked {
  readonly state: ChannelState
  readonly at: string
  readonly steps: readonly RolloutStep[]
}

/** What the flags ask for, looked at before anything is opened; null: nothing. */
const moveOf = (invocation: Invocation): ((asked: Asked) => ChannelState) | null => {
  const { flags } = invocation
  if (flags['halt'] !== undefined) {
    const reason = textOf(invocation, 'reason') ?? noReason()
    return ({ state, at }) => halt(state, { reason, at }).state
  }
  if (flags['resume'] !== undefined) return ({ state, at }) => resume(state, { at }).state
  if (flags['percent'] !== undefined) {
    const percent = wholePercent(textOf(invocation, 'percent') ?? '')
    return ({ state, at }) => setPercent(state, { percent, at }).state
  }
  if (flags['next'] !== undefined) return ({ state, at, steps }) => setPercent(state, { percent: nextStep(state, steps), at }).state
  return null
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
