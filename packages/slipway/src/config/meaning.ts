// What a config means, once its form is right: builders, targets, feeds, file names, channels; all problems at once (CONFIG 3, "Errors").
import { matchesTarget, parseTarget, problem, type Problem, type Target, type Where } from '@slipway/core'
import type { Filled } from './schema.ts'
import { targetNames } from './schema.ts'
import { unitsOf, type KindKey } from './kinds.ts'
import { nearest } from './nearest.ts'
import type { AppSettings, ChosenUnit } from './project.ts'

export interface Meaning {
  readonly problems: readonly Problem[]
  readonly questions: readonly Problem[]
}
type At = (path: readonly (string | number)[]) => Where

/**
 * Codes: `build/several`, `build/no-parts`, `config/unknown-target`, `config/bad-file-name`, `config/shared-name`, `config/no-source`, `config/no-pair`, `config/check-off`, `config/rollout-falls`,
 * `minisign/always`, `<feed>/no-package`; as questions `build/none` and what signers ask (`<signer>/undecided`).
 */
export const meaningOf = (app: AppSettings, at: At, profile: 'release' | 'dev'): Meaning => ({
  problems: [
    ...severalBuilders(app, at),
    ...unknownTargets(app, at),
    ...fileNames(app, at),
    ...withoutSource(app, at),
    ...withoutPair(app, at),
    ...withoutParts(app, at),
    ...feedsWithoutPackage(app, at),
    ...alwaysSigned(app, at),
    ...(profile === 'dev' ? [] : channelProblems(app, at)),
  ],
  questions: [...withoutBuilder(app, at), ...(profile === 'dev' ? [] : undecided(app, at))],
})

/** Ids that a store's and trust's `keep` rule out. Code: `config/keep`. */
export const keepProblems = (store: ChosenUnit, trust: Filled['trust'], at: At): readonly Problem[] => {
  const keep = store.options['keep']
  const lowest = trust?.keep ?? 3
  if (typeof keep !== 'number' || keep >= lowest) return []
  return [
    problem('config/keep', `store.${store.id}.keep is ${keep}, but trust.keep admits ${lowest} releases`, {
      hint: `Write at least ${lowest}, or lower trust.keep: an admitted release must not be pruned.`,
      where: at(['store', store.id, 'keep']),
    }),
  ]
}

/** What is joined of others is built by nobody else. */
const buildersOf = (app: AppSettings, target: Target): readonly ChosenUnit[] => {
  const able = app.build.filter(({ id, options }) => {
    const named = unitsOf.build.find(unit => unit.id === id)?.targets?.(options) ?? []
    return named.length === 0 || named.some(pattern => matchesTarget(pattern, target))
  })
  const joining = able.filter(({ id }) => unitsOf.build.find(unit => unit.id === id)?.joins !== undefined)
  return joining.length > 0 ? joining : able
}

const severalBuilders = (app: AppSettings, at: At): readonly Problem[] =>
  app.targets.flatMap(target => {
    const ids = buildersOf(app, target).map(unit => unit.id)
    if (ids.length < 2) return []
    return problem('build/several', `${target} is built by ${ids.join(' and ')}`, {
      hint: 'Exactly one builder makes a target: narrow the targets of one of them, or take it out.',
      where: { ...at(['build', ids[1] ?? '']), target },
    })
  })

const withoutBuilder = (app: AppSettings, at: At): readonly Problem[] => {
  if (app.build.length === 0)
    return [
      problem('build/none', 'Nothing says how the app is built', {
        hint: "Write build: { prebuilt: 'dist/{target}' } for files that exist, or build: { command: 'npm run build' }.",
        where: at(['build']),
      }),
    ]
  return app.targets.flatMap(target =>
    buildersOf(app, target).length > 0
      ? []
      : problem('build/none', `No builder makes ${target}`, {
          hint: `Add ${target} to build.${app.build.map(unit => unit.id).join(' or build.')}, or take it out of targets.`,
          where: { ...at(['build']), target },
        }),
  )
}

const kindsWithTargets = ['packages', 'sign', 'feeds'] as const satisfies readonly KindKey[]
const patterns = [...targetNames, 'macos-*', 'windows-*', 'linux-*']

const unknownTargets = (app: AppSettings, at: At): readonly Problem[] =>
  kindsWithTargets.flatMap(kind =>
    app[kind].flatMap(({ id, options }) =>
      textsOf(options['targets']).flatMap((pattern, index) => {
        if (patterns.includes(pattern)) return []
        const meant = nearest(pattern, patterns)
        return problem('config/unknown-target', `${JSON.stringify(pattern.slice(0, 60))} is no target.`, {
          hint: meant === undefined ? `Known: ${patterns.join(', ')}.` : `Did you mean "${meant}"?`,
          where: at([kind, id, 'targets', index]),
        })
      }),
    ),
  )

