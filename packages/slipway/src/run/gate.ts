// The gate: publishing is refused unless every required check has passing, fresh evidence for these exact digests (DESIGN 1).
import { canonical, digestOf, fail, predicateTypes, problem, SlipwayError } from '@slipway/core'
import type { Hex, Json, Release, Statement, Step, TestResult, VerificationSummary } from '@slipway/core'
import type { ChosenUnit } from '../config/project.ts'
import { units } from '../plan/kinds.ts'
import { acceptsOf } from './accepts.ts'
import { isAbout, readEvidence, sealStatement, subjectOf } from './evidence.ts'
import type { OpenStatement } from './evidence.ts'
import { recordBytes } from './sign.ts'
import { once } from './objects.ts'
import type { StepResult } from './schedule.ts'
import { need } from './work.ts'
import type { EvidenceFile, Work } from './work.ts'

export type CheckState = 'passed' | 'failed' | 'stale' | 'missing' | 'waived' | 'off'
export interface GateRow {
  readonly check: string
  readonly state: CheckState
  readonly why: string
  readonly evidence: Hex | null
}

export interface GateQuestion {
  readonly requires: readonly string[]
  readonly checks: readonly ChosenUnit[]
  readonly subject: Statement['subject']
  readonly evidence: readonly OpenStatement[]
  readonly nowMs: number
}

/** What stands for and against publishing, one row a required check. Pure; the newest statement about these digests counts. */
export const judge = ({ requires, checks, subject, evidence, nowMs }: GateQuestion): readonly GateRow[] =>
  requires.map(check => {
    const unit = checks.find(one => one.id === check)
    if (unit === undefined) return { check, state: 'off', why: 'this config has no such check', evidence: null }
    const mine = evidence.filter(one => one.statement.predicateType === predicateTypes.check && resultOf(one).slipway.check === check)
    const about = mine
      .filter(one => isAbout(one.statement, subject))
      .sort((a, b) => (resultOf(a).slipway.at < resultOf(b).slipway.at ? 1 : -1))
    const newest = about[0]
    if (newest === undefined)
      return {
        check,
        state: mine.length > 0 ? 'stale' : 'missing',
        why: mine.length > 0 ? 'it ran for other digests' : 'it has not run',
        evidence: null,
      }
    const { result, slipway, failedTests } = resultOf(newest)
    if (result !== 'PASSED') return { check, state: 'failed', why: failedTests.join('; '), evidence: newest.sha256 }
    const freshMs = durationMs(unit.options['fresh'])
    if (freshMs !== null && nowMs - Date.parse(slipway.at) > freshMs)
      return { check, state: 'stale', why: `it ran at ${slipway.at}`, evidence: newest.sha256 }
    return { check, state: 'passed', why: slipway.at, evidence: newest.sha256 }
  })

const resultOf = (open: OpenStatement): TestResult => open.statement.predicate as TestResult

/** Runs one check and keeps what it found as a signed statement; passing, fresh evidence of these digests is not made again. */
export const performCheck = async (work: Work, step: Step): Promise<StepResult> => {
  const id = step.unit.slice('checks/'.length)
  const release = need(work.release, 'release.json')
  const key = await work.keys.role('release')
  const known = await readEvidence(work.io, evidenceFolderOf(work), key)
  const [row] = judge({
    requires: [id],
    checks: work.settings.checks,
    subject: subjectOf(release),
    evidence: known,
    nowMs: work.io.clock.now(),
  })
  const kept = known.find(one => one.sha256 === row?.evidence)
  if (row?.state === 'passed' && kept !== undefined) {
    work.evidence.set(id, kept)
    return { outcome: 'cached', reason: `passed at ${row.why}` }
  }
  const { tested, findings } = await units.checks(id).check(await subject(work, release), step.options as never)
  const failed = findings.filter(finding => finding.severity === 'high' || finding.severity === 'critical')
  const predicate: TestResult = {
    result: failed.length > 0 ? 'FAILED' : 'PASSED',
    configuration: [{ name: id, digest: { sha256: digestOf(step.options as unknown as Json) } }],
    passedTests: failed.length > 0 ? [] : tested,
    warnedTests: findings.filter(finding => !failed.includes(finding)).map(finding => finding.message),
    failedTests: failed.map(finding => `${finding.code}: ${finding.message}`),
    slipway: { check: id, at: new Date(work.io.clock.now()).toISOString(), run: work.run, version: work.version, plan: work.planDigest },
  }
  await keep(
    work,
    id,
    await sealStatement(
      id,
      { _type: 'https://in-toto.io/Statement/v1', subject: subjectOf(release), predicateType: predicateTypes.check, predicate },
      key,
    ),
  )
  if (failed.length === 0) return { outcome: 'done', reason: `${tested.length} things looked at` }
  throw new SlipwayError(failed.map(one => problem(one.code, one.message, { hint: one.fix, where: one.where, exit: 'refused' })))
}

