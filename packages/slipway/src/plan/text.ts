// The plan as a person reads it (CONFIG 6), and as `--json` prints it (CONFIG 7).
import type { Hex, PlanBody, PlannedApp, Problem } from '@slipway/core'
import { publicProblem } from '@slipway/core'
import type { Project } from '../config/project.ts'
import { plain } from '../reporters/safe.ts'
import type { Style } from '../reporters/table.ts'
import type { Observed, ObservedApp } from './observe.ts'

export interface PlanShown {
  readonly project: Project
  readonly plan: PlanBody
  readonly digest: Hex
  readonly observed: Observed
  readonly requires: Readonly<Record<string, readonly { readonly check: string; readonly state: string }[]>>
  /** Feed id -> what a percent means for its client. */
  readonly percents: Readonly<Record<string, string>>
}

/** Members of slipway.plan/1 beside schema, ok, errors. */
export const planDocument = ({ project, plan, digest, observed, requires }: PlanShown): Readonly<Record<string, unknown>> => ({
  digest,
  profile: plan.profile,
  ready: observed.ready,
  commits: plan.sources,
  dirty: project.dirty,
  apps: plan.apps.map(app => appDocument(project, app, { observed: observedOf(observed, app), requires: requires[app.app] ?? [] })),
  questions: project.questions.map(publicProblem),
  secrets: observed.secrets,
  tools: observed.tools,
  steps: plan.steps.map(step => ({ id: step.id, after: step.needs })),
})

const observedOf = (observed: Observed, app: PlannedApp): ObservedApp | undefined => observed.apps.find(one => one.app === app.app)

const urlOf = (project: Project, key: string, base: string): string => {
  const url = project.store.options['url']
  return typeof url === 'string' ? `${url.replace(/\/+$/, '')}/${base}${key.split('/').map(encodeURIComponent).join('/')}` : ''
}

const appDocument = (project: Project, app: PlannedApp, more: { observed: ObservedApp | undefined; requires: unknown }) => {
  const base = project.apps.find(one => one.app.key === app.app)?.base ?? ''
  return {
    app: app.app,
    version: app.version,
    channel: app.channel,
    percent: app.percent,
    files: app.artifacts.map(({ file, kind, role, target, signatures, labels }) => ({
      file,
      kind,
      role,
      target,
      url: urlOf(project, `releases/${app.version}/${file}`, base),
      signatures,
      labels,
      sizeBytes: null,
      sha256: null,
    })),
    chosen: project.chosen,
    feeds: app.feeds.flatMap(feed => Object.entries(feed.heads).map(([head, files]) => ({ feed: feed.id, url: urlOf(project, head, base), files: [...new Set(files)] }))),
    objects: more.observed?.objects ?? [],
    channelNow: more.observed === undefined ? null : { n: more.observed.n, current: more.observed.current, halted: more.observed.halted },
    requires: more.requires,
  }
}

export const planText = (shown: PlanShown, style: Style, verbose: boolean): string => {
  const { project, plan, digest, observed } = shown
  const commit = Object.values(plan.sources)[0]
  const heads = plan.apps.map(app => {
    const title = `${app.app} ${app.version} to ${app.channel}${app.percent < 100 ? `, ${app.percent} %` : ''}`
    const facts = [`profile ${plan.profile}`, commit === undefined ? 'no git' : `commit ${commit.slice(0, 7)}${project.dirty ? ' (changed)' : ''}`, `plan ${digest.slice(0, 8)}`]
    return [`${style.bold(plain(title))}      ${style.dim(facts.join('   '))}`, ...appLines(shown, app, style, verbose)].join('\n')
  })
  return [...heads, ...secretLines(observed, style), ...(verbose ? chosenLines(project, style) : []), ending(shown, style)].join('\n')
}

const line = (style: Style, name: string, text: string): string => `${style.cyan(name.padEnd(11))}${text}`