/** Targets that a packager of this config packs. */
const packedBy = (app: AppSettings, { id, options }: ChosenUnit): readonly Target[] => {
  const unit = unitsOf.packages.find(one => one.id === id)
  const narrowed = textsOf(options['targets'])
  if (unit?.joins === true) return ['any']
  return app.targets.filter(target => {
    const os = parseTarget(target)?.os
    return (
      (unit?.os as readonly string[] | undefined)?.includes(os ?? '') &&
      (narrowed.length === 0 || narrowed.some(pattern => matchesTarget(pattern, target)))
    )
  })
}

/** An app folder that is joined of others needs all of them. */
const withoutParts = (app: AppSettings, at: At): readonly Problem[] =>
  app.build.flatMap(({ id }) => {
    const missing = (unitsOf.build.find(unit => unit.id === id)?.joins ?? []).filter(target => !app.targets.includes(target))
    if (missing.length === 0) return []
    return problem(
      'build/no-parts',
      `build.${id} joins ${missing.join(' and ')}, which ${missing.length > 1 ? 'are' : 'is'} not built here`,
      {
        hint: `Add ${missing.join(' and ')} to targets, or take build.${id} out.`,
        where: at(['build', id]),
      },
    )
  })

/** A package that is made from others needs one of them. */
const withoutSource = (app: AppSettings, at: At): readonly Problem[] =>
  app.packages.flatMap(({ id }) => {
    const { from = [], os = [] } = unitsOf.packages.find(one => one.id === id) ?? {}
    const fits = (one: ChosenUnit): boolean =>
      from.includes(one.id) && packedBy(app, one).some(target => os.some(known => known === parseTarget(target)?.os))
    if (from.length === 0 || app.packages.some(fits)) return []
    return problem('config/no-source', `packages.${id} is made from ${from.join(' or ')}, which nothing makes here`, {
      hint: `Add packages.${from[0] ?? ''}, or take packages.${id} out.`,
      where: at(['packages', id]),
    })
  })

/** What is always made beside others, as dmg and app.zip of every app for macOS. */
const withoutPair = (app: AppSettings, at: At): readonly Problem[] =>
  unitsOf.packages.flatMap(({ id, always, with: beside = [] }) => {
    if (always !== true) return []
    const leaders = app.packages.filter(one => beside.includes(one.id))
    const own = app.packages.find(one => one.id === id)
    const made = own === undefined ? [] : packedBy(app, own)
    const lacking = [...new Set(leaders.flatMap(one => packedBy(app, one)))].filter(target => !made.includes(target))
    if (lacking.length === 0) return []
    return problem(
      'config/no-pair',
      `packages.${leaders.map(one => one.id).join(', packages.')} without packages.${id}, for ${lacking.join(', ')}`,
      {
        hint: `Every app for macOS comes as dmg and as app.zip, one to install and one for updaters: ${own === undefined ? `take ${id}: false out` : `add ${lacking.join(', ')} to packages.${id}.targets`}.`,
        where: at(['packages', id]),
      },
    )
  })

const placeholders = ['name', 'bin', 'version', 'target', 'os', 'arch', 'ext']

/** A name without version would be overwritten by the next release, one of two targets by the other. */
const fileNames = (app: AppSettings, at: At): readonly Problem[] => {
  const owners = new Map<string, string>()
  return app.packages.flatMap(chosen => {
    const pattern = chosen.options['file']
    if (typeof pattern !== 'string' || pattern.startsWith('TODO:')) return []
    const where = at(['packages', chosen.id, 'file'])
    const unknown = [...pattern.matchAll(/\{([^}]*)\}/g)].map(match => match[1] ?? '').filter(key => !placeholders.includes(key))
    const fault = badPattern(pattern, unknown)
    if (fault !== undefined)
      // explain: The option file of a package format gives a name that the next release or another target would overwrite, or that is no
      // plain file name.
      return problem('config/bad-file-name', fault, {
        hint: `Use {version} and, where there are several targets, {target}; known: ${placeholders.map(key => `{${key}}`).join(' ')}.`,
        where,
      })
    const ext = unitsOf.packages.find(unit => unit.id === chosen.id)?.ext
    return packedBy(app, chosen).flatMap(target => {
      const { os = '', arch = '' } = parseTarget(target) ?? {}
      const values: Readonly<Record<string, string>> = {
        target,
        os,
        arch: target.endsWith('-musl') ? `${arch}-musl` : arch,
        ext: ext?.(target, chosen.options as never) ?? '',
      }
      const name = pattern.replaceAll(/\{([^}]*)\}/g, (whole, key: string) => values[key] ?? whole).toLowerCase()
      const owner = owners.get(name)
      owners.set(name, `${chosen.id} for ${target}`)
      if (owner === undefined) return []
      return problem('config/shared-name', `${owner} and ${chosen.id} for ${target} would both be called ${JSON.stringify(pattern)}`, {
        hint: 'Add {target}, and {ext} where two formats share the name.',
        where: { ...where, target },
      })
    })
  })
}

