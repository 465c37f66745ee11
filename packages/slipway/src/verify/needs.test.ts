// What verify sees of needed programs inside of packages: lies in every format, damage, and headers of every system.
import { createHash } from 'node:crypto'
import type { App, Artifact, Json } from '@slipway/core'
import { collect, fromBytes } from '@slipway/formats/bytes'
import { cpuArm64, cpuX64, fat, tinyElf, tinyMachO, tinyPe } from '@slipway/formats/testing/binaries'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import * as packagers from '../packagers/index.ts'
import type { AnyPackager, PackSubject } from '../packagers/packager.ts'
import { app as plainApp, date, noise, treeOf } from '../packagers/testing/trees.ts'
import { verifyNeeds } from './needs.ts'
import { seekable } from './seek.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const helper = Buffer.concat([tinyElf({ machine: 62 }), noise(3_000_000)])

const appWith = (needs: App['needs']): App => ({ ...plainApp, needs })
const looking = appWith([{ program: 'git', version: '>=2.40' }])
const shipping = appWith([{ program: 'helper', version: '0.15.0', bundle: { from: 'x', sha256: sha256(helper) } }])

interface Case {
  readonly unit: AnyPackager
  readonly app: App
  readonly files: Readonly<Record<string, string | Uint8Array>>
  readonly target?: string
  readonly facts?: Json
  readonly damage?: (bytes: Uint8Array) => Uint8Array
}
/** Codes and messages of what verify says of a package that was really packed. */
const saidOf = async ({ unit, app, files, target = 'linux-x64', facts, damage = bytes => bytes }: Case): Promise<readonly string[]> => {
  const tree = treeOf({ 'bin/tool': tinyElf({ machine: 62 }), ...files }, 'bin/tool')
  const options = z.strictObject(unit.options).parse(unit.id === 'snap' ? { confinement: 'classic' } : {})
  const packing = unit.pack({ app, target, tree, date, assets: new Map() } satisfies PackSubject, options as never)
  const parts: Uint8Array[] = []
  let made: Readonly<Record<string, Json>> = {}
  for (let next = await packing.next(); ; next = await packing.next()) {
    if (next.done === true) {
      made = next.value
      break
    }
    // A large chunk is good only until the next one is asked for.
    parts.push(Uint8Array.from(next.value))
  }
  const bytes = damage(Buffer.concat(parts))
  const artifact = { target, facts: facts === undefined ? made : { ...made, needs: facts } } as unknown as Artifact
  const { source, close } = seekable(bytes.length, () => chunked(bytes))
  const problems = await verifyNeeds(artifact, 'releases/1/x', source)
  await close()
  return problems.map(one => `${one.code}: ${one.message}`)
}
async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 300_001) yield bytes.subarray(at, at + 300_001)
}

const { tarGz, tarZst, zip: zipped, deb, rpm, apk, pacman, appimage, snap } = packagers
const formats = [tarGz, tarZst, zipped, deb, rpm, apk, pacman, appimage, snap] as unknown as readonly AnyPackager[]

describe.each(formats.map(unit => [unit.id, unit] as const))('needed programs in %s', (_, unit) => {
  it('are as the record says, or wrong by digest, architecture, number and presence', async () => {
    const at = { unit, app: shipping }
    expect(await saidOf({ ...at, files: { 'bin/helper': helper } })).toEqual([])
    const older = Buffer.from(helper)
    older[older.length - 1] = (older.at(-1) ?? 0) ^ 1
    expect(await saidOf({ ...at, files: { 'bin/helper': older } })).toMatchObject([
      expect.stringContaining('verify/bad-need: releases/1/x ships a helper that is not 0.15.0: its sha256 is'),
    ])
    const foreign = Buffer.concat([tinyElf({ machine: 183 }), helper.subarray(0, 1000)])
    const facts = [{ program: 'helper', version: '0.15.0', place: 'package', path: 'bin/helper', sha256: sha256(foreign) }]
    expect(await saidOf({ ...at, facts, files: { 'bin/helper': foreign } })).toEqual([
      'verify/bad-need: releases/1/x ships a helper for arm64, and is itself for linux-x64',
    ])
    expect(await saidOf({ ...at, files: {} })).toEqual(['verify/bad-need: releases/1/x holds no helper, and 0.15.0 is to be shipped in it'])
    expect(await saidOf({ ...at, files: { 'bin/helper': helper, 'old/bin/helper': helper } })).toMatchObject([
      expect.stringContaining('holds 2 helper'),
    ])
  })
  it('are absent where they are looked for on the machine; what cannot be started is no program', async () => {
    const at = { unit, app: looking }
    expect(await saidOf({ ...at, files: { 'share/git': 'words', 'bin/git-lfs': 'x', 'share/git.md': 'x' } })).toEqual([])
    const found = await saidOf({ ...at, files: { 'bin/git': tinyElf({ machine: 62 }) } })
    expect(found).toMatchObject([expect.stringContaining('verify/shipped-need: releases/1/x holds "')])
    expect(found[0]).toContain('bin/git", and git is to be looked for')
  })
  it('cannot be seen in a damaged file, which is said', async () => {
    const damage = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1)
    expect(await saidOf({ unit, app: shipping, files: { 'bin/helper': helper }, damage })).toMatchObject([
      expect.stringContaining('verify/bad-package: releases/1/x cannot be opened, and needed programs lie in it: '),
    ])
  })
})