const appLines = ({ project, observed, requires, percents }: PlanShown, app: PlannedApp, style: Style, verbose: boolean): readonly string[] => {
  const kinds = [...new Set(app.artifacts.map(one => one.kind))]
  const targets = [...new Set(app.artifacts.map(one => one.target))]
  const seen = observedOf(observed, app)
  const count = (action: string): number => (seen?.objects ?? []).filter(one => one.action === action).reduce((sum, one) => sum + one.count, 0)
  const signers = [...new Set(app.artifacts.flatMap(one => one.signatures))].map(id => `${id} ${app.artifacts.filter(one => one.signatures.includes(id)).length}`)
  const feeds = app.feeds.map(feed => `${feed.id} ${Object.keys(feed.heads).length} ${Object.keys(feed.heads).length === 1 ? 'file' : 'files'}`)
  const gate = (requires[app.app] ?? []).map(one => `${one.check} ${one.state === 'passed' ? style.green(one.state) : style.yellow(one.state)}`)
  const held = app.percent < 100 ? app.feeds.filter(feed => percents[feed.id] !== undefined).map(feed => line(style, '', style.dim(`${app.percent} % on ${feed.id}: ${percents[feed.id] ?? ''}`))) : []
  const halt = seen?.halted == null ? [] : [line(style, 'halted', style.red(`${app.channel} is halted: ${plain(seen.halted)}`))]
  return [
    ...halt,
    line(style, 'packages', `${app.artifacts.length}: ${kinds.join(' ')} for ${targets.join(' ')}`),
    ...(verbose ? app.artifacts.map(one => line(style, '', `${plain(one.file)}  ${style.dim(urlOf(project, `releases/${app.version}/${one.file}`, ''))}`)) : []),
    line(style, 'signed', [...signers, 'SHA256SUMS'].join('   ')),
    line(style, 'feeds', feeds.length === 0 ? 'none (our SDK reads the signed index)' : feeds.join('   ')),
    ...held,
    ...(verbose ? app.feeds.flatMap(feed => Object.entries(feed.heads).map(([head, files]) => line(style, '', `${plain(head)} ${style.dim(`names ${[...new Set(files)].join(' ')}`)}`))) : []),
    line(style, 'writes', `${count('create') + count('swap')} objects to ${project.store.id}: ${count('create')} new, ${count('keep')} there already, ${count('swap')} swapped (draft, pointer, heads)`),
    ...(verbose ? (seen?.objects ?? []).map(one => line(style, '', `${one.action.padEnd(6)} ${one.count > 1 ? `${one.count} x ` : ''}${plain(one.key)}`)) : []),
    line(style, 'gate', gate.length === 0 ? 'nothing required' : `${app.channel} needs ${gate.join('   ')}`),
  ]
}

const secretLines = (observed: Observed, style: Style): readonly string[] => {
  const missing = observed.secrets.filter(one => one.state === 'missing')
  const present = observed.secrets.filter(one => one.state === 'present').length
  const tools = observed.tools.map(one => `${one.tool} ${one.version ?? style.red('missing')}`)
  const words = missing.length === 0 ? `${present} present` : `${present} present, ${style.red(`${missing.length} missing`)}: ${missing.map(one => `${plain(one.ref)} (for ${one.for.join(', ')})`).join(' ')}`
  return [line(style, 'secrets', observed.secrets.length === 0 ? 'none needed' : words), ...(tools.length === 0 ? [] : [line(style, 'tools', tools.join('   '))])]
}

const chosenLines = (project: Project, style: Style): readonly string[] =>
  project.chosen.map(one => line(style, '', style.dim(`${one.path} = ${plain(JSON.stringify(one.value))}  from ${plain(one.from)}`)))

const ending = ({ project, observed }: PlanShown, style: Style): string => {
  const questions = project.questions.map((one: Problem) => `${style.yellow('question')}   ${plain(one.message)} ${style.dim(plain(one.hint))}`)
  const missing = observed.secrets.filter(one => one.state === 'missing').length + observed.tools.filter(one => one.version === null).length
  const ready = observed.ready ? style.green('Ready: slipway release') : style.yellow(`Not ready: ${questions.length} open questions, ${missing} things missing.`)
  return [...questions, ready].join('\n')
}
