// The settings of one app with all defaults filled (CONFIG 2): which units take part, with which whole options, and what follows.
import { isAbsolute, join, parse, resolve } from 'node:path'
import * as z from 'zod'
import { problem, type App, type Problem, type Target, type Where } from '@slipway/core'
import type { Unit } from '../unit.ts'
import { unitsOf, type KindKey } from './kinds.ts'
import type { AppSettings, ChannelPolicy, Choice, ChosenUnit } from './project.ts'
import type { Filled, Own } from './schema.ts'
import { durationMs, rolloutOf } from './time.ts'

export interface FillSubject {
  readonly app: App
  /** Key in `apps`; undefined with one app. */
  readonly key: string | undefined
  readonly own: Own
  readonly whole: Filled
  readonly root: string
  readonly home: string
  readonly profile: 'release' | 'dev'
  readonly desktop: boolean
  /** Paths that `--set` gave: they hold in every profile. */
  readonly isSet: (path: string) => boolean
  readonly where: (path: readonly string[]) => Where
}
export interface FilledApp {
  readonly settings: AppSettings
  readonly chosen: readonly Choice[]
  readonly questions: readonly Problem[]
  readonly problems: readonly Problem[]
}

const alwaysOn: Partial<Record<KindKey, readonly string[]>> = { sign: ['minisign'], checks: ['completeness', 'signatures'] }
const defaults = {
  sign: ['minisign'],
  checks: ['completeness', 'signatures', 'secrets'],
  desktop: ['dmg', 'app.zip', 'nsis', 'appimage', 'deb'],
  tool: ['tar.gz', 'zip'],
} as const

/** Codes: `config/always-on`; as questions `config/no-targets`. */
export const fillApp = (subject: FillSubject): FilledApp => {
  const { app, own, whole, key } = subject
  const notes = notebook(subject)
  const build = takeUnits('build', own.build, [])
  const targets = targetsOf(build.units, subject, notes)
  const kind = subject.desktop || build.units.some(unit => unit.id === 'tauri' || unit.id === 'electron') ? 'desktop' : 'tool'
  const packages = packagesOf(own, own.packages === undefined ? defaults[kind] : [], notes)
  if (own.packages === undefined)
    notes.choose('packages', idsOf(packages.units), `default of a ${kind === 'desktop' ? 'desktop app' : 'command-line tool'}`)
  const sign = signersOf(subject, notes)
  const checks = takeUnits('checks', own.checks, defaults.checks)
  refuseOff('checks', checks.off, notes)
  if (own.checks === undefined) notes.choose('checks', idsOf(checks.units), 'default')
  const settings: AppSettings = {
    app,
    base: key === undefined ? '' : `${key}/`,
    targets,
    build: build.units,
    packages: packages.units,
    sign: sign.units,
    unsigned: sign.off,
    checks: checks.units,
    feeds: takeUnits('feeds', own.feeds, []).units,
    channels: channelsOf(subject, idsOf(checks.units), notes),
    trust: trustOf(subject, notes),
    hooks: Object.fromEntries(Object.entries(whole.hooks ?? {}).map(([name, lines]) => [name, linesOf(lines ?? [])])),
    out: join(below(subject.root, whole.out ?? 'dist'), ...(key === undefined ? [] : [key]), app.version),
    evidence: evidenceOf(subject),
  }
  return { settings, ...notes.written() }
}

interface Notebook {
  readonly choose: (path: string, value: unknown, from: string) => void
  readonly ask: (one: Problem) => void
  readonly refuse: (one: Problem) => void
  readonly at: (path: string) => Where
  readonly written: () => {
    readonly chosen: readonly Choice[]
    readonly questions: readonly Problem[]
    readonly problems: readonly Problem[]
  }
}

