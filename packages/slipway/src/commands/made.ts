// The document and the text of what a stage made: slipway.release/1 and its siblings (CONFIG 7).
import type { Project } from '../config/project.ts'
import type { Stage } from '../plan/steps.ts'
import { plain } from '../reporters/safe.ts'
import { humanBytes, humanDuration, table } from '../reporters/table.ts'
import type { RunResult } from '../run/run.ts'
import type { Made, Work } from '../run/work.ts'
import type { Outcome, Style } from './command.ts'
import type { Planned } from './project.ts'

export interface Done {
  readonly planned: Planned
  readonly result: RunResult
  readonly resumed: boolean
  readonly until: Stage
  readonly command: string
}

/** After a failure, too: what was made, and published, by then is said beside the problems. */
export const outcomeOf = ({ planned, result, resumed, until, command }: Done): Outcome => ({
  name: command,
  data: {
    plan: planned.digest,
    resumed,
    durationMs: result.ms,
    apps: result.works.map(work => appDocument(work, result, until)),
  },
  problems: result.problems,
  text: style =>
    result.problems.length > 0 ? '' : result.works.map(work => appText(planned.project, work, { style, until, ms: result.ms })).join('\n'),
})

const appDocument = (work: Work, result: RunResult, until: Stage) => ({
  app: work.settings.app.key,
  version: work.settings.app.version,
  channel: work.planned.channel,
  percent: work.planned.percent,
  release: work.release === undefined ? null : `${work.release.at}release.json`,
  files: artifactsOf(work).map(one => fileDocument(work, one, until)),
  evidence: [...work.evidence.values()].map(one => one.file),
  skipped: result.skipped.filter(one => work.plan.steps.some(step => step.id === one.step && step.app === work.settings.app.key)),
})

const artifactsOf = (work: Work): readonly Made['artifact'][] => work.release?.artifacts ?? [...work.made.values()].map(one => one.artifact)

const fileDocument = (work: Work, one: Made['artifact'], until: Stage) => ({
  file: one.file,
  kind: one.kind,
  role: one.role,
  target: one.target,
  url: until === 'publish' && work.release !== undefined ? `${work.release.at}${encodeURIComponent(one.file)}` : '',
  path: `${work.settings.out}/${one.file}`,
  signatures: Object.keys(one.signatures),
  labels: one.labels,
  sizeBytes: one.sizeBytes,
  sha256: one.sha256,
})

const appText = (project: Project, work: Work, { style, until, ms }: { style: Style; until: Stage; ms: number }): string => {
  const { app } = work.settings
  const artifacts = artifactsOf(work)
  const rows = artifacts.map(one => [
    plain(one.file),
    humanBytes(one.sizeBytes),
    one.sha256.slice(0, 16),
    until === 'publish' ? `${work.release?.at ?? ''}${encodeURIComponent(one.file)}` : '',
  ])
  const where = until === 'publish' ? work.release?.at : `${work.settings.out}/`
  const percent = work.planned.percent < 100 ? ` for ${work.planned.percent} %` : ''
  const verb = until === 'publish' ? `is on ${work.planned.channel}${percent}` : pastTense[until]
  const first = `${style.green('done')} ${style.bold(plain(`${app.name} ${app.version}`))} ${verb} in ${humanDuration(ms)}: ${plain(where ?? project.root)}`
  return [...(rows.length === 0 ? [] : [table(['file', 'size', 'sha256', until === 'publish' ? 'url' : ''], rows, style)]), first].join(
    '\n',
  )
}

const pastTense: Readonly<Record<Stage, string>> = {
  build: 'was built',
  package: 'was packaged',
  sign: 'was signed',
  gate: 'passed the gate',
  publish: 'is published',
}
