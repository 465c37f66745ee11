// What commands about one channel share: the job to change it, its document, its text. No command of its own.
import type { ChannelState } from '@slipway/core'
import type { AppSettings, Project } from '../config/project.ts'
import { plain } from '../reporters/safe.ts'
import { openKeys } from '../run/keys.ts'
import type { ChannelChange, ChannelJob } from '../run/channel-turn.ts'
import type { Invocation, Style } from './command.ts'
import { bucketsOf, oneApp, projectOf } from './project.ts'

export const jobOf = async (
  invocation: Invocation,
): Promise<{ readonly job: ChannelJob; readonly settings: AppSettings; readonly project: Project }> => {
  const { io, signal, interactive, ask } = invocation
  const project = await projectOf(invocation)
  const settings = oneApp(project)
  const bucket = await bucketsOf(invocation, project)(settings)
  const keys = openKeys(io, { settings, ...(interactive ? { ask } : {}) })
  return { job: { io, settings, bucket, keys, signal }, settings, project }
}

export const channelDocument = (channel: string, { n, at, current, before, candidate, halted }: ChannelState) => ({
  channel,
  n,
  at,
  current,
  before,
  candidate,
  halted,
})

export const channelText = (channel: string, { before, after, settled }: ChannelChange, style: Style): string => {
  const same = after.n === before.n
  const candidate = after.candidate === null ? '' : `, ${plain(after.candidate.version)} for ${after.candidate.percent} %`
  const halted = after.halted === null ? '' : `\n${style.red('halted')}     ${plain(after.halted.reason)}`
  const heads = settled.changed.length === 0 ? 'all heads show it' : `${settled.changed.length} heads changed`
  return `${style.bold(channel)} ${same ? 'stays at' : 'is now at'} ${plain(after.current ?? 'nothing')}${candidate} (change ${after.n}, ${heads})${halted}`
}
