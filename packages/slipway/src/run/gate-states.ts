// How the gate of the planned channel stands before a run: for `plan` and `status`.
import { digestOf, parseRelease, parseJson } from '@slipway/core'
import type { Json, PlanBody } from '@slipway/core'
import { Buffer } from 'node:buffer'
import type { AppSettings, Project } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import { readEvidence, subjectOf } from './evidence.ts'
import { judge } from './gate.ts'
import { keysOfRole, readRoot } from './trust.ts'

/** One row a required check. Without packages that were made, or without a trust folder, every check is missing. */
export const gateStates = async (io: Io, project: Project, { settings, plan }: { settings: AppSettings; plan: PlanBody }) => {
  const channel = plan.apps.find(app => app.app === settings.app.key)?.channel ?? ''
  const requires = settings.channels[channel]?.requires ?? []
  const missing = requires.map(check => ({ check, state: 'missing' as const }))
  const record = `${settings.out}/release.json`
  if ((await io.files.stat(record)) === null || (await io.files.stat(`${settings.trust.folder}/root.json`)) === null) return missing
  const release = parseRelease(parseJson(await io.files.readText(record)))
  if (release.from.config !== project.configDigest || digestOf(release.from.commits as Json) !== digestOf(project.commits as Json))
    return missing
  const root = await readRoot(io, settings)
  const key = keysOfRole(root.signed, 'targets')[0]
  if (key === undefined) return missing
  const evidence = await readEvidence(io, `${settings.evidence}/${settings.app.version}`, {
    keyId: key.keyId,
    public: Buffer.from(key.public, 'hex'),
  })
  const rows = judge({ requires, checks: settings.checks, subject: subjectOf(release), evidence, nowMs: io.clock.now() })
  return rows.map(({ check, state }) => ({ check, state }))
}