const notebook = ({ key, where }: FillSubject): Notebook => {
  const chosen: Choice[] = []
  const questions: Problem[] = []
  const problems: Problem[] = []
  return {
    choose: (path, value, from) => void chosen.push({ path: key === undefined ? path : `apps.${key}.${path}`, value, from }),
    ask: one => void questions.push(one),
    refuse: one => void problems.push(one),
    at: path => where(path.split('.')),
    written: () => ({ chosen, questions, problems }),
  }
}

interface Taken {
  readonly units: readonly ChosenUnit[]
  /** Switched off on purpose. */
  readonly off: readonly string[]
}

/** The units that were chosen, and the defaults that were not switched off, in the order of the kind's list. */
export const takeUnits = (kind: KindKey, said: Readonly<Record<string, unknown>> | undefined, byDefault: readonly string[]): Taken => {
  const all: readonly Unit[] = unitsOf[kind]
  const units = all.flatMap(unit => {
    const options =
      said?.[unit.id] ?? (said?.[unit.id] === undefined && byDefault.includes(unit.id) ? z.strictObject(unit.options).parse({}) : false)
    return options === false ? [] : [{ id: unit.id, options: options as Record<string, unknown> }]
  })
  return { units, off: all.flatMap(unit => (said?.[unit.id] === false ? [unit.id] : [])) }
}

const idsOf = (units: readonly ChosenUnit[]): readonly string[] => units.map(unit => unit.id)

const targetsOf = (build: readonly ChosenUnit[], { own, where }: FillSubject, notes: Notebook): readonly Target[] => {
  if (own.targets !== undefined && own.targets.length > 0) return [...new Set(own.targets)]
  const named = build.flatMap(({ id, options }) => unitsOf.build.find(unit => unit.id === id)?.targets?.(options) ?? [])
  const targets = [...new Set(named)].filter(target => !target.includes('*'))
  if (targets.length > 0) notes.choose('targets', targets, `build.${idsOf(build).join(', build.')}`)
  else if (build.length > 0 || own.targets !== undefined)
    notes.ask(
      problem('config/no-targets', 'Nothing says which systems are built for', {
        hint: "Write targets: ['macos-arm64', 'windows-x64', 'linux-x64'] or fewer.",
        where: { ...where(['targets']), path: 'targets' },
      }),
    )
  return targets
}

const refuseOff = (kind: KindKey, off: readonly string[], notes: Notebook): void => {
  for (const id of off)
    if (alwaysOn[kind]?.includes(id))
      notes.refuse(
        problem('config/always-on', `${kind}.${id} cannot be switched off`, {
          hint: `Take ${id}: false out of ${kind}: every release needs it.`,
          where: notes.at(`${kind}.${id}`),
        }),
      )
}

/** With those that follow from the options of another one, as zsync of an AppImage's update information. */
const packagesOf = (own: Own, byDefault: readonly string[], notes: Notebook): Taken => {
  const said: Readonly<Record<string, unknown>> | undefined = own.packages
  const { units } = takeUnits('packages', said, byDefault)
  const following = unitsOf.packages.flatMap(({ id, from = [], follows, with: beside = [] }) => {
    const leaders = units.filter(unit => beside.includes(unit.id) || (from.includes(unit.id) && follows?.(unit.options) === true))
    const [leader] = leaders
    if (leader === undefined || said?.[id] !== undefined || units.some(unit => unit.id === id)) return []
    notes.choose(`packages.${id}`, true, `packages.${leader.id}`)
    return [{ id, targets: beside.length === 0 ? undefined : targetsOfAll(leaders) }]
  })
  const taken = takeUnits('packages', said, [...byDefault, ...following.map(one => one.id)])
  const targetsFor = new Map(following.map(one => [one.id, one.targets]))
  return {
    ...taken,
    units: taken.units.map(({ id, options }) => {
      const targets = targetsFor.get(id)
      return { id, options: targets === undefined ? options : { ...options, targets } }
    }),
  }
}

/** What follows others is made for their targets; undefined: one of them is made for all that it knows. */
const targetsOfAll = (leaders: readonly ChosenUnit[]): readonly string[] | undefined => {
  const lists = leaders.map(({ options }) => options['targets'] as readonly string[] | undefined)
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap(list => list ?? []))]
}

