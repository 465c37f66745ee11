// rpm: what it says of itself, its files, scripts and relations, and every problem that it names before a build.
import { describe, expect, it } from 'vitest'
import { sha256, type App } from '@slipway/core'
import { fromBytes } from '@slipway/formats/bytes'
import { readRpm, relationText, verifyRpm } from '@slipway/formats/rpm/index'
import { tinyElf } from '@slipway/formats/testing/binaries'
import * as z from 'zod'
import { rpm } from './rpm.ts'
import { app, date, noise, treeOf, type Content } from './testing/trees.ts'

const schema = z.strictObject(rpm.options)
type Input = z.input<typeof schema>

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const project: Readonly<Record<string, Uint8Array>> = {
  'packaging/post.sh': encode('#!/bin/bash -e\nexit 0\n'),
  'packaging/windows.sh': encode('#!/bin/sh\r\ntrue\r\n'),
  'packaging/check.lua': encode('#!<lua>\nprint(1)\n'),
}
const packed = async (contents: Readonly<Record<string, Content>>, input: Input = {}, changes: Partial<App> = {}) => {
  const naming = { app: { ...app, ...changes }, target: 'linux-x64' }
  const wanted = rpm.assets?.(naming, schema.parse(input)) ?? []
  const assets = new Map(
    wanted.flatMap(({ path }) => {
      const bytes = project[path]
      return bytes === undefined ? [] : [[path, { bytes, sha256: sha256(bytes) }] as const]
    }),
  )
  const packing = rpm.pack({ ...naming, tree: treeOf(contents), date, assets }, schema.parse(input))
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await packing.next()
    if (next.done === true) {
      const source = fromBytes(Uint8Array.from(Buffer.concat(parts)))
      return { source, facts: next.value, read: await readRpm(source) }
    }
    parts.push(Uint8Array.from(next.value))
  }
}
const codesOf = (input: Input, changes: Partial<App> = {}): readonly string[] =>
  (rpm.check?.({ app: { ...app, ...changes }, target: 'linux-x64' }, schema.parse(input)) ?? []).map(one => one.code)
const nameOf = (target: string, input: Input = {}, changes: Partial<App> = {}): string =>
  rpm.fileName({ app: { ...app, ...changes }, target }, schema.parse(input))
const script = '#!/bin/sh\necho hello\n'
const services = [{ name: 'tool.service', file: null, run: 'serve', summary: 'Serves', user: false, enable: true }]

describe('rpm, before a build', () => {
  it('says all that rpm forbids at once', () => {
    expect(codesOf({})).toEqual([])
    expect(codesOf({ level: 12 }, { bin: 'ä', version: '1.2.3+build', license: '' })).toEqual([
      'rpm/illegal-name',
      'rpm/illegal-version',
      'rpm/no-license',
      'rpm/illegal-level',
    ])
    expect([codesOf({ release: '1-2' }), codesOf({}, { version: '1.0.0-a-b' })]).toEqual([['rpm/illegal-version'], ['rpm/illegal-version']])
    expect([codesOf({ compression: 'zstd', level: 0 }), codesOf({ compression: 'zstd', level: 12 })]).toEqual([['rpm/illegal-level'], []])
    expect([codesOf({ compression: 'xz', level: 0 }), codesOf({ compression: 'xz', level: 10 })]).toEqual([[], ['rpm/illegal-level']])
  })
  it('wants relations that rpm reads, wherever they stand', () => {
    expect(codesOf({ depends: ['libc6 (>= 2)', 'a\nEvil: yes'], provides: ['(a or b)'], obsoletes: ['x >= '] })).toEqual(
      Array(4).fill('rpm/illegal-relation'),
    )
    expect(codesOf({ libraries: { 'libmpv.so.1': 'a b' }, triggers: [{ when: 'triggerin', on: ['a |'], script }] })).toEqual(
      Array(2).fill('rpm/illegal-relation'),
    )
    const right: Input = { depends: ['mpv-libs >= 2:0.35-1', '/usr/bin/git', '(a or b >= 2)', 'perl(Carp)'], supplements: ['(a and b)'] }
    expect(codesOf({ ...right, libraries: { 'libmpv.so.1': 'mpv-libs', 'libz.so.1': true } })).toEqual([])
    expect(rpm.check?.({ app, target: 'linux-x64' }, schema.parse({ depends: ['a |'] }))?.[0]?.where).toEqual({
      path: 'packages.rpm.depends',
    })
  })
  it('names files as rpm does', () => {
    expect(nameOf('linux-x64')).toBe('tool-1.2.3-1.x86_64.rpm')
    expect(nameOf('linux-armv7', { release: '2.fc40', package: 'Tool' }, { version: '1.2.0-beta.2' })).toBe(
      'Tool-1.2.0~beta.2-2.fc40.armv7hl.rpm',
    )
    expect(nameOf('any')).toBe('tool-1.2.3-1.noarch.rpm')
    expect(() => nameOf('linux-x64', {}, { version: '1.0.0+x' })).toThrow('rpm/illegal-version')
    expect(() => nameOf('macos-x64')).toThrow('target/no-spelling')
  })
  it('refuses to pack what it would not plan', async () => {
    await expect(packed({ tool: script }, {}, { license: '' })).rejects.toThrow('rpm/no-license')
    await expect(packed({ other: script })).rejects.toThrow('linux/no-executable')
  })
  it('wants scripts that rpm starts', async () => {
    for (const post of ['echo\nhello', 'packaging/windows.sh', 'packaging/none'])
      await expect(packed({ tool: script }, { scripts: { post } }), post).rejects.toThrow('rpm/illegal-script')
    const lua = '#!<lua>\nprint(1)\n'
    await expect(packed({ tool: script }, { scripts: { post: lua } }, { services })).rejects.toThrow('rpm/illegal-script')
    const trigger = { when: 'triggerin', on: ['git'], script: 'packaging/post.sh' } as const
    await expect(packed({ tool: script }, { triggers: [trigger] })).rejects.toThrow('rpm/illegal-script')
  })
})

