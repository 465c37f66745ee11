// Tests of msi: codes, versions and names; tables against the rules that they carry themselves; what msitools, 7z and osslsigncode say of a package.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { App, Target } from '@slipway/core'
import { fromBytes } from '@slipway/formats/bytes'
import { readIco } from '@slipway/formats/ico'
import { readMsi, type Msi } from '@slipway/formats/msi/read'
import type { MsiRow } from '@slipway/formats/msi/write'
import { writePng } from '@slipway/formats/png'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import type { FileTree } from '../tree.ts'
import { codeProblems, compareMsi, msiVersion } from './msi/codes.ts'
import { installerNames } from './msi/names.ts'
import type { MsiOptions } from './msi/options.ts'
import { msi } from './msi.ts'
import { app, date, defaultsOf, noise, treeOf, type Content } from './testing/trees.ts'

const folder = mkdtempSync(join(tmpdir(), 'msi-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const defaults: MsiOptions = defaultsOf(msi)
const icon = writePng({ width: 256, height: 256, pixels: new Uint8Array(256 * 256 * 4).fill(0x80) })

interface Making {
  readonly app?: Partial<App>
  readonly chosen?: Partial<MsiOptions>
  readonly contents?: Readonly<Record<string, Content>>
  readonly tree?: FileTree
  readonly target?: Target
  readonly date?: number
}
const contents: Readonly<Record<string, Content>> = {
  'tool.exe': 'MZ, nearly',
  'lib/one.dll': noise(100_000),
  'lib/größe-日本語.txt': 'unicode',
  "lib/quote's $(dollar); & [brackets] {braces} %s": 'hostile',
  'lib/deep/er/file': '',
  'lib/a long name.html': 'one',
  'lib/a long name 2.html': 'two',
  'void/inner': 'folder/',
}
const make = async (making: Making = {}): Promise<{ readonly bytes: Buffer; readonly facts: Readonly<Record<string, unknown>> }> => {
  const subject = {
    app: { ...app, ...making.app },
    target: making.target ?? 'windows-x64',
    tree: making.tree ?? treeOf(making.contents ?? contents, 'tool.exe'),
    date: making.date ?? date,
    assets: new Map([['icon.png', { sha256: '', bytes: icon }]]),
  }
  const packed = msi.pack(subject, { ...defaults, ...making.chosen })
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await packed.next()
    if (next.done === true) return { bytes: Buffer.concat(parts), facts: next.value }
    parts.push(Uint8Array.from(next.value))
  }
}
const read = async (making: Making = {}): Promise<Msi> => readMsi(fromBytes((await make(making)).bytes))
const rowsOf = (one: Msi, table: string): readonly MsiRow[] => one.tables.get(table)?.rows ?? []
const property = (one: Msi, name: string): unknown => rowsOf(one, 'Property').find(row => row['Property'] === name)?.['Value']
const codesOf = (problems: readonly { readonly code: string }[]): readonly string[] => problems.map(one => one.code)

const everything: Making = {
  app: {
    icon: 'icon.png',
    protocols: ['tool', 'tool+x'],
    opens: [{ type: 'application/x-tool', extensions: ['tool', 'tl'], name: '' }],
    services: [
      { name: 'agent.service', file: null, run: '--serve [x]', summary: 'serves', user: false, enable: true },
      { name: 'own.service', file: { path: 'own.service', from: 'app' }, run: '', summary: '', user: false, enable: false },
    ],
  },
  chosen: {
    ...{ mode: 'machine', desktop: true, path: true },
    environment: { TOOL_HOME: '{folder}data', TOOL_MODE: '[x]' },
    registry: { 'Software\\Tool [1]': { '': 'by default', folder: 'in {folder}', count: 7, sign: '#1' } },
  },
}

describe('variables and values of the config', () => {
  it.each([
    ['a variable that is no name', { environment: { 'A=B': 'x' } }],
    ['the search path, which has an option of its own', { environment: { Path: 'x' } }],
    ['a key with a backslash in front', { registry: { '\\Software': { a: 'b' } } }],
    ['a number that the registry has no room for', { registry: { Software: { a: 2 ** 32 } } }],
  ])('refuse %s', (_, said) => {
    expect(z.strictObject(msi.options).safeParse(said).success).toBe(false)
  })
})

describe('versions', () => {
  it('are three numbers; what is more is refused, or dropped where that was asked for', () => {
    expect(msiVersion('1.2.3', defaults)).toBe('1.2.3')
    expect(msiVersion('1.2.3+build', defaults)).toBe('1.2.3')
    expect(msiVersion('255.255.65535', defaults)).toBe('255.255.65535')
    for (const version of ['256.0.0', '1.256.0', '1.0.65536', '1.2.3-beta.4'])
      expect(msiVersion(version, defaults), version).toBeUndefined()
    expect(msiVersion('1.2.3-beta.4', { ...defaults, prerelease: 'drop' })).toBe('1.2.3')
  })
  it('are refused in check, with the version that they would become', () => {
    const check = (version: string, chosen = defaults) => codeProblems({ app: { ...app, version } }, chosen)
    expect(codesOf(check('1.2.3-beta.4'))).toEqual(['msi/prerelease'])
    expect(check('1.2.3-beta.4')[0]?.hint).toContain('makes it 1.2.3')
    expect(codesOf(check('1.2.3-beta.4', { ...defaults, prerelease: 'drop' }))).toEqual([])
    expect(codesOf(check('300.0.0'))).toEqual(['msi/bad-version'])
  })
  it('compare as Windows does, and by SemVer where Windows sees no difference', () => {
    const compare = (a: string, b: string): number =>
      compareMsi({ app: { ...app, version: a }, target: 'windows-x64' }, { app: { ...app, version: b }, target: 'windows-x64' }, defaults)
    expect(compare('1.2.3', '1.10.0')).toBeLessThan(0)
    expect(compare('1.2.3-beta.1', '1.2.3-beta.2')).toBeLessThan(0)
    expect(compare('2.0.0', '1.9.9')).toBeGreaterThan(0)
  })
})

describe('codes', () => {
  it('follow from the id, the version and the target alone', async () => {
    const [one, again, newer, arm] = await Promise.all([
      make(),
      make({ contents: { ...contents, more: 'x' } }),
      make({ app: { version: '1.2.4' } }),
      make({ target: 'windows-arm64' }),
    ])
    expect(again.facts['productCode']).toBe(one.facts['productCode'])
    expect(again.facts['packageCode']).not.toBe(one.facts['packageCode'])
    expect([newer.facts['upgradeCode'], arm.facts['upgradeCode']]).toEqual([one.facts['upgradeCode'], one.facts['upgradeCode']])
    expect(new Set([one, newer, arm].map(({ facts }) => facts['productCode'])).size).toBe(3)
    expect((await make({ date: date + 60 })).facts['packageCode']).not.toBe(one.facts['packageCode'])
  })
  it('keep an old UpgradeCode, however it is written', async () => {
    const code = '{0A1B2C3D-0000-1111-2222-333344445555}'
    for (const upgradeCode of [code, code.slice(1, -1).toLowerCase()])
      expect((await make({ chosen: { upgradeCode } })).facts['upgradeCode']).toBe(code)
    expect(codesOf(codeProblems({ app }, { ...defaults, upgradeCode: 'x' }))).toEqual(['msi/bad-upgrade-code'])
  })
  it('need an id', async () => {
    expect(codesOf(codeProblems({ app: { ...app, id: '' } }, defaults))).toEqual(['msi/no-id'])
    await expect(make({ app: { id: '' } })).rejects.toThrow('msi/no-id')
  })
})

describe('names', () => {
  it('have a short one of eight and three characters, each once in a folder', () => {
    const names = installerNames([
      'readme.txt',
      'a long name.html',
      'a long name 2.html',
      'alongn~1.htm',
      '.hidden',
      '日本.txt',
      'no-extension-here',
    ])
    expect(Object.fromEntries(names)).toEqual({
      'readme.txt': 'readme.txt',
      'a long name.html': 'ALONGN~3.HTM|a long name.html',
      'a long name 2.html': 'ALONGN~2.HTM|a long name 2.html',
      'alongn~1.htm': 'alongn~1.htm',
      '.hidden': 'HIDDEN~1|.hidden',
      '日本.txt': 'FILE~1.TXT|日本.txt',
      'no-extension-here': 'NO-EXT~1|no-extension-here',
    })
    const many = installerNames(Array.from({ length: 12_000 }, (_, at) => `long file name ${at}.html`))
    const short = [...many.values()].map(one => one.split('|')[0] ?? '')
    expect(new Set(short).size).toBe(12_000)
    for (const one of short) expect(one).toMatch(/^[A-Z0-9_~-]{1,8}\.[A-Z]{3}$/)
  })
  it('that Windows forbids are refused, all at once', async () => {
    const bad = {
      'tool.exe': 'x',
      'aux.txt': 'x',
      'a/b.': 'x',
      Same: 'x',
      same: 'x',
      link: { link: 'Same' },
      [`deep/${'d'.repeat(200)}`]: 'x',
      'a?b': 'x',
    }
    const refused = make({ contents: bad })
    for (const code of [
      'windows/bad-name: "aux.txt"',
      'windows/bad-name: "a/b."',
      'windows/bad-name: "a?b"',
      'windows/same-name',
      'windows/link',
      'windows/long-path',
    ])
      await expect(refused).rejects.toThrow(code)
  })
})

describe('limits', () => {
  it('are named: 65535 files, and 2 GB', async () => {
    const tree = treeOf({ 'tool.exe': 'x' }, 'tool.exe')
    const [file] = tree.entries
    const entries = Array.from({ length: 65_536 }, (_, at) => ({ ...file, path: `f${at}` }) as FileTree['entries'][number])
    await expect(make({ tree: { ...tree, entries } })).rejects.toThrow('msi/too-many')
  })
  it('say so where the cabinet becomes too large', { timeout: 120_000 }, async () => {
    const tree = treeOf({ 'tool.exe': 'x' }, 'tool.exe')
    const piece = new Uint8Array(1 << 20)
    const half = (path: string): FileTree['entries'][number] => ({
      ...{ type: 'file', path, mode: 0o644, sizeBytes: 2 ** 30 - 512, sha256: '', deflated: () => Promise.reject(new Error('unused')) },
      async *bytes() {
        for (let at = 0; at < 1023; at++) yield piece
        yield piece.subarray(512)
      },
    })
    const subject = { app, target: 'windows-x64', tree: { ...tree, entries: [half('a'), half('b')] }, date }
    const three = { ...subject, tree: { ...tree, entries: [half('a'), half('b'), half('c')] } }
    await expect(msi.pack(three, defaults).next()).rejects.toThrow('msi/too-large: the app has 3221223936 bytes, and the cabinet')
    const deflate = (bytes: Uint8Array) => Promise.resolve(bytes)
    const spool = async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const _ of chunks) continue
      return () => []
    }
    await expect(msi.pack({ ...subject, deflate, spool }, defaults).next()).rejects.toThrow('msi/too-large: the app is too large')
  })
})

