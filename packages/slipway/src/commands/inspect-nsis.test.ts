// inspect on Windows installers and icons: what they say, and what a changed byte does.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { writeIco } from '@slipway/formats/ico'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { machine } from '../io/machine.ts'
import { collectPackage } from '../packagers/conformance.ts'
import { nsis } from '../packagers/nsis.ts'
import type { AnyPackager } from '../packagers/packager.ts'
import { defaultsOf, treeOf } from '../packagers/testing/trees.ts'
import { runCommandLine } from './frame.ts'
import type { Change } from './inspect/diff.ts'
import type { Report } from './inspect/report.ts'
import { fakeStreams } from './testing/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'inspect-nsis-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const inspect = async (name: string, bytes: Uint8Array): Promise<Report> => {
  writeFileSync(join(folder, name), bytes)
  const fake = fakeStreams()
  expect(await runCommandLine(['inspect', '--cwd', folder, '--json', name], machine(), fake.streams)).toBe(0)
  return JSON.parse(fake.stdout()) as Report
}

const refused = async (name: string): Promise<readonly unknown[]> => {
  const fake = fakeStreams()
  const code = await runCommandLine(['inspect', '--cwd', folder, '--json', name], machine(), fake.streams)
  return [code, (JSON.parse(fake.stdout()) as { errors: { code: string }[] }).errors[0]?.code]
}

it('an icon is shown with its images', async () => {
  const { format, facts } = await inspect('icon.ico', writeIco({ width: 24, height: 24, pixels: new Uint8Array(24 * 24 * 4) }))
  expect([format, facts]).toEqual([
    'ico',
    {
      images: [
        { size: '16x16', bitsPerPixel: 32, form: 'bitmap', sizeBytes: 40 + 16 * 16 * 4 + 16 * 4 },
        { size: '20x20', bitsPerPixel: 32, form: 'bitmap', sizeBytes: 40 + 20 * 20 * 4 + 20 * 4 },
        { size: '24x24', bitsPerPixel: 32, form: 'bitmap', sizeBytes: 40 + 24 * 24 * 4 + 24 * 4 },
      ],
    },
  ])
})

describeWithJudge(['makensis'], 'an NSIS installer', () => {
  it('is told from other programs, and its checksum is looked at', async () => {
    const unit = nsis as unknown as AnyPackager
    const { bytes } = await collectPackage(unit, { tree: treeOf({ tool: 'x' }), target: 'windows-x64', options: defaultsOf(nsis) })
    const report = await inspect('setup.exe', bytes)
    expect(report).toMatchObject({ format: 'NSIS installer', arch: 'x64', version: '1.2.3.0' })
    expect(report.facts['installer']).toMatchObject({ isUninstaller: false, crc: 'forced', isCrcRight: true })
    expect(report.facts).toMatchObject({ compression: 'lzma, solid', rights: 'user' })
    expect(report.contents).toContainEqual(expect.objectContaining({ path: '$INSTDIR/tool', type: 'file', sizeBytes: 1 }))
    const changed = Buffer.from(bytes)
    changed[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1
    writeFileSync(join(folder, 'changed.exe'), changed)
    expect(await refused('changed.exe')).toEqual([5, 'nsis/bad-checksum'])
    writeFileSync(join(folder, 'short.exe'), bytes.subarray(0, -10))
    expect(await refused('short.exe')).toEqual([5, 'nsis/truncated'])
    writeFileSync(join(folder, 'image.exe'), bytes.subarray(0, 60_000))
    expect(await refused('image.exe')).toEqual([5, 'pe/truncated'])
  })
  it('is compared by mode, packing and files', async () => {
    const unit = nsis as unknown as AnyPackager
    const made = async (name: string, content: string, more: object): Promise<void> => {
      const options = { ...(defaultsOf(nsis) as object), ...more } as never
      const { bytes } = await collectPackage(unit, { tree: treeOf({ tool: 'x', 'a.txt': content }), target: 'windows-x64', options })
      writeFileSync(join(folder, name), bytes)
    }
    await made('one.exe', 'one', { mode: 'user', compression: 'zlib' })
    await made('two.exe', 'two', { mode: 'machine', compression: 'bzip2' })
    const fake = fakeStreams()
    expect(await runCommandLine(['inspect', '--cwd', folder, '--json', 'one.exe', '--diff', 'two.exe'], machine(), fake.streams)).toBe(0)
    const { changes } = (JSON.parse(fake.stdout()) as { diff: { changes: Change[] } }).diff
    expect(changes).toContainEqual(expect.objectContaining({ what: 'facts.rights', from: 'user', to: 'administrator' }))
    expect(changes).toContainEqual(expect.objectContaining({ what: 'facts.compression', from: 'zlib, solid', to: 'bzip2, solid' }))
    expect(changes).toContainEqual(expect.objectContaining({ what: 'contents', path: '$INSTDIR/a.txt', kind: 'changed' }))
  })
})