describe('rpm', () => {
  const contents = {
    tool: script,
    'lib/x': 'x',
    void: 'folder/',
    'etc/tool/tool.conf': 'a=1\n',
    LICENSE: 'MIT\n',
    'README.md': '# Tool\n',
  } as const

  it('owns its own folders and none of the system, and marks what a user edits', async () => {
    const { read, source } = await packed(contents, { conffiles: ['etc/tool/tool.conf'] })
    expect(read.files.map(one => `${one.path} ${(one.flags ?? []).join(' ')}`.trim())).toEqual([
      '/etc/tool',
      '/etc/tool/tool.conf config noreplace',
      '/usr/bin/tool',
      '/usr/lib/tool',
      '/usr/lib/tool/lib',
      '/usr/lib/tool/lib/x',
      '/usr/lib/tool/tool',
      '/usr/lib/tool/void',
      '/usr/share/doc/tool',
      '/usr/share/doc/tool/README.md doc',
      '/usr/share/licenses/tool',
      '/usr/share/licenses/tool/LICENSE license',
    ])
    const digests = await verifyRpm(source, read, { archive: { limitEntries: 100, limitBytes: 1 << 20 } })
    expect(digests.map(one => one.isRight)).toEqual([true, true, true, true])
  })
  it('puts a tool of one file into /usr/bin, in zstd too', async () => {
    const { read, facts } = await packed({ tool: script }, { compression: 'zstd' })
    expect(read.files.map(one => one.path)).toEqual(['/usr/bin/tool'])
    expect(facts).toMatchObject({ PAYLOADCOMPRESSOR: 'zstd', PAYLOADFLAGS: '10', SIZE: script.length })
  })
  it('has every relation, and what its programs need', async () => {
    const tool = tinyElf({ interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libz.so.1', 'libc.so.6'], versions: ['GLIBC_2.4'] })
    const { facts } = await packed(
      { tool },
      { depends: ['git >= 2'], recommends: ['(a or b)'], provides: ['editor = 1'], obsoletes: ['old'] },
    )
    const needed = ['git >= 2', 'libc.so.6()(64bit)', 'libc.so.6(GLIBC_2.4)(64bit)', 'libz.so.1()(64bit)']
    expect(facts['REQUIRES']).toEqual(expect.arrayContaining(needed))
    expect(facts).toMatchObject({ RECOMMENDS: ['(a or b)'], OBSOLETES: ['old'] })
    expect(facts['PROVIDES']).toEqual(expect.arrayContaining(['editor = 1', 'tool = 1.2.3-1', 'tool(x86-64) = 1.2.3-1']))
    const flet = tinyElf({ interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libmpv.so.1'], versions: [] })
    await expect(packed({ tool: flet })).rejects.toThrow('linux/unknown-library')
    expect((await packed({ tool: flet }, { libraries: { 'libmpv.so.1': 'mpv-libs' } })).facts['REQUIRES']).toContain('mpv-libs')
  })
  it('runs the scripts of the user after ours, and tells an upgrade from a removal', async () => {
    const scripts = { post: 'packaging/post.sh', pretrans: 'packaging/check.lua', postun: '#!/bin/sh\ntrue' }
    const triggers = [{ when: 'triggerin', on: ['git >= 2', 'jj'], script: '#!/bin/sh\necho git\n' }] as const
    const { read } = await packed(contents, { scripts, triggers }, { services })
    expect(read.scripts.pretrans).toEqual({ program: ['<lua>'], text: 'print(1)\n' })
    expect(read.scripts.post?.program).toEqual(['/bin/bash', '-e'])
    expect(read.scripts.post?.text).toMatch(/systemctl enable 'tool\.service'[\s\S]*\nexit 0\n$/)
    expect(read.scripts.preun?.text).toMatch(/^if \[ "\$1" = 0 \]; then\n {2}.*disable --now 'tool\.service'.*\nfi\n$/)
    expect(read.scripts.postun?.text).toMatch(/daemon-reload.*\ntrue\n$/)
    expect(read.triggers).toEqual([expect.objectContaining({ when: 'triggerin', program: '/bin/sh', text: 'echo git\n' })])
    expect(read.triggers[0]?.on.map(relationText)).toEqual(['git >= 2', 'jj'])
  })
  it('keeps untrusted text inside of its field, and says what was said', async () => {
    const hostile = {
      summary: 'one\nEvil: yes.',
      homepage: 'https://x.example/\nEvil',
      notes: '# Fixed\n\u001b[31mred\n* Mon Jan 01 2024 evil',
      license: 'MIT\nx',
    }
    const { read } = await packed({ tool: script }, { description: 'a\n\nb\u0007', vendor: 'V\n', group: 'A/B' }, hostile)
    expect(read).toMatchObject({
      summary: 'one Evil: yes',
      url: 'https://x.example/ Evil',
      license: 'MIT x',
      description: 'a\n\nb',
      vendor: 'V',
      group: 'A/B',
    })
    expect(read.packager).toBe('The Tool Authors <tool@example.org>')
    expect(read.changelog).toEqual([
      { time: 1_760_011_200, author: 'The Tool Authors <tool@example.org> - 1.2.3-1', text: '- Fixed\n- [31mred\n- Mon Jan 01 2024 evil' },
    ])
  })
  it('tells where its header lies, and nothing that is not there', async () => {
    const { read, facts } = await packed({ tool: script }, { libraries: false }, { publisher: '', homepage: '' })
    expect([facts['headerStart'], facts['headerEnd']]).toEqual([read.header.offset, read.payload.offset])
    expect(['VENDOR', 'PACKAGER', 'URL', 'SUGGESTS'].filter(key => key in facts)).toEqual([])
  })
  it('gives the same bytes with room on disk as without', async () => {
    const tree = treeOf({ tool: script, big: noise(3 << 20) })
    for (const compression of ['gzip', 'xz', 'zstd'] as const) {
      const bytesOf = async (more: object): Promise<Buffer> => {
        const parts: Uint8Array[] = []
        for await (const part of rpm.pack({ app, target: 'linux-x64', tree, date, ...more }, schema.parse({ compression })))
          parts.push(part.slice())
        return Buffer.concat(parts)
      }
      let spooled = 0
      const spool = async (chunks: AsyncIterable<Uint8Array>): Promise<() => readonly Uint8Array[]> => {
        const kept: Uint8Array[] = []
        for await (const chunk of chunks) kept.push(chunk.slice())
        spooled += kept.length
        return () => kept
      }
      expect(Buffer.compare(await bytesOf({}), await bytesOf({ spool }))).toBe(0)
      expect(spooled > 0, compression).toBe(compression !== 'gzip')
    }
  })
})
