// Tests of installer databases: written ones as msitools see them, its own as we do, then cut and changed.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fromBytes } from '../bytes.ts'
import { cfbFile } from '../cfb/write.ts'
import { guidBytes } from '../guid.ts'
import { all, codeOf, itWith, mutate } from '../testing/archives.ts'
import { columnBits, columnFromBits, columnOf } from './columns.ts'
import { packName, tableStream, unpackName } from './names.ts'
import { readMsi } from './read.ts'
import { knownTables } from './schema.ts'
import { readStrings, stringPool } from './strings.ts'
import { readSummary, writeSummary } from './summary.ts'
import { msiFile, packageClass, type MsiRow, type MsiTable } from './write.ts'

const folder = mkdtempSync(join(tmpdir(), 'msi-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const summary = {
  ...{ title: 'Installation Database', subject: 'Größe 1.2.3', author: 'A', keywords: 'Installer', comments: '', template: 'x64;1033' },
  ...{ packageCode: '{000C1084-0000-0000-C000-000000000046}', date: 1_760_000_001, schema: 200, sourceBits: 10, program: 'Slipway' },
}
const made = async (tables: readonly MsiTable[]): Promise<Uint8Array> =>
  all(
    msiFile({
      tables,
      summary: writeSummary(summary),
      streams: [{ name: 'app.cab', sizeBytes: 5000, bytes: () => [new Uint8Array(5000)] }],
    }).bytes(),
  )
const properties = (rows: readonly MsiRow[]): readonly MsiTable[] => knownTables({ Property: rows })
const directory = [
  { Directory: 'TARGETDIR', Directory_Parent: null, DefaultDir: 'SourceDir' },
  { Directory: 'd1', Directory_Parent: 'TARGETDIR', DefaultDir: 'GR~1|größe-日本' },
]
const sample = (): readonly MsiTable[] =>
  knownTables({
    Property: [{ Property: 'A', Value: 'one' }],
    Directory: directory,
    Icon: [{ Name: 'App.ico', Data: Uint8Array.of(1, 2, 3) }],
  })

describe('names of streams', () => {
  it('hold two letters in one unit, there and back', () => {
    for (const name of ['File', 'Icon.App.ico', '_StringPool', 'Größe x', 'a', 'ab', 'abc']) {
      expect(unpackName(packName(name))).toEqual({ name, isTable: false })
      expect(unpackName(tableStream(name))).toEqual({ name, isTable: true })
    }
    // As in every MSI that others made: the head of the table Property.
    expect([...tableStream('Property')].map(one => one.charCodeAt(0).toString(16))).toEqual(['4840', '4559', '44f2', '4568', '4737'])
  })
})

describe('columns', () => {
  it('have the bits that others write', () => {
    const bits = (type: string, isKey = false): string => columnBits(columnOf('a', type, isKey)).toString(16)
    expect([bits('s72', true), bits('l0'), bits('L255'), bits('i2'), bits('I2'), bits('i4'), bits('I4'), bits('v0'), bits('V0')]).toEqual([
      '2d48',
      'f00',
      '1fff',
      '502',
      '1502',
      '104',
      '1104',
      '900',
      '1900',
    ])
    for (const type of ['s72', 'l0', 'L255', 'i2', 'I4', 'v0', 'V0'])
      expect(columnFromBits('a', columnBits(columnOf('a', type, false)))).toEqual(columnOf('a', type, false))
  })
})

describe('the string pool', () => {
  it('keeps each text once and counts its uses', () => {
    const pool = stringPool()
    expect([pool.add('b'), pool.add(''), pool.add('größe'), pool.add('b')]).toEqual([1, 0, 2, 1])
    expect(readStrings(pool.pool(), pool.data())).toEqual({ codePage: 65_001, referenceBytes: 2, texts: ['', 'b', 'größe'] })
    expect([...pool.pool()].slice(4)).toEqual([1, 0, 2, 0, 7, 0, 1, 0])
  })
  it('reads a text of 64 KiB and more, and another code page', () => {
    const pool = Uint8Array.of(0xe4, 4, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0)
    const data = Buffer.concat([Buffer.alloc(65_536, 97), Buffer.from([0xfc])])
    expect(readStrings(pool, data)).toEqual({ codePage: 1252, referenceBytes: 2, texts: ['', 'a'.repeat(65_536), 'ü'] })
  })
  it('takes three bytes for a number where there are more than 65535 texts', async () => {
    const rows = Array.from({ length: 40_000 }, (_, at) => ({ Property: `P${at}`, Value: `value ${at}` }))
    const msi = await readMsi(fromBytes(await made(properties(rows))))
    const found = new Map(msi.tables.get('Property')?.rows.map(row => [row['Property'], row['Value']]))
    expect(found.size).toBe(40_000)
    expect(found.get('P39999')).toBe('value 39999')
  })
})

describe('a database', () => {
  it('comes back with tables, summary and streams', async () => {
    const msi = await readMsi(fromBytes(await made(sample())))
    expect(msi.tables.get('Directory')?.rows).toEqual(directory)
    expect(msi.tables.get('Property')?.columns.map(one => one.name)).toEqual(['Property', 'Value'])
    expect(msi.summary).toMatchObject({ subject: 'Größe 1.2.3', template: 'x64;1033', sourceBits: 10, schema: 200 })
    expect(msi.streams.map(one => [one.name, one.sizeBytes])).toEqual([
      ['Icon.App.ico', 3],
      ['app.cab', 5000],
    ])
    expect(msi.codePage).toBe(65_001)
  })
  it('has rows in the order of their keys, whatever the order in which they came', async () => {
    const rows = [3, 1, 2].map(at => ({ DiskId: at, LastSequence: at }))
    const table = (await readMsi(fromBytes(await made(knownTables({ Media: rows }))))).tables.get('Media')
    expect(table?.rows.map(row => row['DiskId'])).toEqual([1, 2, 3])
  })
  it('widens a column whose numbers outgrow it', async () => {
    const [media] = knownTables({ Media: [{ DiskId: 1, LastSequence: 40_000 }] })
    expect(media?.columns[1]).toMatchObject({ name: 'LastSequence', kind: 'long' })
    const validation = knownTables({ Media: [{ DiskId: 1, LastSequence: 40_000 }] }).find(one => one.name === '_Validation')
    expect(validation?.rows.find(row => row['Column'] === 'LastSequence')).toMatchObject({ MaxValue: 0x7fffffff })
  })
  it('refuses what a table cannot hold', async () => {
    expect(await codeOf(() => made(properties([{ Property: 'A', Value: null }])))).toBe('msi/bad-value')
    expect(await codeOf(() => made(properties([{ Property: 'A'.repeat(73), Value: 'a' }])))).toBe('msi/bad-value')
    expect(await codeOf(() => made(properties([{ Property: 'A', Value: 5 }])))).toBe('msi/bad-value')
    expect(await codeOf(() => made(properties([{ Property: 'A', Value: 'a'.repeat(65_536) }])))).toBe('msi/long-text')
    const twice = [1, 2].map(() => ({ Property: 'A', Value: 'a' }))
    expect(await codeOf(() => made(properties(twice)))).toBe('msi/duplicate-key')
  })
  itWith('msiinfo')('is read by msiinfo, table by table', async () => {
    const file = join(folder, 'a.msi')
    writeFileSync(file, await made(sample()))
    const msiinfo = (...args: readonly string[]): string =>
      execFileSync('msiinfo', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
    expect(msiinfo('tables', file).split('\n')).toEqual(expect.arrayContaining(['Property', 'Directory', 'Icon', '_Validation']))
    expect(msiinfo('export', file, 'Directory')).toBe(
      [
        'Directory\tDirectory_Parent\tDefaultDir',
        's72\tS72\tl255',
        'Directory\tDirectory',
        'TARGETDIR\t\tSourceDir',
        'd1\tTARGETDIR\tGR~1|größe-日本',
        '',
      ].join('\r\n'),
    )
    expect(msiinfo('suminfo', file)).toContain('Revision number (UUID): {000C1084-0000-0000-C000-000000000046}')
    expect(msiinfo('streams', file).split('\n')).toEqual(expect.arrayContaining(['app.cab', 'Icon.App.ico']))
  })
})

describe('reading', () => {
  itWith('msibuild')('takes databases of msibuild', async () => {
    const file = join(folder, 'other.msi')
    const idt = join(folder, 'Property.idt')
    writeFileSync(idt, 'Property\tValue\r\ns72\tl0\r\nProperty\tProperty\r\nProductName\tAn App\r\nProductVersion\t4.5.6\r\n')
    execFileSync('msibuild', [file, '-s', 'Title', 'Author', 'Intel;1033', '{12345678-1234-1234-1234-123456789ABC}'])
    execFileSync('msibuild', [file, '-i', idt])
    const msi = await readMsi(fromBytes(readFileSync(file)))
    expect(msi.tables.get('Property')?.rows).toEqual([
      { Property: 'ProductName', Value: 'An App' },
      { Property: 'ProductVersion', Value: '4.5.6' },
    ])
    expect(msi.summary).toMatchObject({ template: 'Intel;1033', packageCode: '{12345678-1234-1234-1234-123456789ABC}' })
  })
  it('says what is wrong', async () => {
    const other = await all(cfbFile([], { clsid: new Uint8Array(16) }).bytes())
    expect(await codeOf(() => readMsi(fromBytes(other)))).toBe('msi/bad-magic')
    const torn = [
      { name: tableStream('_StringPool'), sizeBytes: 4, bytes: () => [new Uint8Array(4)] },
      { name: tableStream('_Tables'), sizeBytes: 3, bytes: () => [new Uint8Array(3)] },
    ]
    const bad = await all(cfbFile(torn, { clsid: guidBytes(packageClass) }).bytes())
    expect(await codeOf(() => readMsi(fromBytes(bad)))).toBe('msi/bad-table')
    expect(await codeOf(() => readStrings(new Uint8Array(5), new Uint8Array(0)))).toBe('msi/bad-strings')
    expect(await codeOf(() => readStrings(Uint8Array.of(0, 0, 0, 0, 9, 0, 1, 0), new Uint8Array(8)))).toBe('msi/bad-strings')
    expect(await codeOf(() => readSummary(new Uint8Array(20)))).toBe('msi/bad-summary')
    const bytes = writeSummary(summary)
    new DataView(bytes.buffer).setUint32(52, 1000, true)
    expect(await codeOf(() => readSummary(bytes))).toBe('msi/bad-summary')
  })
  it('ends with a code or an answer whatever a byte is changed to', async () => {
    const bytes = await made(sample())
    const { strange, refused, slowestMs } = await mutate(bytes, one => readMsi(fromBytes(one)), 1500)
    expect(strange).toEqual([])
    expect(refused).toBeGreaterThan(100)
    expect(slowestMs).toBeLessThan(2000)
  })
})