describe('needed programs in an MSI', () => {
  const unit = packagers.msi as unknown as AnyPackager
  const program = Buffer.concat([tinyPe({ machine: 0x8664 }), noise(100_000)])
  const pinned = appWith([{ program: 'helper', version: '0.15.0', bundle: { from: 'x', sha256: sha256(program) } }])
  it('are as the record says, or wrong, lacking, or not to be seen', async () => {
    const at = { unit, app: pinned, target: 'windows-x64' }
    expect(await saidOf({ ...at, files: { 'bin/helper.exe': program } })).toEqual([])
    expect(await saidOf({ ...at, files: { 'bin/helper.exe': noise(100) } })).toMatchObject([
      expect.stringContaining('ships a helper that is not 0.15.0'),
    ])
    expect(await saidOf({ ...at, files: {} })).toMatchObject([expect.stringContaining('holds no helper')])
    expect(await saidOf({ unit, app: looking, target: 'windows-x64', files: { 'bin/git.exe': program } })).toMatchObject([
      expect.stringContaining('verify/shipped-need'),
    ])
    const damage = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1)
    expect(await saidOf({ ...at, files: { 'bin/helper.exe': program }, damage })).toMatchObject([
      expect.stringContaining('verify/bad-package'),
    ])
  })
})

describe('headers', () => {
  const zip = packagers.zip as unknown as AnyPackager
  const said = (bytes: Uint8Array, target: string): Promise<readonly string[]> => {
    const path = target.startsWith('windows') ? 'bin/helper.exe' : 'bin/helper'
    const facts = [{ program: 'helper', version: '1', place: 'package', path, sha256: sha256(bytes) }]
    return saidOf({ unit: zip, app: shipping, facts, target, files: { [path]: bytes } })
  }
  it.each([
    ['windows-x64', tinyPe({ machine: 0x8664 }), null],
    ['windows-arm64', tinyPe({ machine: 0x8664 }), 'x64'],
    ['macos-arm64', tinyMachO(cpuArm64), null],
    ['macos-x64', tinyMachO(cpuArm64), 'arm64'],
    ['macos-universal', tinyMachO(cpuX64), 'x64'],
    ['macos-universal', fat([cpuX64, cpuArm64].map(one => [one, tinyMachO(one)])), null],
    ['linux-armv7', tinyElf({ machine: 40 }), null],
    ['linux-x64', tinyElf({ machine: 243 }), 'machine 243'],
    ['linux-x64', new TextEncoder().encode(`#!/bin/sh\n${'# a script is for any\n'.repeat(9)}`), null],
  ])('%s', async (target, bytes, arch) => {
    expect(await said(bytes, target)).toEqual(
      arch === null ? [] : [`verify/bad-need: releases/1/x ships a helper for ${arch}, and is itself for ${target}`],
    )
  })
  it('are not looked for where no program is needed, nor in what is no package', async () => {
    expect(await saidOf({ unit: zip, app: plainApp, files: { 'bin/git': helper } })).toEqual([])
    const facts = [{ program: 'git', version: '', place: 'machine' }]
    expect(await saidOf({ unit: tarGz as unknown as AnyPackager, app: looking, facts, files: {}, damage: () => helper })).toEqual([])
  })
})

describe('seekable', () => {
  it('gives the same bytes as memory, wherever and in whatever order they are read, and opens the object few times', async () => {
    const bytes = noise(40_000_001)
    let opened = 0
    const { source, close } = seekable(bytes.length, () => {
      opened += 1
      return chunked(bytes)
    })
    const memory = fromBytes(bytes)
    const places = [39_999_000, 0, 1_048_570, 5_000_000, 20_000_000, 39_000_000, 1 << 20, 40_000_000]
    for (const at of places) expect(Buffer.compare(await source.read(at, 3_000_000), await memory.read(at, 3_000_000)), String(at)).toBe(0)
    expect(opened).toBeLessThan(6)
    expect(await source.read(bytes.length, 10)).toHaveLength(0)
    await close()
    expect(await collect([await source.read(0, 5)], 5)).toEqual(bytes.subarray(0, 5))
    await close()
  })
})
