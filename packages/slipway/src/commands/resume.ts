// `--resume`: what the channels were when the stopped run was planned (CONTRACTS 8).
import { fail } from '@slipway/core'
import { readDraft } from '../run/draft.ts'
import { unfinished } from '../run/journal.ts'
import type { Basis } from '../run/journal.ts'
import type { Stage } from '../plan/steps.ts'
import type { Invocation } from './command.ts'
import { stateOf } from './project.ts'
import type { Planned } from './project.ts'

/** `--resume` needs an unfinished journal of this plan or a draft of it in the bucket, else exit 2 (CONTRACTS 8). */
export const basisOf = async (
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
      const bucket = await buckets(settings)
      // A committed release is no unfinished one, though its draft stays.
      if ((await stateOf(invocation, settings, bucket))?.releases[settings.app.version] !== undefined) return null
      const draft = await readDraft(bucket, settings.app.version)
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
