// inspect on programs inside of packages: what is known by their heads alone, at any size, and what is said not to be known.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { writeAsar } from '@slipway/formats/asar/write'
import { collect, concat, fromBytes } from '@slipway/formats/bytes'
import { hfsVolume } from '@slipway/formats/hfs/write'
import { asThinFile, joinMachO, splitMachO } from '@slipway/formats/macho/fat'
import { signAdHoc } from '@slipway/formats/macho/sign-adhoc'
import { writePlist } from '@slipway/formats/plist/write'
import { zlibRuns } from '@slipway/formats/udif/runs'
import { writeUdif } from '@slipway/formats/udif/write'
import { cpuArm64, cpuX64, tinyPe, unsignedMachO } from '../../../formats/src/testing/binaries.ts'
import { machine } from '../io/machine.ts'
import { msi } from '../packagers/msi.ts'
import { app, date, defaultsOf, treeOf } from '../packagers/testing/trees.ts'
import { runCommandLine } from './frame.ts'
import type { Report } from './inspect/report.ts'
import { fakeStreams } from './testing/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-inspect-heads-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = async (...args: readonly string[]): Promise<string> => {
  const fake = fakeStreams()
  expect(await runCommandLine(['inspect', '--cwd', folder, ...args], machine(), fake.streams)).toBe(0)
  return fake.stdout()
}
const inspect = async (...args: readonly string[]): Promise<Report> => JSON.parse(await run('--json', ...args)) as Report
const put = (path: string, content: Uint8Array | string, mode = 0o644): void => {
  const place = join(folder, path)
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, content)
  chmodSync(place, mode)
}
const zip = (file: string, from: string, ...options: readonly string[]): void =>
  void execFileSync('zip', ['-qry', ...options, join(folder, file), '.'], { cwd: join(folder, from) })

// Two slices together are more than what is read whole without --digests.
const sliceBytes = 9_000_000
const universal = async (signed: { readonly x64: boolean; readonly arm64: boolean }): Promise<Uint8Array> => {
  const slices = await Promise.all(
    (
      [
        ['x64', cpuX64],
        ['arm64', cpuArm64],
      ] as const
    ).map(async ([name, cpu]) => {
      const plain = unsignedMachO({ cpu, contentBytes: sliceBytes })
      const made = signed[name] ? await collect((await signAdHoc(fromBytes(plain), { identifier: 'big' })).chunks(), 1 << 25) : plain
      const [slice] = await splitMachO(fromBytes(made))
      return asThinFile(slice!)
    }),
  )
  return collect(joinMachO(slices).chunks(), 1 << 26)
}
/** A program for Windows of 17 MiB whose certificates stand at its end. */
const largePe = (isSigned: boolean): Uint8Array => {
  const at = 17 * 2 ** 20
  return concat([tinyPe(isSigned ? { certificates: [at, 64] } : {}).subarray(0, 1024), new Uint8Array(at - 1024 + 64)])
}

describe('a large program', () => {
  it('of a zip is known by its head: every architecture, that it is signed, and nothing about a seal that was not read', async () => {
    put('mac/big', await universal({ x64: true, arm64: true }), 0o755)
    zip('mac.zip', 'mac')
    const doc = await inspect('mac.zip')
    expect(doc).toMatchObject({ arch: 'arm64 + x64', contents: [{ path: 'big', program: 'Mach-O (fat) x64 + arm64' }] })
    expect(doc.signatures).toEqual(['codesign (kind not looked at) (programs inside)'])
    expect(doc.facts).not.toHaveProperty('signaturesNotLookedAt')
    expect(JSON.stringify(doc)).not.toContain('damaged')
    expect((await inspect('mac.zip', '--digests')).signatures).toEqual(['codesign (ad-hoc) (programs inside)'])
  })
  it('that is stored is read wherever it is needed', async () => {
    put('mac/big', await universal({ x64: true, arm64: true }), 0o755)
    zip('stored.zip', 'mac', '-0')
    expect((await inspect('stored.zip')).signatures).toEqual(['codesign (ad-hoc) (programs inside)'])
  })
  it('whose signature would stand where nobody looked is not called unsigned', async () => {
    put('half/big', await universal({ x64: false, arm64: true }), 0o755)
    zip('half.zip', 'half')
    const doc = await inspect('half.zip')
    expect([doc.signatures, doc.facts['signaturesNotLookedAt']]).toEqual([[], 1])
    expect(await run('half.zip')).toMatch(/signatures +not looked at in 1 file inside, --digests reads more\n/)
    expect((await inspect('half.zip', '--digests')).signatures).toEqual(['codesign (ad-hoc; 1 of 2 slices) (programs inside)'])
  })
  it.each([
    [true, ['authenticode (programs inside)']],
    [false, []],
  ] as const)('for Windows says by its directory whether it is signed: %s', async (isSigned, signatures) => {
    const name = `windows-${isSigned}`
    put(`${name}/big.exe`, largePe(isSigned))
    zip(`${name}.zip`, name)
    const doc = await inspect(`${name}.zip`)
    expect(doc).toMatchObject({ arch: 'x64', signatures, contents: [{ program: 'PE x64' }] })
    expect(doc.facts).not.toHaveProperty('signaturesNotLookedAt')
  })
  it('of an asar is read in place', async () => {
    const bytes = await universal({ x64: true, arm64: true })
    const asar = await writeAsar([
      { type: 'file', path: 'big.node', isExecutable: false, isUnpacked: false, sizeBytes: bytes.length, bytes: () => [bytes] },
    ])
    put('app.asar', await collect(asar.chunks(), 1 << 26))
    expect(await inspect('app.asar')).toMatchObject({ signatures: ['codesign (ad-hoc) (programs inside)'], arch: 'arm64 + x64' })
  })
})

