// pkg: what it says of the app, what is refused, and what readers that are not ours find in it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { App, Problem } from '@slipway/core'
import { collect, fromBytes } from '@slipway/formats/bytes'
import { readCpio } from '@slipway/formats/cpio'
import { gunzipWhole } from '@slipway/formats/gzip'
import { writePng } from '@slipway/formats/png'
import { readXar } from '@slipway/formats/xar/read'
import { childOf, readXml } from '@slipway/formats/xml'
import * as z from 'zod'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { cpuArm64, cpuX64, fat, unsignedMachO } from '../../../formats/src/testing/binaries.ts'
import type { FileTree } from '../tree.ts'
import { app as appUnit } from './app.ts'
import type { AssetFile, Facts } from './packager.ts'
import { pkg } from './pkg.ts'
import { app as baseApp, date, treeOf, type Content } from './testing/trees.ts'

const folder = mkdtempSync(join(tmpdir(), 'pkg-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = fat([
  [cpuX64, unsignedMachO({ cpu: cpuX64, contentBytes: 3000 })],
  [cpuArm64, unsignedMachO({ cpu: cpuArm64, contentBytes: 3000 })],
])
const text = (content: string): Uint8Array => new TextEncoder().encode(content)
const infoPlist = (id: string, version: string): string =>
  `<?xml version="1.0"?><plist version="1.0"><dict><key>CFBundleIdentifier</key><string>${id}</string><key>CFBundleVersion</key><string>${version}</string></dict></plist>`

const withProgram = (list: string, name: string): string =>
  list.replace('<dict>', `<dict><key>CFBundleExecutable</key><string>${name}</string>`)

interface Packing {
  readonly options?: Readonly<Record<string, unknown>>
  readonly app?: Partial<App>
  readonly target?: string
  readonly assets?: Readonly<Record<string, Uint8Array | string>>
  readonly contents?: Readonly<Record<string, Content>>
  readonly tree?: FileTree
}
const plain: Readonly<Record<string, Content>> = {
  tool: program,
  'data/words.txt': 'words',
  'data/link': { link: 'words.txt' },
  void: 'folder/',
}
const optionsOf = (options: Readonly<Record<string, unknown>> = {}) => z.strictObject(pkg.options).parse(options)
const assetsOf = (files: Packing['assets'] = {}): ReadonlyMap<string, AssetFile> =>
  new Map(Object.entries(files).map(([path, bytes]) => [path, { bytes: typeof bytes === 'string' ? text(bytes) : bytes, sha256: '' }]))
