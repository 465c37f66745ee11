// The bundles of a release held against each other: the same one in disk image, zip and tar, and every way in which one may differ.
import { type Artifact } from '@slipway/core'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { unsignedMachO } from '../../../formats/src/testing/binaries.ts'
import * as packagers from '../packagers/index.ts'
import type { AnyPackager, PackSubject } from '../packagers/packager.ts'
import { app, date, noise, treeOf, type Content } from '../packagers/testing/trees.ts'
import type { BucketReader } from '../stores/store.ts'
import { verifyBundles } from './bundles.ts'

const contents: Readonly<Record<string, Content>> = {
  'Tool.app/Contents/MacOS/tool': unsignedMachO(),
  'Tool.app/Contents/Info.plist': '<plist/>',
  'Tool.app/Contents/Resources/für alle.txt': noise(300_000),
  'Tool.app/Contents/Frameworks/F.framework/Versions/A/F': unsignedMachO({ type: 6 }),
  'Tool.app/Contents/Frameworks/F.framework/Versions/Current': { link: 'A' },
}
const { dmg, appZip, appTarGz } = packagers
const units = [dmg, appZip, appTarGz] as unknown as readonly AnyPackager[]

const packed = async (unit: AnyPackager, files: Readonly<Record<string, Content>>): Promise<Uint8Array> => {
  const tree = treeOf(files, 'Tool.app/Contents/MacOS/tool')
  const options = z.strictObject(unit.options).parse({})
  const parts: Uint8Array[] = []
  for await (const part of unit.pack({ app, target: 'macos-arm64', tree, date, assets: new Map() } satisfies PackSubject, options as never))
    parts.push(part)
  return Buffer.concat(parts)
}

/** What verify says of a release whose packages hold these files. */
const saidOf = async (files: Readonly<Record<string, Uint8Array>>): Promise<readonly string[]> => {
  const artifacts = Object.entries(files).map(([kind, bytes]) => ({
    file: `x.${kind}`,
    kind,
    target: 'macos-arm64',
    sizeBytes: bytes.length,
  }))
  const reader = {
    read: async (object: string) => {
      const bytes = files[object.slice(object.indexOf('/x.') + 3)]
      return bytes === undefined
        ? null
        : {
            bytes: async function* () {
              yield bytes
            },
          }
    },
  } as unknown as BucketReader
  const problems = await verifyBundles(reader, { version: '1.0.0', artifacts: artifacts as unknown as readonly Artifact[] })
  return problems.map(one => `${one.code}: ${one.message}`)
}
const packages = async (other: Readonly<Record<string, Readonly<Record<string, Content>>>> = {}): Promise<Record<string, Uint8Array>> =>
  Object.fromEntries(await Promise.all(units.map(async unit => [unit.id, await packed(unit, other[unit.id] ?? contents)] as const)))

describe('the bundles of a release', () => {
  it('are the same in disk image, zip and tar', async () => {
    expect(await saidOf(await packages())).toEqual([])
  })
  it.each([
    ['a byte of a file', { 'Tool.app/Contents/Info.plist': '<plist />' }],
    ['a file more', { 'Tool.app/Contents/more': 'x' }],
    ['a link that leads elsewhere', { 'Tool.app/Contents/Frameworks/F.framework/Versions/Current': { link: 'B' } }],
  ])('differ by %s', async (_, change) => {
    const said = await saidOf(await packages({ 'app.zip': { ...contents, ...change } }))
    expect(said).toEqual(['verify/other-bundle: releases/1.0.0/x.app.zip holds another bundle than releases/1.0.0/x.dmg'])
  })
  it('differ by the right to be started', async () => {
    const { 'Tool.app/Contents/MacOS/tool': program = '', ...rest } = contents
    const tree = treeOf({ ...rest, 'Tool.app/Contents/MacOS/tool': program }, 'none')
    const parts: Uint8Array[] = []
    for await (const part of appZip.pack({ app, target: 'macos-arm64', tree, date }, { ...z.strictObject(appZip.options).parse({}) }))
      parts.push(part)
    expect(await saidOf({ ...(await packages()), 'app.zip': Buffer.concat(parts) })).toEqual([
      'verify/other-bundle: releases/1.0.0/x.app.zip holds another bundle than releases/1.0.0/x.dmg',
    ])
  })
  it('are looked for: a package without one, a torn one, one that is missing', async () => {
    const { dmg: image = new Uint8Array(), ...rest } = await packages()
    const empty = await packed(appZip as unknown as AnyPackager, { readme: 'x' })
    expect(await saidOf({ ...rest, 'app.zip': empty })).toEqual([
      'verify/no-bundle: releases/1.0.0/x.app.zip holds no bundle: there is no .app in it',
    ])
    const torn = Uint8Array.from(image)
    torn.fill(0x55, 0, 2000)
    expect((await saidOf({ ...rest, dmg: torn })).join()).toMatch(/^verify\/no-bundle: releases\/1\.0\.0\/x\.dmg holds no bundle: /)
    expect(await saidOf(rest)).toEqual([])
  })
})