it('files beyond those that are opened are counted, where they may be programs', async () => {
  for (let index = 0; index < 203; index++) put(`many/${index}.dll`, tinyPe({ dll: true }))
  put('many/text.txt', 'text '.repeat(100))
  zip('many.zip', 'many')
  expect((await inspect('many.zip')).facts).toMatchObject({ signaturesNotLookedAt: 3 })
  expect((await inspect('many.zip', '--digests')).facts).not.toHaveProperty('signaturesNotLookedAt')
})

it('a framework is looked into though its program has no mode of one', async () => {
  put('part/P.framework/Versions/A/P', unsignedMachO())
  zip('part.zip', 'part')
  expect((await inspect('part.zip')).contents).toContainEqual(expect.objectContaining({ program: 'Mach-O arm64' }))
})

it('a disk image says how the programs in it are signed, those of any size', async () => {
  const program = await universal({ x64: true, arm64: true })
  const list = new TextEncoder().encode(writePlist({ CFBundleExecutable: 'big', CFBundleIdentifier: 'dev.example.big' }))
  const file = (path: string, bytes: Uint8Array, mode: number) =>
    ({ type: 'file', path, mode, sizeBytes: bytes.length, bytes: () => [bytes] }) as const
  const dir = (path: string) => ({ type: 'folder', path, mode: 0o755 }) as const
  const home = 'Big.app/Contents'
  const entries = [
    ...['Big.app', home, `${home}/MacOS`, `${home}/_CodeSignature`].map(dir),
    file(`${home}/Info.plist`, list, 0o644),
    file(`${home}/MacOS/big`, program, 0o755),
    file(`${home}/_CodeSignature/CodeResources`, list, 0o644),
  ]
  const volume = hfsVolume(entries, { volumeName: 'Big', mtime: 1_700_000_000 })
  const image = writeUdif(volume.bytes(), { sizeBytes: volume.sizeBytes, compression: zlibRuns(1) })
  put('big.dmg', await collect(image, 1 << 26))
  const doc = await inspect('big.dmg')
  expect(doc.signatures).toEqual(['codesign (bundle)', 'codesign (ad-hoc) (programs inside)'])
  expect(doc.facts['app']).toMatchObject({ arch: 'x64 + arm64', signature: 'ad-hoc', sealed: true })
})

it('an MSI says which programs in it are signed', async () => {
  const tree = treeOf({ 'tool.exe': tinyPe({ certificates: [1024, 64] }), 'a.txt': 'text' }, 'tool.exe')
  const parts = await Array.fromAsync(msi.pack({ app, target: 'windows-x64', tree, date }, defaultsOf(msi)), part => Uint8Array.from(part))
  put('signed.msi', concat(parts))
  const doc = await inspect('signed.msi')
  expect(doc.signatures).toEqual(['authenticode (programs inside)'])
  expect(doc.contents).toContainEqual(expect.objectContaining({ path: expect.stringMatching(/tool\.exe$/) as string, program: 'PE x64' }))
})
