// GitHub Actions: a group a stage, an annotation a problem, and the job summary (docs.github.com, "Workflow commands").
import { type Problem, redact } from '@slipway/core'
import { lineMaker } from './lines.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'
import { githubData, githubLine, githubProperty, markdown, plain } from './safe.ts'
import { follow, type MadeFile, madeFile, newRun, type RunState, type StageState } from './stages.ts'
import { humanBytes, humanDuration } from './table.ts'

export const github = ({ stream, summary }: ReporterOptions): Reporter => {
  const run = newRun()
  const line = lineMaker()
  const waiting = new Map<string, string[]>()
  const files: MadeFile[] = []
  const print = (text: string): void => stream.write(`${redact(text)}\n`)
  // Stages run side by side and groups cannot: a stage is printed as one group, once all of it has ended.
  const flush = (name: string): void => {
    const lines = waiting.get(name) ?? []
    waiting.delete(name)
    if (lines.length === 0) return
    const stage = run.stages.get(name)
    print(`::group::${githubData(`${name} ${stage === undefined ? '' : countText(stage)}`.trim())}`)
    for (const text of lines) print(text)
    print('::endgroup::')
  }
  return {
    event: event => {
      follow(run, event)
      const made = line(event)
      const file = madeFile(event)
      if (file !== undefined) files.push(file)
      if (made === undefined) return
      if (made.stage === '') {
        for (const name of [...waiting.keys()]) flush(name)
        print(githubLine(made.text))
        return
      }
      waiting.set(made.stage, [...(waiting.get(made.stage) ?? []), githubLine(made.text)])
      if (event.type === 'step.end' && isEnded(run.stages.get(made.stage))) flush(made.stage)
    },
    pause: () => undefined,
    resume: () => undefined,
    end: async problems => {
      for (const name of [...waiting.keys()]) flush(name)
      for (const one of problems) print(annotation(one))
      if (summary === undefined || (run.stages.size === 0 && problems.length === 0)) return
      await summary.files.append(summary.file, new TextEncoder().encode(redact(summaryText({ run, files, problems }))), { durable: false })
    },
  }
}

const isEnded = (stage: StageState | undefined): boolean => stage === undefined || [...stage.steps.values()].every(step => step.endedMs > 0)

const countText = (stage: StageState): string => {
  const steps = [...stage.steps.values()]
  return `${steps.filter(step => step.endedMs > 0).length} of ${steps.length}`
}

const annotation = ({ code, message, hint, where }: Problem): string => {
  const place = [
    ...(where.file === undefined ? [] : [`file=${githubProperty(where.file)}`]),
    ...(where.line === undefined ? [] : [`line=${where.line}`]),
    ...(where.column === undefined ? [] : [`col=${where.column}`]),
    `title=${githubProperty([code, where.path, where.target, where.object].filter(part => part !== undefined).join(' '))}`,
  ]
  return `::error ${place.join(',')}::${githubData(`${plain(message)}\n${plain(hint)}`)}`
}

interface Summary {
  readonly run: RunState
  readonly files: readonly MadeFile[]
  readonly problems: readonly Problem[]
}

const summaryText = ({ run, files, problems }: Summary): string =>
  [
    `## ${markdown(run.title === '' ? 'slipway' : run.title)}`,
    ...(run.stages.size === 0 ? [] : ['', '| stage | done | time |', '| --- | --- | --- |', ...[...run.stages.values()].map(stageRow)]),
    ...(files.length === 0 ? [] : ['', '| file | size | sha256 |', '| --- | ---: | --- |', ...files.map(fileRow)]),
    ...(problems.length === 0
      ? []
      : ['', ...problems.map(one => `- **${markdown(one.code)}** ${markdown(one.message)} ${markdown(one.hint)}`)]),
    '',
    '',
  ].join('\n')

const stageRow = (stage: StageState): string => {
  const steps = [...stage.steps.values()]
  const failed = steps.filter(step => step.state === 'failed').length
  const started = steps.filter(step => step.startedMs > 0).map(step => step.startedMs)
  const took = started.length === 0 ? '' : humanDuration(Math.max(0, Math.max(...steps.map(step => step.endedMs)) - Math.min(...started)))
  return `| ${markdown(stage.name)} | ${countText(stage)}${failed > 0 ? `, ${failed} failed` : ''} | ${took} |`
}

const fileRow = ({ file, sizeBytes, sha256 }: MadeFile): string =>
  `| ${markdown(file)} | ${sizeBytes === undefined ? '' : humanBytes(sizeBytes)} | ${sha256 === undefined ? '' : markdown(sha256)} |`
