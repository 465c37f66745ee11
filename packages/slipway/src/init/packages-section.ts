// The key `packages`: the formats that the project wants, as far as they are there; archives where none is (CONFIG 2).
import type { Target } from '@slipway/core'
import { unitsOf } from '../config/kinds.ts'
import { checkedRelations } from './relations.ts'
import { draft, entry, type Draft, type Line, type Value } from './draft.ts'
import type { AppKey, Finding } from './finding.ts'
import { osOf } from './finding.ts'

export interface PackagesSection {
  readonly lines: readonly Line[]
  readonly active: readonly Active[]
}
interface Active {
  readonly id: string
  readonly targets: readonly Target[]
}
interface Subject {
  readonly finding: Finding
  readonly targets: readonly Target[]
  readonly app: Readonly<Partial<Record<AppKey, string>>>
}

export const packagesSection = (subject: Subject): PackagesSection => {
  const { finding, targets } = subject
  const { ids, why } = finding.packages
  const deb = debOf(subject)
  const native = ids.filter(id => !archives.includes(id)).flatMap(id => activeOf(id, targets))
  const kept = native
    .filter(one => one.id !== 'deb' || deb !== undefined)
    .map(one => (one.id === 'deb' ? { ...one, targets: debTargets(one.targets) } : one))
  const active = [...archivesFor(subject, kept), ...kept]
  const later = ids.filter(id => !unitsOf.packages.some(unit => unit.id === id))
  const entries = active.map(one => entry(one.id, settingOf(one, { targets, deb })))
  const notes = [
    ...(later.length === 0 ? [] : [`Not available yet: ${later.join(', ')}.`]),
    ...(deb === undefined && ids.includes('deb') && targets.some(target => osOf(target) === 'linux')
      ? ["deb: true, once app.publisher is 'Name <mail>': a deb names its maintainer."]
      : []),
  ]
  return { lines: [entry('packages', draft(...entries), `Formats: ${why}.`, ...notes)], active }
}

const archives = ['tar.gz', 'tar.xz', 'tar.zst', 'zip']

/** The targets of a format that is there, as its unit says. */
const activeOf = (id: string, targets: readonly Target[]): readonly Active[] => {
  const unit = unitsOf.packages.find(one => one.id === id)
  const own = targets.filter(target => unit?.os.some(os => os === osOf(target)))
  return own.length === 0 ? [] : [{ id, targets: own }]
}

/** A tool has an archive for every system, zip for Windows; a desktop app only where it has nothing else yet. */
const archivesFor = ({ finding, targets }: Subject, native: readonly Active[]): readonly Active[] => {
  const { ids } = finding.packages
  const here = ids.filter(id => archives.includes(id) && unitsOf.packages.some(unit => unit.id === id))
  const tars = here.filter(id => id !== 'zip')
  if (finding.targets.list === null) return (here.length > 0 ? here : ['tar.gz']).map(id => ({ id, targets: [] }))
  if (ids.includes('binary') && here.length === 0) return []
  const packed = native.flatMap(one => one.targets)
  const open = finding.desktop ? targets.filter(target => !packed.includes(target)) : targets
  const unix = tars.length > 0 ? tars : ids.includes('zip') && !ids.some(id => id.startsWith('tar.')) ? ['zip'] : ['tar.gz']
  const idsFor = (target: Target): readonly string[] => (osOf(target) === 'windows' ? ['zip'] : unix)
  return [...new Set([...unix, 'zip'])]
    .map(id => ({ id, targets: open.filter(target => idsFor(target).includes(id)) }))
    .filter(one => one.targets.length > 0)
}

/** One deb an architecture: musl programs have no place of their own in Debian. */
const debTargets = (targets: readonly Target[]): readonly Target[] =>
  targets.filter(target => !target.endsWith('-musl') || !targets.includes(target.replace(/-musl$/, '')))

const settingOf = (
  { id, targets: own }: Active,
  { targets, deb }: { readonly targets: readonly Target[]; readonly deb: Draft | undefined },
): Value => {
  const unit = unitsOf.packages.find(one => one.id === id)
  const natural = targets.filter(target => unit?.os.some(os => os === osOf(target)))
  const narrowed = own.length > 0 && own.length < natural.length ? [entry('targets', patterns(own, targets))] : []
  const options = [...narrowed, ...(id === 'deb' ? (deb?.lines ?? []) : [])]
  return options.length === 0 ? true : draft(...options)
}

/** `linux-*` where that says the same. */
const patterns = (own: readonly Target[], targets: readonly Target[]): readonly string[] => {
  const whole = ['macos', 'windows', 'linux'].filter(
    os => targets.some(target => osOf(target) === os) && targets.every(target => osOf(target) !== os || own.includes(target)),
  )
  return [...whole.map(os => `${os}-*`), ...own.filter(target => !whole.includes(osOf(target)))]
}

const mailPattern = /^[^<>]*[^<>\s][^<>]* <[^<>\s@]+@[^<>\s@]+>$/

/** undefined: no deb, since it has no maintainer or no name and nobody asked for one. */
const debOf = ({ finding, app }: Subject): Draft | undefined => {
  const isAsked = finding.deb !== undefined && finding.packages.ids.includes('deb')
  const { publisher = '', bin = '' } = app
  const hasMail = mailPattern.test(publisher)
  const name = bin.toLowerCase().replace(/[ _]/g, '-')
  const own = checkedRelations(finding.deb ?? draft())
  const isNamed = /^[a-z0-9][a-z0-9+.-]+$/.test(name) || own.lines.some(line => line.entry?.[0] === 'package')
  if (!isAsked && (!hasMail || !isNamed)) return undefined
  const lines = [
    ...(isNamed ? [] : [entry('package', `app-${name.replace(/[^a-z0-9+.-]/g, '')}`, 'A Debian package has two letters or more.')]),
    ...(hasMail ? [] : [entry('maintainer', maintainerTodo(publisher), 'A deb names its maintainer with a mail address.')]),
  ]
  return draft(...lines, ...own.lines)
}

/** In the form that the format asks for, so that it is the only question. */
const maintainerTodo = (publisher: string): string => {
  const name = publisher
    .replace(/^TODO:/, '')
    .replace(/[<>].*$/, '')
    .trim()
  return `TODO: ${name === '' ? 'Your Name' : name} <mail@example.org>`
}
