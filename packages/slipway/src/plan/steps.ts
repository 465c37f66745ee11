// Steps as data: what each stage does, in which order, with which effects (CONTRACTS 5 and 6). Pure.
import { draft, evidence, pointer, releaseFile, releaseRecord, sums, sumsSignature } from '@slipway/core'
import type { Effect, Json, PlannedArtifact, PlannedFeed, Step, Target } from '@slipway/core'
import type { AppSettings, ChosenUnit } from '../config/project.ts'
import { units } from './kinds.ts'
import { packs } from './products.ts'

export const stages = ['build', 'package', 'sign', 'gate', 'publish'] as const
export type Stage = (typeof stages)[number]

export interface StepSource {
  readonly settings: AppSettings
  /** With several apps their key stands in each step id. */
  readonly several: boolean
  readonly targets: readonly Target[]
  readonly builderOf: (target: Target) => ChosenUnit
  readonly artifacts: readonly PlannedArtifact[]
  /** Of the signer of SHA256SUMS, which no narrowing takes away. */
  readonly sumsOptions: ChosenUnit['options']
  readonly feeds: readonly PlannedFeed[]
  readonly channel: string
  readonly percent: number
  readonly store: string
  readonly until: Stage
}

/** All steps of one app up to and including a stage. */
export const stepsOf = (source: StepSource): readonly Step[] => {
  const reached = (stage: Stage): boolean => stages.indexOf(stage) <= stages.indexOf(source.until)
  return [
    ...buildSteps(source),
    ...(reached('package') ? packageSteps(source) : []),
    ...(reached('sign') ? signSteps(source) : []),
    ...(reached('gate') ? gateSteps(source) : []),
    ...(reached('publish') ? publishSteps(source) : []),
  ]
}

/** `package:linux-x64:deb`; with several apps `package:<app>:linux-x64:deb`. */
export const stepId = (source: Pick<StepSource, 'several' | 'settings'>, stage: Stage, ...rest: readonly string[]): string =>
  [stage, ...(source.several ? [source.settings.app.key] : []), ...rest].join(':')

const step = (source: StepSource, id: string, more: Partial<Step> & Pick<Step, 'unit'>): Step => ({
  id,
  app: source.settings.app.key,
  options: {},
  needs: [],
  makes: [],
  effects: [],
  irreversible: false,
  ...more,
})

const buildSteps = (source: StepSource): readonly Step[] =>
  source.targets.map(target => {
    const unit = source.builderOf(target)
    const needs = (units.builders(unit.id).joins ?? []).map(one => stepId(source, 'build', one))
    return step(source, stepId(source, 'build', target), { unit: `builders/${unit.id}`, target, options: json(unit.options), needs })
  })

const packageSteps = (source: StepSource): readonly Step[] => [...shapeSteps(source), ...packSteps(source)]

/** Where a package is made from a changed app folder, as a bundle: one step for all packages of a target. */
const shapeSteps = (source: StepSource): readonly Step[] => {
  const wanted = source.artifacts.flatMap(({ kind, target }) => {
    const { inside } = units.packagers(kind)
    return inside === undefined ? [] : [{ id: inside, target }]
  })
  const shaped = wanted.filter((one, at) => wanted.findIndex(other => other.id === one.id && other.target === one.target) === at)
  return shaped.map(({ id, target }) =>
    step(source, stepId(source, 'package', target, id), {
      unit: `packagers/${id}`,
      target,
      options: json(optionsOf(source.settings.packages, id)),
      needs: [stepId(source, 'build', target)],
    }),
  )
}

const packSteps = (source: StepSource): readonly Step[] =>
  source.artifacts.map(({ file, kind, target }) => {
    const unit = units.packagers(kind)
    const { from, joins, inside } = unit
    const options = optionsOf(source.settings.packages, kind)
    const sources = source.artifacts.filter(
      one => from?.includes(one.kind) === true && (joins === true ? packs(unit, one.target, options) : one.target === target),
    )
    return step(source, stepId(source, 'package', target, kind), {
      unit: `packagers/${kind}`,
      target,
      options: json(options),
      needs:
        from === undefined
          ? [inside === undefined ? stepId(source, 'build', target) : stepId(source, 'package', target, inside)]
          : sources.map(one => stepId(source, 'package', one.target, one.kind)),
      makes: [file],
    })
  })

