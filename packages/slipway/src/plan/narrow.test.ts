// --only and --target: ids of the command's own kind alone, and only that kind is narrowed.
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { smallProject } from '../../../../test/kit/project.ts'
import { readProject } from '../config/read.ts'
import { machine } from '../io/machine.ts'
import { makePlan } from './plan.ts'
import type { Stage } from './steps.ts'

const project = smallProject()
const two = smallProject({
  more: { feeds: {}, apps: { one: { targets: ['linux-x64'] }, two: { targets: ['linux-arm64'], packages: ['zip'] } } },
})
afterAll(() => [project, two].forEach(one => rmSync(dirname(one.root), { recursive: true, force: true })))

interface Flags {
  readonly only?: readonly string[]
  readonly targets?: readonly string[]
  readonly root?: string
}
const planned = async (until: Stage, { only = [], targets = [], root = project.root }: Flags) => {
  const read = await readProject(machine(), { cwd: root, profile: 'release', set: [] })
  return makePlan({ project: read, until, narrow: { targets, only } })
}
const stepsOf = async (until: Stage, flags: Flags): Promise<readonly string[]> =>
  (await planned(until, flags)).steps.map(step => step.id).filter(id => id.startsWith(until))
const refusal = async (until: Stage, flags: Flags): Promise<unknown> =>
  planned(until, flags).then(
    () => 'planned',
    (error: { readonly problems: readonly { readonly code: string; readonly exit: string; readonly hint: string }[] }) =>
      error.problems.map(({ code, exit, hint }) => [code, exit, hint]),
  )

describe('--only', () => {
  it('narrows the kind of its command, and nothing else', async () => {
    expect(await stepsOf('build', { only: ['prebuilt'] })).toEqual(['build:linux-x64', 'build:linux-arm64'])
    expect(await stepsOf('package', { only: ['deb'] })).toEqual(['package:linux-x64:deb', 'package:linux-arm64:deb'])
    expect(await stepsOf('gate', { only: ['completeness'] })).toEqual(['gate:completeness', 'gate:verdict'])
    expect((await planned('gate', { only: ['completeness'] })).apps[0]?.artifacts).toHaveLength(4)
    expect((await planned('sign', { only: ['minisign'] })).apps[0]?.artifacts).toHaveLength(4)
    expect((await planned('publish', { only: ['deb', 'tauri'] })).apps[0]).toMatchObject({
      artifacts: [{ kind: 'deb' }, { kind: 'deb' }],
      feeds: [{ id: 'tauri' }],
    })
  })
  it('takes ids of no other kind', async () => {
    const known = { build: 'prebuilt', package: 'deb tar.gz', sign: 'minisign', gate: 'completeness signatures' } as const
    for (const [until, ids] of Object.entries(known) as [Stage, string][])
      for (const id of ['prebuilt', 'deb', 'minisign', 'signatures', 'tauri', 'zip', 'nope'].filter(one => !ids.split(' ').includes(one)))
        expect([until, id, await refusal(until, { only: [id] })]).toEqual([
          until,
          id,
          [['plan/unknown-unit', 'input', `It may be one of: ${ids}`]],
        ])
  })
  it('builds the targets of the builder that it names', async () => {
    const mixed = smallProject({
      more: {
        build: {
          prebuilt: { from: { 'linux-x64': 'bin/linux-x64' } },
          command: { run: 'true', from: { 'linux-arm64': 'bin/linux-arm64' } },
        },
      },
    })
    try {
      expect(await stepsOf('build', { only: ['command'], root: mixed.root })).toEqual(['build:linux-arm64'])
      expect(await refusal('build', { only: ['command'], targets: ['linux-x64'], root: mixed.root })).toMatchObject([
        ['plan/nothing-left', 'input', expect.any(String)],
      ])
    } finally {
      rmSync(dirname(mixed.root), { recursive: true, force: true })
    }
  })
  it('may name what one of several apps has', async () => {
    expect(await stepsOf('package', { only: ['zip'], root: two.root })).toEqual(['package:two:linux-arm64:zip'])
    expect(await stepsOf('package', { targets: ['linux-x64'], root: two.root })).toEqual([
      'package:one:linux-x64:tar.gz',
      'package:one:linux-x64:deb',
    ])
    expect(await refusal('package', { targets: ['macos-x64'], root: two.root })).toMatchObject([
      ['plan/unknown-target', 'input', 'Targets are: linux-x64 linux-arm64'],
    ])
    expect(await refusal('package', { only: ['zip'], targets: ['linux-x64'], root: two.root })).toMatchObject([
      ['plan/nothing-left', 'input', expect.any(String)],
    ])
  })
})