/** `dev` reads no secret: minisign with a throw-away key, all others off. */
const signersOf = (subject: FillSubject, notes: Notebook): Taken => {
  const taken = takeUnits('sign', subject.own.sign, defaults.sign)
  refuseOff('sign', taken.off, notes)
  if (subject.own.sign?.minisign === undefined) notes.choose('sign.minisign', true, 'default')
  if (subject.profile === 'release') return taken
  const kept = takeUnits('sign', undefined, defaults.sign).units
  const dropped = taken.units.filter(unit => !kept.some(one => one.id === unit.id))
  return { units: kept, off: [...taken.off, ...idsOf(dropped)] }
}

const channelsOf = ({ own, profile }: FillSubject, checks: readonly string[], notes: Notebook): Readonly<Record<string, ChannelPolicy>> => {
  const open = { requires: checks, signoffs: 0, rollout: rolloutOf([]), unsigned: false, freeze: [] }
  if (profile === 'dev') {
    notes.choose('channels', ['dev'], 'profile dev')
    return { dev: { ...open, unsigned: true } }
  }
  if (own.channels === undefined) notes.choose('channels', ['stable', 'canary'], 'default')
  return Object.fromEntries(
    Object.entries(own.channels ?? { stable: {}, canary: {} }).map(([name, said]) => [
      name,
      {
        requires: said.requires ?? checks,
        signoffs: said.signoffs ?? 0,
        rollout: rolloutOf(said.rollout ?? []),
        unsigned: said.unsigned ?? false,
        freeze: said.freeze ?? [],
      },
    ]),
  )
}

const trustOf = ({ app, key, whole, profile, root, home, isSet }: FillSubject, notes: Notebook): AppSettings['trust'] => {
  const said = whole.trust ?? {}
  const dev = profile === 'dev'
  const folder = dev && !isSet('trust.folder') ? '.slipway/dev/trust' : (said.folder ?? 'trust')
  const keyring = dev && !isSet('trust.keyring') ? `.slipway/dev/${app.key}.keys` : ownKeyring(said.keyring, key)
  if (keyring === undefined) notes.choose('trust.keyring', `~/.config/slipway/${app.key}.keys`, 'default')
  return {
    folder: join(below(root, folder), ...(key === undefined ? [] : [key])),
    keyring:
      keyring === undefined
        ? join(home, '.config', 'slipway', `${app.key}.keys`)
        : below(
            root,
            keyring.replace(/^~(?=[\\/])/, () => home),
          ),
    ...(said.release === undefined || dev ? {} : { release: said.release }),
    ...(said.live === undefined || dev ? {} : { live: said.live }),
    freshnessMs: durationMs(said.freshness ?? '400d') ?? 0,
    keep: said.keep ?? 3,
  }
}

/** Each of several apps has keys of its own: `secret.keys` is `secret.one.keys` for the app `one`. */
const ownKeyring = (path: string | undefined, key: string | undefined): string | undefined => {
  if (path === undefined || key === undefined) return path
  const { dir, name, ext } = parse(path)
  return join(dir, `${name}.${key}${ext}`)
}

/** Evidence of a dev run proves nothing: it never lies beside the real one. */
const evidenceOf = ({ app, key, whole, profile, root, isSet }: FillSubject): string => {
  if (profile === 'dev' && !isSet('evidence')) return join(root, '.slipway', 'dev', 'evidence', app.key)
  if (whole.evidence === undefined) return join(root, 'release', app.key)
  return join(below(root, whole.evidence), ...(key === undefined ? [] : [key]))
}

const below = (root: string, path: string): string => (isAbsolute(path) ? path : resolve(root, path))

const linesOf = (lines: string | readonly string[]): readonly string[] =>
  (typeof lines === 'string' ? lines.split('\n') : lines).map(line => line.trim()).filter(line => line !== '')