const badPattern = (pattern: string, unknown: readonly string[]): string | undefined => {
  const [first] = unknown
  if (first !== undefined) return `{${first}} is no placeholder of a file name`
  if (!pattern.includes('{version}')) return `The file name ${JSON.stringify(pattern)} has no {version}`
  if (/[\\/]|\p{Cc}/u.test(pattern) || pattern.startsWith('.')) return `${JSON.stringify(pattern)} is no plain file name`
  return undefined
}

const osNames: Readonly<Record<string, string>> = { macos: 'macOS', windows: 'Windows', linux: 'Linux' }

const feedsWithoutPackage = (app: AppSettings, at: At): readonly Problem[] =>
  app.feeds.flatMap(({ id, options }) => {
    const unit = unitsOf.feeds.find(one => one.id === id)
    if (unit === undefined) return []
    const narrowed = textsOf(options['targets'])
    const use = options['use'] === undefined ? undefined : textsOf(options['use'])
    const missing = app.targets.filter(target => {
      const os = parseTarget(target)?.os ?? 'any'
      const installs = os === 'any' ? undefined : unit.serves[os]
      if (installs === undefined || (narrowed.length > 0 && !narrowed.some(pattern => matchesTarget(pattern, target)))) return false
      return !app.packages.some(one => installs.includes(one.id) && (use?.includes(one.id) ?? true) && packedBy(app, one).includes(target))
    })
    const systems = [...new Set(missing.map(target => parseTarget(target)?.os ?? 'any'))]
    return systems.map(os => {
      const installs = os === 'any' ? [] : (unit.serves[os] ?? [])
      const made = app.packages
        .map(one => one.id)
        .toSorted()
        .join(', ')
      const lacking = missing.filter(target => parseTarget(target)?.os === os)
      const first = installs.find(kind => unitsOf.packages.some(one => one.id === kind)) ?? installs[0] ?? ''
      return unit.noPackage({
        system: osNames[os] ?? os,
        installs: installs.join(', '),
        made: made || 'no packages',
        first,
        where: { ...at(['feeds', id]), target: lacking[0] ?? '' },
        targets: lacking,
      })
    })
  })

/** SHA256SUMS names every file and is signed with it: an option that would leave one out would only seem to do so. */
const alwaysSigned = (app: AppSettings, at: At): readonly Problem[] => {
  const options = app.sign.find(one => one.id === 'minisign')?.options ?? {}
  const said = [...(options['targets'] === undefined ? [] : ['targets']), ...(options['optional'] === true ? ['optional'] : [])]
  return said.map(name =>
    problem('minisign/always', `sign.minisign.${name} can do nothing: minisign signs every file of every release`, {
      hint: `Take ${name} out of sign.minisign.`,
      where: at(['sign', 'minisign', name]),
    }),
  )
}

const channelProblems = (app: AppSettings, at: At): readonly Problem[] =>
  Object.entries(app.channels).flatMap(([name, policy]) => {
    const on = new Set(app.checks.map(check => check.id))
    const off = policy.requires.flatMap((check, index) =>
      on.has(check)
        ? []
        : problem('config/check-off', `channels.${name} requires ${check}, which does not run`, {
            hint: `Add checks.${check}, or take it out of requires.`,
            where: at(['channels', name, 'requires', index]),
          }),
    )
    const falls = policy.rollout.findIndex((step, index) => index > 0 && step.percent <= (policy.rollout[index - 1]?.percent ?? 0))
    return falls === -1
      ? off
      : [
          ...off,
          problem('config/rollout-falls', `The rollout of ${name} does not grow at step ${falls + 1}`, {
            hint: "Write growing steps, such as ['5% 1d', '25% 1d', '100%'].",
            where: at(['channels', name, 'rollout', falls]),
          }),
        ]
  })

const undecided = (app: AppSettings, at: At): readonly Problem[] =>
  unitsOf.sign.flatMap(unit => {
    if (app.unsigned.includes(unit.id) || app.sign.some(one => one.id === unit.id)) return []
    const asked = unit.undecided?.(app.targets)
    return asked === undefined ? [] : [{ ...asked, where: { ...at(['sign', unit.id]), ...asked.where } }]
  })

const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter(item => typeof item === 'string') : [])