/** What the gate needs of a run: promote has no more. */
export type GateWork = Pick<Work, 'io' | 'settings' | 'keys' | 'version' | 'evidence'>

/** The verdict for the planned channel, as a SLSA verification summary over the evidence; refused: `gate/incomplete` (exit 3). */
export const performVerdict = async (work: Work, step: Step): Promise<StepResult> => {
  const release = need(work.release, 'release.json')
  const { channel, requires } = step.options as { readonly channel: string; readonly requires: readonly string[] }
  const made = await verdictFor(work, { release, channel, requires })
  work.verdict = made.sha256
  return { outcome: 'done', reason: `${requires.join(' ')} for ${channel}` }
}

export const verdictFor = async (
  work: GateWork,
  { release, channel, requires }: { release: Release; channel: string; requires: readonly string[] },
): Promise<EvidenceFile> => {
  const key = await work.keys.role('release')
  const evidence = await readEvidence(work.io, evidenceFolderOf(work), key)
  const rows = judge({ requires, checks: work.settings.checks, subject: subjectOf(release), evidence, nowMs: work.io.clock.now() })
  refuseUnlessPassed(rows, { channel, files: release.artifacts.length, signoffs: work.settings.channels[channel]?.signoffs ?? 0 })
  const statement: Statement<VerificationSummary> = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectOf(release),
    predicateType: predicateTypes.gate,
    predicate: {
      verifier: { id: 'slipway', version: { slipway: work.version } },
      timeVerified: new Date(work.io.clock.now()).toISOString(),
      resourceUri: release.at,
      policy: { uri: `channel:${channel}`, digest: { sha256: digestOf({ channel, requires: [...requires] }) } },
      inputAttestations: rows.map(row => ({ uri: `check:${row.check}`, digest: { sha256: row.evidence ?? '' } })),
      verificationResult: 'PASSED',
      verifiedLevels: [],
    },
  }
  const before = evidence.find(one => sameVerdict(one, statement))
  const made = before ?? (await sealStatement(`gate-${channel}`, statement, key))
  await keep(work, `gate-${channel}`, made)
  return made
}

const sameVerdict = ({ statement }: OpenStatement, wanted: Statement<VerificationSummary>): boolean => {
  const bare = (one: Statement): string =>
    canonical({ ...one, predicate: { ...(one.predicate as object), timeVerified: '' } } as unknown as Json)
  return statement.predicateType === predicateTypes.gate && bare(statement) === bare(wanted)
}

const refuseUnlessPassed = (
  rows: readonly GateRow[],
  { channel, files, signoffs }: { channel: string; files: number; signoffs: number },
): void => {
  const open = rows.filter(row => row.state !== 'passed' && row.state !== 'waived')
  if (open.length === 0 && signoffs === 0) return
  const lines = [...open.map(row => `${row.check} ${row.state}: ${row.why}`), ...(signoffs > 0 ? [`signoffs 0 of ${signoffs}`] : [])]
  fail('gate/incomplete', `${channel} lacks evidence for these ${files} packages: ${lines.join('; ')}`, {
    hint:
      open.length > 0
        ? `Nothing was published. Next: slipway gate --only ${open[0]?.check ?? ''}`
        : 'Nothing was published. Sign-offs cannot be given with this version of Slipway.',
    facts: { rows: open },
    exit: 'refused',
  })
}

const subject = async (work: Work, release: Release) => ({
  app: work.settings.app,
  planned: work.planned,
  artifacts: release.artifacts,
  sums: need(work.sums, 'SHA256SUMS'),
  accepts: await acceptsOf(work),
  bytes: (file: string): AsyncIterable<Uint8Array> =>
    file === 'release.json' ? once(recordBytes(release)) : work.io.files.stream(need(work.made.get(file), file).path),
})

const keep = async (work: GateWork, name: string, file: EvidenceFile): Promise<void> => {
  await work.io.files.create(`${evidenceFolderOf(work)}/${file.file}`, file.bytes)
  work.evidence.set(name, file)
}

export const evidenceFolderOf = (work: Pick<Work, 'settings'>): string => `${work.settings.evidence}/${work.settings.app.version}`

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const durationMs = (text: unknown): number | null => {
  const match = typeof text === 'string' ? /^(\d+)([mhd])$/.exec(text) : null
  return match === null ? null : Number(match[1]) * (unitsMs[match[2] ?? ''] ?? 0)
}
