// Which channel a release goes to, and that there is one (CONFIG 3, Channels).
import { channelOf, offer, parseVersion, problem } from '@slipway/core'
import type { ChannelState, Problem } from '@slipway/core'
import type { AppSettings, Project } from '../config/project.ts'

export interface ChosenChannel {
  readonly name: string
  readonly problems: readonly Problem[]
}

/** The asked one; else the prerelease word of the version, else `stable`. The dev profile knows `dev` alone. */
export const channelFor = ({ profile, locate }: Project, { app, channels }: AppSettings, asked: string | undefined): ChosenChannel => {
  if (profile === 'dev') {
    const hint = 'Leave the channel out, or use profile release.'
    const problems =
      asked === undefined || asked === 'dev'
        ? []
        : [problem('plan/dev-channel', `What profile dev makes goes to no channel but dev, not to ${asked}`, { hint })]
    return { name: 'dev', problems }
  }
  const own = parseVersion(app.version) === undefined ? 'stable' : channelOf(app.version)
  const name = asked ?? own
  if (Object.hasOwn(channels, name)) return { name, problems: [] }
  const why = asked === undefined && own !== 'stable' ? ` (from version ${app.version})` : ''
  return {
    name,
    problems: [
      problem('plan/unknown-channel', `There is no channel ${name}${why}`, { hint: hintFor(channels, name), where: locate('channels') }),
    ],
  }
}

const hintFor = (channels: AppSettings['channels'], name: string): string =>
  `Channels are: ${Object.keys(channels).join(' ')}. Add channels.${name} to the config, or name another one.`

/** The channel with a release offered there. What it offers already, at this percent or further on, is left as it is: a re-run converges. */
export const offered = (
  state: ChannelState,
  next: { readonly version: string; readonly percent: number; readonly at: string },
): ChannelState => {
  const { current, candidate, halted } = state
  const there = current === next.version || (candidate?.version === next.version && candidate.percent >= next.percent)
  return there && halted === null ? state : offer(state, next).state
}
