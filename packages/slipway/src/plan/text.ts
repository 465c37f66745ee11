// The plan as a person reads it (CONFIG 6). Untrusted text goes through `plain`.
import { releaseFile } from '@slipway/core'
import type { PlannedApp } from '@slipway/core'
import { plain } from '../reporters/safe.ts'
import type { Style } from '../reporters/table.ts'
import { observedOf, urlOf } from './document.ts'
import type { PlanShown } from './document.ts'
import { planNotes } from './notes.ts'
import type { ObservedObject } from './observe.ts'

export const planText = (shown: PlanShown, style: Style, verbose: boolean): string => {
  const page: Page = { shown, style, line: (name, text) => `${style.cyan(name.padEnd(11))}${text}` }
  return [
    ...shown.plan.apps.flatMap(app => appLines(page, app, verbose)),
    ...needLines(page),
    ...(verbose ? chosenLines(page) : []),
    ...ending(page),
  ].join('\n')
}

interface Page {
  readonly shown: PlanShown
  readonly style: Style
  /** A named line; with an empty name one that belongs to the line above. */
  readonly line: (name: string, text: string) => string
}

const appLines = (page: Page, app: PlannedApp, verbose: boolean): readonly string[] => [
  titleLine(page, app),
  ...haltLine(page, app),
  ...abandonedLine(page, app),
  ...packageLines(page, app, verbose),
  ...noteLines(page, app),
  ...feedLines(page, app, verbose),
  ...writeLines(page, app, verbose),
  gateLine(page, app),
]

const titleLine = ({ shown: { project, plan, digest }, style }: Page, app: PlannedApp): string => {
  const [commit] = Object.values(plan.sources)
  const percent = app.percent < 100 ? `, ${app.percent} %` : ''
  const source = commit === undefined ? 'no git' : `commit ${commit.slice(0, 7)}${project.dirty ? ' (changed)' : ''}`
  const name = project.apps.find(one => one.app.key === app.app)?.app.name ?? app.app
  return `${style.bold(plain(`${name} ${app.version} to ${app.channel}${percent}`))}      ${style.dim(`profile ${plan.profile}   ${source}   plan ${digest.slice(0, 8)}`)}`
}

const abandonedLine = ({ shown, style, line }: Page, app: PlannedApp): readonly string[] => {
  const heads = observedOf(shown.observed, app)?.abandoned ?? []
  return heads.length === 0
    ? []
    : [line('dropped', style.yellow(`not served any more, and told that there is nothing new: ${heads.map(plain).join(' ')}`))]
}

const haltLine = ({ shown, style, line }: Page, app: PlannedApp): readonly string[] => {
  const halted = observedOf(shown.observed, app)?.halted ?? null
  return halted === null ? [] : [line('halted', style.red(`${app.channel} is halted: ${plain(halted)}. A higher version lifts the halt.`))]
}

const packageLines = ({ shown, style, line }: Page, app: PlannedApp, verbose: boolean): readonly string[] => {
  const unique = (values: readonly string[]): string => [...new Set(values)].join(' ')
  const signers = [...new Set(app.artifacts.flatMap(one => one.signatures))]
  const counts = signers.map(id => `${id} ${app.artifacts.filter(one => one.signatures.includes(id)).length}`)
  const files = app.artifacts.map(one => `${plain(one.file)}  ${style.dim(urlOf(shown.project, app, releaseFile(app.version, one.file)))}`)
  const summary = `${app.artifacts.length}: ${unique(app.artifacts.map(one => one.kind))} for ${unique(app.artifacts.map(one => one.target))}`
  return [
    line('packages', verbose ? summary : `${summary}      ${style.dim('--verbose lists names and URLs')}`),
    ...(verbose ? files.map(text => line('', text)) : []),
    line('signed', [...counts, 'SHA256SUMS'].join('   ')),
  ]
}

const noteLines = ({ shown, line }: Page, app: PlannedApp): readonly string[] =>
  planNotes(shown.project, app).map(({ file, text }, at) => line(at === 0 ? 'notes' : '', `${plain(file)}: ${plain(text)}`))

