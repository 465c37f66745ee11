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
    expect(report.facts['installer']).toMatchObject({ isUninstaller: false, crc: 'forced', isWhole: true, isCrcRight: true })
    const changed = Buffer.from(bytes)
    changed[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1
    expect((await inspect('changed.exe', changed)).facts['installer']).toMatchObject({ isCrcRight: false })
    expect((await inspect('short.exe', bytes.subarray(0, -10))).facts['installer']).toMatchObject({ isWhole: false })
  })
})