const signSteps = (source: StepSource): readonly Step[] => {
  const packages = source.artifacts.flatMap(({ file, kind, target, signatures }) =>
    signatures.map(signer =>
      step(source, stepId(source, 'sign', signer, file), {
        unit: `signers/${signer}`,
        target,
        options: json(optionsOf(source.settings.sign, signer)),
        needs: [stepId(source, 'package', target, kind)],
      }),
    ),
  )
  const record = stepId(source, 'sign', 'release.json')
  return [
    ...packages,
    step(source, record, {
      unit: 'release/record',
      needs: [...packages.map(one => one.id)].concat(packageIds(source)),
      makes: ['release.json'],
    }),
    ...(source.until === 'publish' ? [step(source, stepId(source, 'sign', 'adopt'), { unit: 'publish/adopt', needs: [record] })] : []),
    step(source, stepId(source, 'sign', 'SHA256SUMS'), {
      unit: 'signers/minisign',
      options: json(source.sumsOptions),
      needs: [source.until === 'publish' ? stepId(source, 'sign', 'adopt') : record],
      makes: ['SHA256SUMS', 'SHA256SUMS.minisig'],
    }),
  ]
}

const gateSteps = (source: StepSource): readonly Step[] => {
  const needs = [stepId(source, 'sign', 'SHA256SUMS')]
  const checks = source.settings.checks.map(check =>
    step(source, stepId(source, 'gate', check.id), { unit: `checks/${check.id}`, options: json(check.options), needs }),
  )
  const requires = source.settings.channels[source.channel]?.requires ?? []
  return [
    ...checks,
    step(source, stepId(source, 'gate', 'verdict'), {
      unit: 'gate/verdict',
      options: { channel: source.channel, requires: [...requires] },
      needs: checks.map(one => one.id),
    }),
  ]
}

const publishSteps = (source: StepSource): readonly Step[] => {
  const { app } = source.settings
  const id = (...rest: string[]): string => stepId(source, 'publish', ...rest)
  const create = (key: string, count?: number): Effect => ({
    store: source.store,
    key,
    mode: 'create',
    ...(count === undefined ? {} : { count }),
  })
  const swap = (key: string): Effect => ({ store: source.store, key, mode: 'swap' })
  const files = source.artifacts.map(({ file, target }) =>
    step(source, id('files', file), {
      unit: 'publish/file',
      target,
      needs: [id('draft')],
      effects: [create(releaseFile(app.version, file))],
    }),
  )
  const heads = source.feeds.flatMap(feed => Object.keys(feed.heads))
  return [
    step(source, id('draft'), { unit: 'publish/draft', needs: [stepId(source, 'gate', 'verdict')], effects: [swap(draft(app.version))] }),
    ...files,
    step(source, id('record'), {
      unit: 'publish/record',
      needs: files.length > 0 ? files.map(one => one.id) : [id('draft')],
      effects: [releaseRecord(app.version), sums(app.version), sumsSignature(app.version)].map(key => create(key)),
    }),
    step(source, id('evidence'), {
      unit: 'publish/evidence',
      needs: [id('record')],
      effects: [create(evidence(app.version, '*.dsse.json'), source.settings.checks.length + 1)],
    }),
    step(source, id('turn'), {
      unit: 'publish/turn',
      options: { channel: source.channel, percent: source.percent },
      needs: [id('evidence')],
      effects: [
        create('tuf/1.root.json'),
        ...['targets', 'channels', 'snapshot'].map(role => create(`tuf/<n>.${role}.json`)),
        swap(pointer),
      ],
    }),
    step(source, id('settle'), {
      unit: 'publish/settle',
      options: { channel: source.channel },
      needs: [id('turn')],
      effects: heads.map(swap),
    }),
    step(source, id('verify'), { unit: 'publish/verify', needs: [id('settle')] }),
  ]
}

const packageIds = (source: StepSource): string[] => source.artifacts.map(({ kind, target }) => stepId(source, 'package', target, kind))
const optionsOf = (units: readonly ChosenUnit[], id: string): Readonly<Record<string, unknown>> =>
  units.find(unit => unit.id === id)?.options ?? {}
const json = (options: Readonly<Record<string, unknown>>): Readonly<Record<string, Json>> =>
  JSON.parse(JSON.stringify(options)) as Record<string, Json>