const feedLines = ({ shown, style, line }: Page, app: PlannedApp, verbose: boolean): readonly string[] => {
  const counts = app.feeds.map(
    feed => `${feed.id} ${Object.keys(feed.heads).length} ${Object.keys(feed.heads).length === 1 ? 'file' : 'files'}`,
  )
  const held =
    app.percent === 100 ? [] : app.feeds.map(feed => style.dim(`${app.percent} % on ${feed.id}: ${shown.percents[feed.id] ?? ''}`))
  const heads = app.feeds
    .flatMap(feed => Object.entries(feed.heads))
    .map(([head, files]) => `${plain(head)} ${style.dim(`names ${[...new Set(files)].map(plain).join(' ')}`)}`)
  return [
    line('feeds', counts.length === 0 ? 'none; our own clients read the signed index' : counts.join('   ')),
    ...[...held, ...(verbose ? heads : [])].map(text => line('', text)),
  ]
}

const writeLines = ({ shown, line }: Page, app: PlannedApp, verbose: boolean): readonly string[] => {
  const objects = observedOf(shown.observed, app)?.objects ?? []
  const count = (action: ObservedObject['action']): number =>
    objects.filter(one => one.action === action).reduce((sum, one) => sum + one.count, 0)
  const kept = count('keep') === 0 ? '' : `${count('keep')} there already, `
  const summary = `${count('create') + count('swap')} objects to ${shown.project.store.id}: ${count('create')} new, ${kept}then ${count('swap')} swapped: draft, pointer, heads`
  const each = objects.map(one => `${one.action.padEnd(6)} ${one.count > 1 ? `${one.count} x ` : ''}${plain(one.key)}`)
  return [line('writes', summary), ...(verbose ? each.map(text => line('', text)) : [])]
}

const gateLine = ({ shown, style, line }: Page, app: PlannedApp): string => {
  const rows = (shown.requires[app.app] ?? []).map(
    ({ check, state }) => `${check} ${state === 'passed' ? style.green(state) : style.yellow(state)}`,
  )
  return line('gate', rows.length === 0 ? `${app.channel} requires nothing` : `${app.channel} needs ${rows.join('   ')}`)
}

const needLines = ({ shown: { observed }, style, line }: Page): readonly string[] => {
  const missing = observed.secrets.filter(one => one.state === 'missing').map(one => `${plain(one.ref)} (for ${one.for.join(', ')})`)
  const present = observed.secrets.filter(one => one.state === 'present').length
  const words =
    missing.length === 0 ? `${present} present` : `${present} present, ${style.red(`${missing.length} missing`)}: ${missing.join(' ')}`
  const tools = observed.tools.map(one => `${one.tool} ${one.version ?? style.red('missing')}`)
  return [
    line('secrets', observed.secrets.length === 0 ? 'none needed' : words),
    ...(tools.length === 0 ? [] : [line('tools', tools.join('   '))]),
    ...observed.store.map(one => line('store', style.red(plain(one.message)))),
  ]
}

const chosenLines = ({ shown, style, line }: Page): readonly string[] =>
  shown.project.chosen.map((one, at) =>
    line(at === 0 ? 'chosen' : '', style.dim(`${one.path} = ${plain(JSON.stringify(one.value))}  from ${plain(one.from)}`)),
  )

/** Open questions are problems of the command: the frame prints them. */
const ending = ({ shown: { project, observed }, style }: Page): readonly string[] => {
  if (observed.ready) return [style.green('Ready: slipway release')]
  const counts = [
    [project.questions.length, 'open questions'],
    [observed.secrets.filter(one => one.state === 'missing').length, 'secrets missing'],
    [observed.tools.filter(one => one.version === null).length, 'tools missing'],
    [observed.store.length, 'faults of the store'],
  ] as const
  return [style.yellow(`Not ready: ${counts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(', ')}.`)]
}