const subjectOf = async ({ app: more, target = 'macos-universal', contents = plain, assets, tree }: Packing) => {
  const subject = { app: { ...baseApp, ...more }, target, date, assets: assetsOf(assets) }
  const shaped =
    tree ?? (await appUnit.shape({ ...subject, tree: treeOf(contents) }, z.strictObject(appUnit.options).parse({ minimum: '12.3' })))
  return { ...subject, tree: shaped }
}
const packed = async (packing: Packing = {}): Promise<{ readonly bytes: Uint8Array; readonly facts: Facts }> => {
  const parts: Uint8Array[] = []
  const writing = pkg.pack(await subjectOf(packing), optionsOf(packing.options))
  for (;;) {
    const next = await writing.next()
    if (next.done === true) return { bytes: Buffer.concat(parts), facts: next.value }
    parts.push(next.value)
  }
}
const filesOf = async (bytes: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> => {
  const files = new Map<string, Uint8Array>()
  for (const one of (await readXar(fromBytes(bytes), { limitEntries: 1000, limitBytes: 2 ** 30 })).files)
    if (one.type === 'file') files.set(one.path, await collect(one.bytes(), 2 ** 30))
  return files
}
const xmlOf = (files: ReadonlyMap<string, Uint8Array>, path: string) => readXml(new TextDecoder().decode(files.get(path)))
const codesOf = (problems: readonly Problem[] | undefined): readonly string[] => (problems ?? []).map(one => one.code)
const png = writePng({ width: 4, height: 4, pixels: new Uint8Array(64).fill(0x80) })

describe('pkg', () => {
  it('is a distribution with the bundle as its one component', async () => {
    const { bytes, facts } = await packed()
    const files = await filesOf(bytes)
    expect([...files.keys()]).toEqual(['Distribution', ...['PackageInfo', 'Bom', 'Payload'].map(name => `dev.example.tool.pkg/${name}`)])
    const distribution = xmlOf(files, 'Distribution')
    expect(childOf(distribution, 'title')?.text).toBe('A Tool')
    expect([...(childOf(distribution, 'options')?.attributes ?? [])]).toEqual([
      ['customize', 'never'],
      ['require-scripts', 'false'],
      ['hostArchitectures', 'x86_64,arm64'],
    ])
    const [reference] = distribution.children.filter(one => one.name === 'pkg-ref')
    expect(childOf(reference, 'must-close')?.children.map(one => one.attributes.get('id'))).toEqual(['dev.example.tool'])
    const versions = childOf(childOf(distribution, 'volume-check'), 'allowed-os-versions')
    expect(childOf(versions, 'os-version')?.attributes.get('min')).toBe('12.3')
    const info = xmlOf(files, 'dev.example.tool.pkg/PackageInfo')
    expect(Object.fromEntries(info.attributes)).toMatchObject({
      identifier: 'dev.example.tool',
      version: '1.2.3',
      relocatable: 'false',
      'install-location': '/Applications',
      auth: 'root',
    })
    expect(childOf(info, 'strict-identifier')?.children.map(one => one.attributes.get('id'))).toEqual(['dev.example.tool'])
    expect(childOf(info, 'relocate')?.children).toEqual([])
    expect(facts).toMatchObject({ identifier: 'dev.example.tool', version: '1.2.3', minimum: '12.3', components: ['dev.example.tool'] })
  })
  it.each([
    ['macos-x64', 'x86_64'],
    ['macos-arm64', 'arm64'],
  ])('says which processors it is for: %s', async (target, processors) => {
    const files = await filesOf((await packed({ target })).bytes)
    expect(childOf(xmlOf(files, 'Distribution'), 'options')?.attributes.get('hostArchitectures')).toBe(processors)
  })
  it('leaves out of the version what macOS does not compare, as the bundle does', async () => {
    const { bytes, facts } = await packed({ app: { version: '1.2.3-beta.4' } })
    const info = xmlOf(await filesOf(bytes), 'dev.example.tool.pkg/PackageInfo')
    expect([facts['version'], info.attributes.get('version'), childOf(info, 'bundle')?.attributes.get('CFBundleVersion')]).toEqual([
      '1.2.3',
      '1.2.3',
      '1.2.3',
    ])
    expect(pkg.fileName({ app: { ...baseApp, version: '1.2.3-beta.4' }, target: 'macos-arm64' }, optionsOf())).toBe(
      'tool-1.2.3-beta.4-macos-arm64.pkg',
    )
  })
  it('names the bundles inside of the bundle', async () => {
    const contents = {
      'My.app/Contents/Info.plist': withProgram(infoPlist('dev.example.tool', '1'), 'My'),
      'My.app/Contents/MacOS/My': program,
      'My.app/Contents/Frameworks/A.framework/Versions/A/Resources/Info.plist': infoPlist('org.example.a', '7'),
      'My.app/Contents/XPCServices/B.xpc/Contents/Info.plist': withProgram(infoPlist('org.example.b', '8'), 'tool'),
      // A link of any mode may lead to a program.
      'My.app/Contents/XPCServices/B.xpc/Contents/MacOS/tool': { link: '../../../../MacOS/My' },
      'My.app/Contents/Resources/C.bundle/Contents/Info.plist': 'no property list',
    }
    const info = xmlOf(await filesOf((await packed({ contents })).bytes), 'dev.example.tool.pkg/PackageInfo')
    expect(
      info.children
        .filter(one => one.name === 'bundle')
        .map(one => [one.attributes.get('id'), one.attributes.get('path'), one.attributes.get('CFBundleVersion')]),
    ).toEqual([
      ['dev.example.tool', './My.app', '1'],
      ['org.example.a', './My.app/Contents/Frameworks/A.framework/Versions/A', '7'],
      ['org.example.b', './My.app/Contents/XPCServices/B.xpc', '8'],
    ])
  })
  it('has pages, choices, scripts and small files as the config says', async () => {
    const { bytes } = await packed({
      options: {
        title: 'Tool & <friends>',
        welcome: 'w.html',
        licence: 'LICENSE',
        background: 'b.png',
        components: {
          cli: { title: 'Command', location: '/usr/local/bin', files: { tool: 'cli.sh', 'share/n.txt': 'n.txt' }, selected: false },
        },
        scripts: { preinstall: '#!/bin/sh\nexit 0', postinstall: 'post.sh' },
      },
      assets: {
        'w.html': '<p>Hello</p>',
        LICENSE: 'Be kind.',
        'b.png': png,
        'cli.sh': '#!/bin/sh\n',
        'n.txt': 'n',
        'post.sh': '#!/bin/bash\ntrue\n',
      },
    })
    const files = await filesOf(bytes)
    expect(['Resources/welcome.html', 'Resources/license.txt', 'Resources/background.png'].filter(name => !files.has(name))).toEqual([])
    const distribution = xmlOf(files, 'Distribution')
    expect(childOf(distribution, 'title')?.text).toBe('Tool & <friends>')
    expect(childOf(distribution, 'license')?.attributes.get('mime-type')).toBe('text/plain')
    expect(childOf(distribution, 'background-darkAqua')?.attributes.get('file')).toBe('background.png')
    expect(childOf(distribution, 'options')?.attributes.get('customize')).toBe('allow')
    const choices = distribution.children.filter(one => one.name === 'choice')
    expect(
      choices.map(one => [one.attributes.get('id'), one.attributes.get('start_selected'), one.attributes.get('start_enabled')]),
    ).toEqual([
      ['dev.example.tool', 'true', 'false'],
      ['dev.example.tool.cli', 'false', undefined],
    ])
    const listOf = async (path: string): Promise<readonly (readonly unknown[])[]> => {
      const found: (readonly unknown[])[] = []
      for await (const one of readCpio([gunzipWhole(files.get(path) ?? new Uint8Array(0))], { limitEntries: 100, limitBytes: 1 << 20 }))
        found.push([one.path, one.mode.toString(8), new TextDecoder().decode(await collect(one.bytes(), 1 << 20))])
      return found
    }
    expect(await listOf('dev.example.tool.cli.pkg/Payload')).toEqual([
      ['.', '755', ''],
      ['./share', '755', ''],
      ['./share/n.txt', '644', 'n'],
      ['./tool', '755', '#!/bin/sh\n'],
    ])
    expect(await listOf('dev.example.tool.pkg/Scripts')).toEqual([
      ['.', '755', ''],
      ['./preinstall', '755', '#!/bin/sh\nexit 0\n'],
      ['./postinstall', '755', '#!/bin/bash\ntrue\n'],
    ])
    expect(childOf(xmlOf(files, 'dev.example.tool.pkg/PackageInfo'), 'scripts')?.children.map(one => one.attributes.get('file'))).toEqual([
      './preinstall',
      './postinstall',
    ])
  })
  it('asks for the files that the config names', () => {
    const chosen = optionsOf({
      licence: 'L',
      scripts: { preinstall: 'p.sh', postinstall: '#!/bin/sh' },
      components: { c: { title: 'C', location: '/opt', files: { a: 'b' } } },
    })
    expect(pkg.assets?.({ app: baseApp, target: 'macos-x64' }, chosen).map(({ path, from }) => `${path} ${from}`)).toEqual([
      'L packages.pkg.licence',
      'p.sh packages.pkg.scripts.preinstall',
      'b packages.pkg.components.c.files.a',
    ])
  })
})

describe('refused in the plan', () => {
  const component = (more: Readonly<Record<string, unknown>>) => ({
    components: { c: { title: 'C', location: '/opt', files: { a: 'b' }, ...more } },
  })
  it.each([
    ['pkg/illegal-identifier', { identifier: 'tool' }],
    ['pkg/illegal-identifier', { identifier: 'dev.exämple' }],
    ['pkg/illegal-identifier', { identifier: 'dev.example/../../x' }],
    ['pkg/illegal-location', { location: 'Applications' }],
    ['pkg/illegal-location', { location: '/Applications/../etc' }],
    ['pkg/illegal-location', { location: '/' }],
    ['pkg/illegal-location', component({ location: '' })],
    ['pkg/illegal-component', { components: { 'a b': component({}).components.c } }],
    ['pkg/illegal-component', component({ files: {} })],
    ['pkg/illegal-component', component({ files: { '../a': 'b' } })],
    ['pkg/illegal-component', component({ files: { a: 'b', 'a/b': 'b' } })],
  ])('%s: %j', (code, options) => {
    expect(codesOf(pkg.check?.({ app: baseApp, target: 'macos-x64' }, optionsOf(options)))).toEqual([code])
  })
  it.each([
    ['pkg/bad-document', { licence: 'l.txt' }, { 'l.txt': ' \n' }],
    ['pkg/bad-document', { licence: 'l.pdf' }, { 'l.pdf': 'text' }],
    ['pkg/bad-document', { welcome: 'w.rtf' }, { 'w.rtf': 'text' }],
    ['pkg/bad-document', { welcome: 'w' }, { w: Uint8Array.of(0xff) }],
    ['pkg/bad-document', { welcome: 'w' }, { w: 'a\0' }],
    ['pkg/bad-background', { background: 'b.png' }, { 'b.png': 'no picture' }],
    ['pkg/bad-script', { scripts: { preinstall: 'p' } }, { p: 'echo hello\n' }],
    ['pkg/bad-script', { scripts: { postinstall: 'p' } }, { p: '#!/bin/sh\r\n' }],
  ])('%s: %j', async (code, options, assets: Readonly<Record<string, string | Uint8Array>>) => {
    expect(codesOf(pkg.examine?.({ app: baseApp, target: 'macos-x64' }, optionsOf(options), assetsOf(assets)))).toEqual([code])
    await expect(packed({ options, assets })).rejects.toThrow(code)
  })
  it('is sound where nothing is wrong', () => {
    const options = optionsOf({ licence: 'l.rtf', scripts: { preinstall: 'p' } })
    expect(pkg.check?.({ app: baseApp, target: 'macos-x64' }, options)).toEqual([])
    expect(pkg.examine?.({ app: baseApp, target: 'macos-x64' }, options, assetsOf({ 'l.rtf': '{\\rtf1 a}', p: '#!/bin/sh\n' }))).toEqual([])
  })
  it('needs a bundle', async () => {
    await expect(packed({ tree: treeOf({ tool: program }) })).rejects.toThrow('pkg/no-bundle')
  })
})

describeWithJudge(['7z', 'cpio', 'read-pkg'], 'pkg, as others read it', judges => {
  const write = async (name: string, packing: Packing = {}): Promise<string> => {
    const path = join(folder, name)
    writeFileSync(path, (await packed(packing)).bytes)
    return path
  }
  const read = (path: string): string => execFileSync(judges['read-pkg'], [path], { encoding: 'utf8', stdio: 'pipe', maxBuffer: 1 << 28 })
  it('holds the bundle with modes, links and empty folders', async () => {
    const [path, out] = [await write('tool.pkg'), join(folder, 'out')]
    execFileSync(judges['7z'], ['x', `-o${out}`, path], { stdio: 'pipe' })
    mkdirSync(join(out, 'root'))
    execFileSync('/bin/sh', ['-c', `gzip -dc ../dev.example.tool.pkg/Payload | '${judges.cpio}' -idm --quiet`], { cwd: join(out, 'root') })
    const inside = join(out, 'root/A Tool.app/Contents')
    expect(readFileSync(join(inside, 'MacOS/tool')).equals(Buffer.from(program))).toBe(true)
    expect([statSync(join(inside, 'MacOS/tool')).mode & 0o7777, statSync(join(inside, 'Resources/data/words.txt')).mode & 0o7777]).toEqual([
      0o755, 0o644,
    ])
    expect(readlinkSync(join(inside, 'Resources/data/link'))).toBe('words.txt')
    expect(statSync(join(inside, 'Resources/void')).isDirectory()).toBe(true)
    expect(statSync(join(inside, 'MacOS/tool')).mtimeMs).toBe(date * 1000)
  })
  it('is what Rust crates for Apple packages read, the bill of materials with the checksums of cksum(1)', async () => {
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`many/${index}.txt`, `${index}`]))
    const path = await write('many.pkg', { contents: { ...plain, ...many }, options: { scripts: { postinstall: '#!/bin/sh\n' } } })
    const said = read(path)
    expect(said).toContain(
      'component dev.example.tool 1.2.3 Some("/Applications") root\nbundle dev.example.tool ./A Tool.app Some("1.2.3")',
    )
    expect(said).toContain('postinstall')
    const words = Number.parseInt(execFileSync('cksum', { input: 'words', encoding: 'utf8' }), 10)
    expect(said).toContain(`100644 0/0 5 Some(${words}) None ./A Tool.app/Contents/Resources/data/words.txt\n`)
    const target = Number.parseInt(execFileSync('cksum', { input: 'words.txt', encoding: 'utf8' }), 10)
    expect(said).toContain(`120755 0/0 9 Some(${target}) Some("words.txt") ./A Tool.app/Contents/Resources/data/link\n`)
    expect(said).toContain('40775 0/80 0 None None .\n')
    const paths = (kind: RegExp): readonly string[] => [...said.matchAll(kind)].map(([, one = '']) => one).sort()
    const listed = paths(/^\d{5,6} \d+\/\d+ \d+ \S+ (?:None|Some\(".*"\)) (.*)$/gm)
    expect(listed).toHaveLength(600 + 16)
    expect(paths(/^payload \d+ \d+ (.*)$/gm)).toEqual(listed)
    expect(said).toContain(`bom ${listed.length + 1}\n`)
  })
  it('is refused by both with one byte changed', async () => {
    const path = await write('broken.pkg')
    const bytes = readFileSync(path)
    const changed = (at: number): void => writeFileSync(path, bytes.with(at, (bytes[at] ?? 0) ^ 1))
    // In the payload, which stands last.
    changed(bytes.length - 50)
    expect(() => execFileSync(judges['7z'], ['t', path], { stdio: 'pipe' })).toThrow('Command failed')
    // In the digest of the table of contents, which stands first in the heap.
    changed(28 + bytes.readUInt32BE(12) + 3)
    expect(() => read(path)).toThrow('Command failed')
  })
  it('would be noticed with another bill of materials', async () => {
    const [one, other] = [await write('one.pkg'), await write('other.pkg', { contents: { ...plain, 'data/words.txt': 'wordy' } })]
    const bomOf = (path: string): readonly string[] => read(path).match(/^\d{5,6} .*$/gm) ?? []
    const changed = bomOf(other).filter(line => !bomOf(one).includes(line))
    expect(changed).toEqual([expect.stringMatching(/^100644 0\/0 5 .* \.\/A Tool\.app\/Contents\/Resources\/data\/words\.txt$/)])
  })
})
