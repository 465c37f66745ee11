// inspect on MSI packages and cabinets: ours, those of msibuild and gcab, and damaged ones.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { machine } from '../io/machine.ts'
import type { MsiOptions } from '../packagers/msi/options.ts'
import { msi } from '../packagers/msi.ts'
import { app, date, defaultsOf, noise, treeOf } from '../packagers/testing/trees.ts'
import { runCommandLine } from './frame.ts'
import type { Change } from './inspect/diff.ts'
import type { Report } from './inspect/report.ts'
import { fakeStreams } from './testing/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-msi-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const tool = (name: string, args: readonly string[]): void => {
  const { status, stderr } = spawnSync(name, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name}: ${stderr}`)
}
const has = (...names: readonly string[]): boolean => names.every(name => spawnSync(name, ['--version']).error === undefined)

type Doc = Report & { errors: { code: string }[]; diff: { changes: Change[] } }
const inspect = async (...args: readonly string[]): Promise<{ readonly code: number; readonly doc: Doc }> => {
  const fake = fakeStreams()
  const code = await runCommandLine(['inspect', '--cwd', folder, '--json', ...args], machine(), fake.streams)
  return { code, doc: JSON.parse(fake.stdout()) as Doc }
}
const defaults: MsiOptions = defaultsOf(msi)
const pack = async (name: string, version = '1.2.3'): Promise<void> => {
  const tree = treeOf({ 'tool.exe': 'MZ', 'lib/größe.txt': 'x'.repeat(5000), 'lib/noise.bin': noise(70_000), empty: '' }, 'tool.exe')
  const parts: Uint8Array[] = []
  for await (const part of msi.pack({ app: { ...app, version }, target: 'windows-arm64', tree, date }, { ...defaults, mode: 'machine' }))
    parts.push(Uint8Array.from(part))
  writeFileSync(join(folder, name), Buffer.concat(parts))
}

describe('an MSI', () => {
  it('is shown with product, codes, tables, and files where they go', async () => {
    await pack('a.msi')
    const { code, doc } = await inspect('a.msi', '--digests')
    expect(code).toBe(0)
    expect(doc).toMatchObject({ format: 'msi', arch: 'arm64', version: '1.2.3', signatures: [] })
    expect(doc.facts).toMatchObject({
      name: 'A Tool',
      publisher: 'The Tool Authors',
      mode: 'machine',
      elevates: true,
      template: 'Arm64;1033',
    })
    for (const fact of ['productCode', 'upgradeCode', 'packageCode']) expect(doc.facts[fact]).toMatch(/^\{[0-9A-F-]{36}\}$/)
    expect(doc.facts['tables']).toMatchObject({ File: 4, Upgrade: 2 })
    const home = 'ProgramFiles64Folder/A Tool'
    expect(doc.contents.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
      [`${home}/empty`, 0],
      [`${home}/lib/größe.txt`, 5000],
      [`${home}/lib/noise.bin`, 70_000],
      [`${home}/tool.exe`, 2],
    ])
    expect(doc.contents[0]?.sha256).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })
  it('differs from another version by its codes, and by no file', async () => {
    await pack('a.msi')
    await pack('b.msi', '1.2.4')
    const { doc } = await inspect('a.msi', '--diff', 'b.msi')
    const changed = JSON.stringify(doc.diff.changes)
    for (const word of ['productCode', 'packageCode', '1.2.4']) expect(changed).toContain(word)
    expect(changed).not.toContain('upgradeCode')
    expect(changed).not.toContain('noise.bin')
  })
  it('is refused where it is damaged, or a compound file of another kind', async () => {
    await pack('a.msi')
    const bytes = readFileSync(join(folder, 'a.msi'))
    writeFileSync(join(folder, 'cut.msi'), bytes.subarray(0, 700))
    expect((await inspect('cut.msi')).doc.errors[0]?.code).toMatch(/^cfb\//)
    const other = Buffer.from(bytes)
    other.fill(
      7,
      other.indexOf(Buffer.from('84100c0000000000c000000000000046', 'hex')),
      other.indexOf(Buffer.from('84100c0000000000c000000000000046', 'hex')) + 4,
    )
    writeFileSync(join(folder, 'other.msi'), other)
    expect(await inspect('other.msi')).toMatchObject({ code: 5, doc: { errors: [{ code: 'msi/bad-magic' }] } })
    const block = bytes.indexOf('CK', bytes.indexOf('MSCF'))
    bytes[block + 20] = (bytes[block + 20] ?? 0) ^ 0xff
    writeFileSync(join(folder, 'changed.msi'), bytes)
    expect(await inspect('changed.msi', '--digests')).toMatchObject({ code: 5, doc: { errors: [{ code: 'cab/bad-checksum' }] } })
  })
  it.skipIf(!has('msibuild'))('of msibuild is read too', async () => {
    writeFileSync(
      join(folder, 'Property.idt'),
      'Property\tValue\r\ns72\tl0\r\nProperty\tProperty\r\nProductName\tAn App\r\nProductVersion\t4.5.6\r\n',
    )
    tool('msibuild', ['foreign.msi', '-s', 'Title', 'Author', 'Intel;1033', '{12345678-1234-1234-1234-123456789ABC}'])
    tool('msibuild', ['foreign.msi', '-i', 'Property.idt'])
    const { doc } = await inspect('foreign.msi')
    expect(doc).toMatchObject({ format: 'msi', arch: 'x86', version: '4.5.6', facts: { name: 'An App', mode: 'user' } })
  })
})

describe('a cabinet', () => {
  it.skipIf(!has('gcab'))('is listed, and hashed where that is asked for', async () => {
    writeFileSync(join(folder, 'one.txt'), 'one')
    tool('gcab', ['-c', '-z', 'a.cab', 'one.txt'])
    const { doc } = await inspect('a.cab', '--digests')
    expect(doc).toMatchObject({ format: 'cab', contents: [{ path: 'one.txt', sizeBytes: 3 }] })
    expect(doc.contents[0]?.sha256).toBe('7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed')
  })
})