const categories: Readonly<Record<string, RegExp>> = {
  Identifier: /^[A-Za-z_][A-Za-z0-9_.]*$/,
  UpperCase: /^[^a-z]*$/,
  Guid: /^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/,
  Version: /^\d{1,5}(\.\d{1,5}){0,3}$/,
  Language: /^\d+(,\d+)*$/,
  Filename: /^([^\\?|><:/*"+,;=[\] ]{1,8}(\.[^\\?|><:/*"+,;=[\] .]{1,3})?)(\|[^\\?|><:/*"]+)?$/,
  Cabinet: /^#[A-Za-z_][A-Za-z0-9_.]*$/,
}

/** What _Validation says of every table, and what tools for it check beside that (ICE03, ICE06, ICE07). */
const validated = (one: Msi): readonly string[] => {
  const rules = rowsOf(one, '_Validation')
  const wrong: string[] = []
  const keysOf = new Map([...one.tables].map(([name, { rows, columns }]) => [name, new Set(rows.map(row => row[columns[0]?.name ?? '']))]))
  for (const [table, { columns, rows }] of one.tables)
    for (const column of columns) {
      const rule = rules.find(row => row['Table'] === table && row['Column'] === column.name)
      if (rule === undefined) {
        wrong.push(`${table}.${column.name} has no rule`)
        continue
      }
      const [low, high] = [rule['MinValue'], rule['MaxValue']]
      const foreign = typeof rule['KeyTable'] === 'string' ? rule['KeyTable'].split(';') : []
      const set = typeof rule['Set'] === 'string' ? rule['Set'].split(';') : undefined
      for (const row of rows) {
        const value = row[column.name]
        const said = `${table}.${column.name} = ${String(value as string)}`
        if (value === null || value === undefined) {
          if (rule['Nullable'] !== 'Y') wrong.push(`${said} is null`)
          continue
        }
        if (typeof value === 'number' && ((typeof low === 'number' && value < low) || (typeof high === 'number' && value > high)))
          wrong.push(said)
        if (foreign.length > 0 && !foreign.some(name => keysOf.get(name)?.has(value) === true))
          wrong.push(`${said} is in none of ${foreign.join()}`)
        if (set !== undefined && !set.includes(String(value as string))) wrong.push(`${said} is not in its set`)
        const parts = typeof value !== 'string' ? [] : column.name === 'KeyTable' ? value.split(';') : [value]
        if (parts.some(part => categories[String(rule['Category'] as string)]?.test(part) === false)) wrong.push(`${said}: its category`)
      }
    }
  return wrong
}

/** ICE04, 08, 18, 21, 30, 38, 64, and what each says of whom. */
const composed = (one: Msi): readonly string[] => {
  const wrong: string[] = []
  const components = rowsOf(one, 'Component')
  const inFeatures = new Set(rowsOf(one, 'FeatureComponents').map(row => row['Component_']))
  const registry = new Map(rowsOf(one, 'Registry').map(row => [row['Registry'], row]))
  const files = rowsOf(one, 'File')
  const isUser = property(one, 'ALLUSERS') === undefined
  for (const row of components) {
    const [id, key] = [String(row['Component'] as string), row['KeyPath']]
    if (!inFeatures.has(id)) wrong.push(`${id} is in no feature`)
    if ((Number(row['Attributes']) & 4) !== 0 && registry.get(String(key as string))?.['Root'] !== 1)
      wrong.push(`${id} has no value in HKCU`)
    if (isUser && (Number(row['Attributes']) & 4) === 0) wrong.push(`${id} lies in a profile and is kept by a file`)
    if ((Number(row['Attributes']) & 4) === 0 && key !== null && files.find(file => file['File'] === key)?.['Component_'] !== id)
      wrong.push(`${id} is kept by another's file`)
  }
  if (new Set(components.map(row => row['ComponentId'])).size !== components.length) wrong.push('a component code stands twice')
  const sequence = files.map(row => Number(row['Sequence'])).sort((a, b) => a - b)
  if (sequence.some((number, at) => number !== at + 1) || rowsOf(one, 'Media')[0]?.['LastSequence'] !== files.length)
    wrong.push('files are not numbered')
  const removed = new Set(rowsOf(one, 'RemoveFile').map(row => row['DirProperty']))
  const system = ['TARGETDIR', 'LocalAppDataFolder', 'ProgramMenuFolder', 'DesktopFolder']
  for (const { Directory: id } of rowsOf(one, 'Directory'))
    if (isUser && !system.includes(String(id as string)) && !removed.has(id ?? ''))
      wrong.push(`${String(id as string)} stays in the profile`)
  for (const table of ['InstallExecuteSequence', 'InstallUISequence', 'AdminExecuteSequence', 'AdminUISequence', 'AdvtExecuteSequence']) {
    const numbers = rowsOf(one, table).map(row => row['Sequence'])
    if (numbers.length === 0 || new Set(numbers).size !== numbers.length) wrong.push(`${table} has one number twice`)
  }
  return wrong
}

describe('tables', () => {
  it.each([
    ['a user package', {}],
    ['a package with everything', everything],
    ['an x86 package', { ...everything, target: 'windows-x86' }],
    ['a user package with everything', { ...everything, chosen: { ...everything.chosen, mode: 'user' } }],
  ] as const)('of %s keep the rules that they carry, and those of ICE', async (_, making) => {
    const one = await read(making as Making)
    expect(validated(one)).toEqual([])
    expect(composed(one)).toEqual([])
  })
  it('would be seen to break them', async () => {
    const one = await read()
    const broken = (table: string, change: MsiRow): Msi => {
      const found = one.tables.get(table)
      if (found === undefined) throw new Error(table)
      const [first = {}, ...rest] = found.rows
      return { ...one, tables: new Map([...one.tables, [table, { ...found, rows: [{ ...first, ...change }, ...rest] }]]) }
    }
    expect(validated(broken('File', { Component_: 'nobody' }))).toHaveLength(1)
    expect(validated(broken('Directory', { DefaultDir: null }))).toHaveLength(1)
    expect(validated(broken('Media', { DiskId: 0 }))).toHaveLength(1)
    expect(composed(broken('File', { Sequence: 2 }))).toHaveLength(1)
    expect(composed(broken('FeatureComponents', { Component_: 'nobody' }))).toHaveLength(1)
    expect(composed(broken('Component', { Attributes: 256 }))).not.toHaveLength(0)
  })
  it('order the actions that depend on each other', async () => {
    const at = new Map(rowsOf(await read(everything), 'InstallExecuteSequence').map(row => [row['Action'], Number(row['Sequence'])]))
    const order = [
      'FindRelatedProducts',
      'RefuseDowngrade',
      'AppSearch',
      'RestoreFolder',
      'CostInitialize',
      'FileCost',
      'CostFinalize',
      'SetInstallLocation',
      'MigrateFeatureStates',
      'InstallValidate',
      'InstallInitialize',
      'RemoveExistingProducts',
      'ProcessComponents',
      'StopServices',
      'DeleteServices',
      'RemoveFiles',
      'InstallFiles',
      'WriteRegistryValues',
      'InstallServices',
      'StartServices',
      'RegisterProduct',
      'InstallFinalize',
    ]
    const numbers = order.map(action => at.get(action) ?? Number.NaN)
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    expect((await read()).tables.get('InstallExecuteSequence')?.rows.map(row => row['Action'])).not.toContain('InstallServices')
  })
  it('say for whom, where to, and on what', async () => {
    const [user, machine, x86, arm] = await Promise.all([
      read(),
      read(everything),
      read({ ...everything, target: 'windows-x86' }),
      read({ target: 'windows-arm64' }),
    ])
    expect(
      [user, machine, x86, arm].map(one => [
        one.summary['template'],
        one.summary['sourceBits'],
        one.summary['schema'],
        property(one, 'ALLUSERS'),
      ]),
    ).toEqual([
      ['x64;1033', 10, 200, undefined],
      ['x64;1033', 2, 200, '1'],
      ['Intel;1033', 2, 200, '1'],
      ['Arm64;1033', 10, 500, undefined],
    ])
    const folders = (one: Msi) => rowsOf(one, 'Directory').map(row => row['Directory'])
    expect(folders(user)).toContain('LocalAppDataFolder')
    expect(folders(machine)).toContain('ProgramFiles64Folder')
    expect(folders(x86)).toContain('ProgramFilesFolder')
    expect(rowsOf(x86, 'Component').every(row => (Number(row['Attributes']) & 256) === 0)).toBe(true)
    expect(rowsOf(user, 'Component').every(row => (Number(row['Attributes']) & 256) !== 0)).toBe(true)
  })
  it('install services of the machine that are made of the program, and name those left', async () => {
    const one = await read(everything)
    expect(rowsOf(one, 'ServiceInstall')).toMatchObject([
      { Name: 'agent', StartType: 2, ServiceType: 16, Arguments: '--serve [\\[]x[\\]]' },
    ])
    expect(rowsOf(one, 'ServiceControl')).toMatchObject([{ Name: 'agent', Event: 163, Wait: 0 }])
    expect((await make(everything)).facts['leftServices']).toEqual(['own.service'])
    const user = { ...everything, chosen: {} }
    expect((await make(user)).facts['leftServices']).toEqual(['agent.service', 'own.service'])
    expect(rowsOf(await read(user), 'ServiceInstall')).toEqual([])
  })
  it('hold no longer texts than they have room for', async () => {
    const service = { name: 'a.service', file: null, run: 'x'.repeat(256), summary: '', user: false, enable: false }
    await expect(make({ ...everything, app: { services: [service] } })).rejects.toThrow('msi/illegal-text: a table cannot hold')
    const name = `${'x'.repeat(63)}🚀`
    expect(rowsOf(await read({ app: { name } }), 'Feature').map(row => row['Title'])).toContain('x'.repeat(63))
  })
  it('register addresses and types under the root of the mode, and carry the icon', async () => {
    const open = async (making: Making) =>
      rowsOf(await read(making), 'Registry').filter(row => String(row['Key'] as string).startsWith('Software\\Classes'))
    const [first] = await open(everything)
    expect(first).toMatchObject({ Root: 2, Key: 'Software\\Classes\\tool', Name: null, Value: 'URL:A Tool' })
    expect((await open({ ...everything, chosen: {} })).every(row => row['Root'] === 1)).toBe(true)
    expect((await open(everything)).map(row => row['Name'])).toContain('dev.example.tool.tl')
    const one = await read(everything)
    expect(property(one, 'ARPPRODUCTICON')).toBe('App.ico')
    const stream = one.streams.find(found => found.name === 'Icon.App.ico')?.open()
    expect(readIco((await stream?.read(0, stream.sizeBytes)) ?? new Uint8Array(0)).length).toBeGreaterThan(5)
  })
  it('find the folder again that was chosen once, where the component wrote it', async () => {
    const key = 'Software\\dev.example.tool\\Installer'
    for (const [making, root, type] of [
      [{}, 1, 18],
      [everything, 2, 18],
      [{ target: 'windows-x86' }, 1, 2],
    ] as const) {
      const one = await read(making as Making)
      expect(rowsOf(one, 'AppSearch')).toEqual([{ Property: 'OLDFOLDER', Signature_: 'OldFolder' }])
      expect(rowsOf(one, 'RegLocator')).toEqual([{ Signature_: 'OldFolder', Root: root, Key: key, Name: 'Folder', Type: type }])
      expect(rowsOf(one, 'Registry').find(row => row['Registry'] === 'folder')).toMatchObject({
        Root: root,
        Key: key,
        Value: '[INSTALLFOLDER]',
      })
    }
  })
  it('replace what is older or as old, and refuse what is newer', async () => {
    expect(rowsOf(await read(), 'Upgrade')).toMatchObject([
      { VersionMin: '1.2.3', VersionMax: null, Attributes: 2, ActionProperty: 'NEWERFOUND' },
      { VersionMin: '0.0.0', VersionMax: '1.2.3', Attributes: 769, ActionProperty: 'OLDERFOUND' },
    ])
    expect(rowsOf(await read(), 'CustomAction')[0]).toMatchObject({
      Action: 'RefuseDowngrade',
      Type: 19,
      Target: expect.stringContaining('newer version') as string,
    })
  })
})

const walk = (root: string, below = ''): readonly string[] =>
  readdirSync(join(root, below)).flatMap(name => {
    const path = below === '' ? name : `${below}/${name}`
    return statSync(join(root, path)).isDirectory() ? walk(root, path) : [path]
  })

describeWithJudge(['msiinfo', 'msiextract', '7z'], 'msitools and 7z', ({ msiinfo, msiextract, '7z': sevenZip }) => {
  const env = { ...process.env, LC_ALL: 'C.UTF-8' }
  it('unpack the same tree, and no changed one', async () => {
    const { bytes } = await make({ chosen: { mode: 'machine' } })
    const file = join(folder, 'a.msi')
    const out = mkdtempSync(join(folder, 'out-'))
    writeFileSync(file, bytes)
    execFileSync(msiextract, ['-C', out, file], { env })
    const names = Object.entries(contents).filter(([, one]) => one !== 'folder/')
    expect([...walk(join(out, 'A Tool'))].sort()).toEqual(names.map(([name]) => name).sort())
    for (const [name, content] of names)
      expect(Buffer.compare(readFileSync(join(out, 'A Tool', name)), Buffer.from(content as string)), name).toBe(0)
    expect(execFileSync(sevenZip, ['t', file], { encoding: 'utf8' })).toContain('Everything is Ok')
    bytes[bytes.length - 2000] = (bytes[bytes.length - 2000] ?? 0) ^ 0xff
    writeFileSync(file, bytes)
    expect(() => execFileSync(sevenZip, ['t', file], { stdio: 'pipe' })).toThrow('Command failed')
  })
  it('show every table and the summary', async () => {
    const file = join(folder, 'b.msi')
    const { bytes, facts } = await make(everything)
    writeFileSync(file, bytes)
    const run = (...args: readonly string[]): string => execFileSync(msiinfo, args, { encoding: 'utf8', env })
    const tables = run('tables', file).split('\n')
    expect(tables).toEqual(
      expect.arrayContaining([
        'Shortcut',
        'Environment',
        'ServiceInstall',
        'ServiceControl',
        'Upgrade',
        'Icon',
        'CreateFolder',
        '_Validation',
      ]),
    )
    expect(run('export', file, 'Property')).toContain(`ProductCode\t${String(facts['productCode'])}\r\n`)
    expect(run('suminfo', file)).toContain(`Revision number (UUID): ${String(facts['packageCode'])}`)
    const environment = run('export', file, 'Environment')
    expect(environment).toContain('Path\t=-*PATH\t[~];[INSTALLFOLDER]\tPath')
    expect(environment).toContain('own1\t=-*TOOL_HOME\t[INSTALLFOLDER]data\tRegistration')
    expect(environment).toContain('own2\t=-*TOOL_MODE\t[\\[]x[\\]]\tRegistration')
    const values = run('export', file, 'Registry')
    for (const value of ['\tby default', 'folder\tin [INSTALLFOLDER]', 'count\t#7', 'sign\t##1'])
      expect(values).toContain(`2\tSoftware\\Tool [\\[]1[\\]]\t${value}\tRegistration`)
  })
})

describeWithJudge(['osslsigncode'], 'osslsigncode', ({ osslsigncode }) => {
  it('signs the package and finds the signature sound, and not that of a changed one', async () => {
    const path = (name: string): string => join(folder, name)
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        path('key.pem'),
        '-out',
        path('cert.pem'),
        '-days',
        '3650',
        '-subj',
        '/CN=Test',
        '-addext',
        'extendedKeyUsage=codeSigning',
      ],
      { stdio: 'pipe' },
    )
    writeFileSync(path('c.msi'), (await make()).bytes)
    rmSync(path('signed.msi'), { force: true })
    execFileSync(
      osslsigncode,
      ['sign', '-certs', path('cert.pem'), '-key', path('key.pem'), '-in', path('c.msi'), '-out', path('signed.msi')],
      { stdio: 'pipe' },
    )
    const verify = (name: string): string => {
      try {
        return execFileSync(osslsigncode, ['verify', '-CAfile', path('cert.pem'), '-in', path(name)], { encoding: 'utf8', stdio: 'pipe' })
      } catch (error) {
        return String((error as { stdout?: string }).stdout ?? error)
      }
    }
    expect(verify('signed.msi')).toContain('Signature verification: ok')
    const signed = readFileSync(path('signed.msi'))
    expect((await readMsi(fromBytes(signed))).streams.map(one => one.name)).toContain('\u0005DigitalSignature')
    const at = signed.indexOf('MSCF') + 200
    signed[at] = (signed[at] ?? 0) ^ 0xff
    writeFileSync(path('changed.msi'), signed)
    expect(verify('changed.msi')).not.toContain('Signature verification: ok')
  })
})
