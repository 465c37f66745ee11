// npm and npm-main: what their package.json say, and every problem that they name before or after a build.
import { describe, expect, it } from 'vitest'
import { sha256, SlipwayError, type App } from '@slipway/core'
import { tinyElf } from '@slipway/formats/testing/binaries'
import { readTar } from '@slipway/formats/tar'
import { gunzipSync } from 'node:zlib'
import * as z from 'zod'
import { npm } from './npm.ts'
import { npmMain } from './npm-main.ts'
import type { Facts, Source } from './packager.ts'
import { app, date, noise, treeOf, type Content } from './testing/trees.ts'

const schema = z.strictObject(npm.options)
type Input = z.input<typeof schema>
interface Packing {
  readonly target?: string
  readonly targets?: readonly string[]
  readonly contents?: Readonly<Record<string, Content>>
  readonly input?: Input
  readonly changes?: Partial<App>
}
const script = '#!/bin/sh\necho hello\n'
const glibc = tinyElf({ interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'] })
const musl = tinyElf({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.musl-x86_64.so.1'] })
const fixed = tinyElf({ type: 2 })

const collect = async (packing: AsyncGenerator<Uint8Array, Facts>): Promise<{ readonly bytes: Buffer; readonly facts: Facts }> => {
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await packing.next()
    if (next.done === true) return { bytes: Buffer.concat(parts), facts: JSON.parse(JSON.stringify(next.value)) as Facts }
    parts.push(Uint8Array.from(next.value))
  }
}
const pack = ({ target = 'linux-x64', targets = [target], contents = { tool: script }, input = {}, changes = {} }: Packing) =>
  collect(npm.pack({ app: { ...app, ...changes }, target, targets, tree: treeOf(contents), date }, schema.parse(input)))
type Manifest = Readonly<Record<string, unknown>>
const manifestOf = async (packing: Packing): Promise<Manifest> => (await pack(packing)).facts['manifest'] as Manifest
const filesOf = async (
  bytes: Buffer,
): Promise<Readonly<Record<string, { mode: number; mtime: number; text: string; sizeBytes: number }>>> => {
  const found: Record<string, { mode: number; mtime: number; text: string; sizeBytes: number }> = {}
  for await (const { path, mode, mtime, sizeBytes, bytes: content } of readTar([gunzipSync(bytes)], {
    limitEntries: 1000,
    limitBytes: 1 << 26,
  })) {
    const chunks: Uint8Array[] = []
    for await (const chunk of content()) chunks.push(Uint8Array.from(chunk))
    found[path] = { mode, mtime, sizeBytes, text: Buffer.concat(chunks).toString('utf8') }
  }
  return found
}
const codesOf = ({ target = 'linux-x64', targets = [target], input = {}, changes = {} }: Packing): readonly string[] =>
  (npm.check?.({ app: { ...app, ...changes }, target, targets }, schema.parse(input)) ?? []).map(one => one.code)
const thrown = async (packing: Packing): Promise<readonly string[]> => {
  const error = await pack(packing).catch((caught: unknown) => caught)
  return error instanceof SlipwayError ? error.problems.map(one => `${one.code} ${one.where.file ?? ''}`.trim()) : [String(error)]
}

describe('npm, before a build', () => {
  it('says all that npm forbids at once', () => {
    expect(codesOf({})).toEqual([])
    expect(codesOf({ input: { name: 'Tool', repository: 'not one' }, changes: { version: '1.0.0+1', license: '' } })).toEqual([
      'npm/illegal-name',
      'npm/illegal-version',
      'npm/no-license',
      'npm/illegal-repository',
    ])
  })
  it('takes and refuses names as npm does, and says by which rule', () => {
    const faultOf = (input: Input, changes: Partial<App> = {}) =>
      (npm.check?.({ app: { ...app, ...changes }, target: 'linux-x64' }, schema.parse(input)) ?? []).map(
        one => `${one.message} @${one.where.path ?? ''}`,
      )
    for (const name of ['tool', '@acme/tool', 'a.b-c_d', '0', '@acme/http']) expect(faultOf({ name })).toEqual([])
    expect(faultOf({ scope: '@acme' })).toEqual([])
    const refused: readonly (readonly [Input, RegExp])[] = [
      [{ name: 'http' }, /a module of Node has this name @packages.npm.name/],
      [{ name: 'node_modules' }, /keeps this name/],
      [{ name: '.tool' }, /begins with/],
      [{ name: '@-acme/tool' }, /begins with/],
      [{ name: 'to ol' }, /character/],
      [{ name: 'tool/../x' }, /character/],
      [{ name: '@acme/' }, /empty/],
      [{ name: '' }, /empty/],
      [{ name: 'x'.repeat(210) }, /214 characters/],
      [{ scope: 'Acme' }, /capital letters @packages.npm.scope/],
    ]
    for (const [input, rule] of refused) expect(faultOf(input), JSON.stringify(input)).toEqual([expect.stringMatching(rule)])
    expect(faultOf({}, { bin: 'größe' })).toHaveLength(1)
    expect(faultOf({}, { bin: 'My Tool' })).toEqual([])
  })
  it('refuses targets that npm has no words for, and one that nobody would get', () => {
    expect(codesOf({ target: 'any' })).toEqual(['npm/illegal-target'])
    const targets = ['macos-x64', 'macos-arm64', 'macos-universal']
    expect(codesOf({ target: 'macos-universal', targets })).toEqual(['npm/needless-target'])
    expect(codesOf({ target: 'macos-universal', targets, input: { targets: ['macos-universal'] } })).toEqual([])
  })
  it('names files so that no two are the same', () => {
    const nameOf = (target: string) => npm.fileName({ app, target }, schema.parse({}))
    expect([nameOf('linux-x64'), nameOf('linux-x64-musl'), npmMain.fileName({ app, target: 'any' }, {})]).toEqual([
      'tool-1.2.3-linux-x64.tgz',
      'tool-1.2.3-linux-x64-musl.tgz',
      'tool-1.2.3.tgz',
    ])
  })
})

describe('npm, the platform package', () => {
  it('says what npm asks for, and has no scripts', async () => {
    const changes = { homepage: 'https://github.com/acme/tool', summary: 'one\nline' }
    expect(await manifestOf({ input: { name: '@acme/tool' }, changes })).toEqual({
      name: '@acme/tool-linux-x64',
      version: '1.2.3',
      description: 'one line (linux-x64)',
      homepage: 'https://github.com/acme/tool',
      repository: { type: 'git', url: 'git+https://github.com/acme/tool.git' },
      license: 'MIT',
      author: 'The Tool Authors <tool@example.org>',
      os: ['linux'],
      cpu: ['x64'],
      preferUnplugged: true,
      publishConfig: { access: 'public' },
    })
  })
  it('spells every target as npm does, and gives a processor without a package the one that it can run', async () => {
    const spelled = async (target: string, targets: readonly string[] = [target], input: Input = {}) => {
      const { name, os, cpu, libc } = await manifestOf({ target, targets, input })
      return [name, os, cpu, libc].flat().join(' ')
    }
    expect(await spelled('linux-armv7')).toBe('tool-linux-arm linux arm ')
    expect(await spelled('macos-arm64')).toBe('tool-darwin-arm64 darwin arm64 ')
    expect(await spelled('macos-universal')).toBe('tool-darwin-universal darwin arm64 x64 ')
    expect(await spelled('macos-universal', ['macos-arm64', 'macos-universal'])).toBe('tool-darwin-universal darwin x64 ')
    expect(await spelled('windows-x64')).toBe('tool-win32-x64 win32 arm64 x64 ')
    expect(await spelled('windows-x64', ['windows-x64', 'windows-arm64'])).toBe('tool-win32-x64 win32 x64 ')
    expect(await spelled('windows-x64', ['windows-x64', 'windows-arm64'], { targets: ['windows-x64'] })).toBe(
      'tool-win32-x64 win32 arm64 x64 ',
    )
    expect(await spelled('windows-x86', ['windows-x86', 'windows-x64'])).toBe('tool-win32-ia32 win32 ia32 ')
    expect(await spelled('linux-x64', ['linux-x64'], { scope: 'acme' })).toBe('@acme/tool-linux-x64 linux x64 ')
  })
  it('asks for the C library that its programs need', async () => {
    const libcOf = async (target: string, tool: Content, targets: readonly string[] = [target]) =>
      (await manifestOf({ target, targets, contents: { tool } }))['libc']
    const both = ['linux-x64', 'linux-x64-musl']
    expect(await libcOf('linux-x64', glibc)).toEqual(['glibc'])
    expect(await libcOf('linux-x64-musl', musl)).toEqual(['musl'])
    expect(await libcOf('linux-x64', fixed)).toBeUndefined()
    expect(await libcOf('linux-x64', fixed, both)).toEqual(['glibc'])
    expect(await libcOf('linux-x64-musl', fixed)).toBeUndefined()
    expect(await libcOf('linux-x64-musl', fixed, both)).toEqual(['musl'])
    expect(await thrown({ target: 'linux-x64-musl', contents: { tool: glibc } })).toEqual(['npm/wrong-libc tool'])
    expect(await thrown({ contents: { tool: script, 'lib/a.so': musl } })).toEqual(['npm/wrong-libc lib/a.so'])
  })
  it('keeps modes, empty and large files, in one folder, at the date of the commit', async () => {
    const big = noise(1 << 20)
    const { bytes, facts } = await pack({ contents: { tool: script, 'bin/other': script, 'data/empty': '', 'data/big': Buffer.from(big) } })
    const files = await filesOf(bytes)
    expect(
      Object.entries(files)
        .map(([path, one]) => `${one.mode.toString(8)} ${one.sizeBytes} ${path}`)
        .slice(2),
    ).toEqual([
      '755 21 package/app/bin/other',
      '644 1048576 package/app/data/big',
      '644 0 package/app/data/empty',
      '755 21 package/app/tool',
    ])
    expect(Object.keys(files).slice(0, 2)).toEqual(['package/package.json', 'package/README.md'])
    expect(new Set(Object.values(files).map(one => one.mtime))).toEqual(new Set([date]))
    expect(facts['executable']).toBe('app/tool')
    expect(JSON.parse(files['package/package.json']?.text ?? '')).toEqual(facts['manifest'])
  })
  it('makes the program executable where the builder did not', async () => {
    const tree = treeOf({ tool: script })
    const entries = tree.entries.map(one => (one.type === 'file' ? { ...one, mode: 0o644 } : one))
    const { bytes } = await collect(npm.pack({ app, target: 'linux-x64', tree: { ...tree, entries }, date }, schema.parse({})))
    expect((await filesOf(bytes))['package/app/tool']?.mode).toBe(0o755)
  })
  it('refuses what npm would not install, all at once', async () => {
    expect(await thrown({ contents: { other: 'x', link: { link: 'other' }, void: 'folder/', 'a/.gitignore': 'x' } })).toEqual([
      'npm/illegal-entry a/.gitignore',
      'npm/illegal-entry link',
      'npm/illegal-entry void',
      'npm/no-executable',
    ])
  })
  it('keeps Markdown and HTML of others text', async () => {
    const { bytes } = await pack({ changes: { name: '<img src=x> [a](b) `c`\n# d' } })
    expect((await filesOf(bytes))['package/README.md']?.text).toContain('program of \\<img src=x\\> \\[a\\](b) \\`c\\` # d for')
  })
})

const sourceOf = async (packing: Packing): Promise<Source> => {
  const { bytes, facts } = await pack(packing)
  const target = packing.target ?? 'linux-x64'
  return {
    file: `${target}.tgz`,
    kind: 'npm',
    target,
    sizeBytes: bytes.length,
    sha256: sha256(bytes),
    facts,
    url: '',
    bytes: async function* () {
      yield bytes
    },
  }
}

describe('npm-main', () => {
  const targets = ['linux-x64', 'linux-x64-musl', 'macos-arm64', 'windows-x64']
  const main = async (changes: Partial<App> = {}, { readme, own }: { readonly readme?: string; readonly own?: string } = {}) => {
    const sources = await Promise.all(
      targets.map(target => sourceOf({ target, targets, input: { name: '@acme/tool', access: 'restricted' } })),
    )
    const assets = own === undefined ? new Map() : new Map([['R.md', { sha256: '', bytes: Buffer.from(own) }]])
    const tree = { entries: [], executable: '' }
    return collect(
      npmMain.pack({ app: { ...app, ...changes }, target: 'any', tree, date, sources, assets }, readme === undefined ? {} : { readme }),
    )
  }
  it('pins every platform package to its own version', async () => {
    expect((await main()).facts['manifest']).toEqual({
      name: '@acme/tool',
      version: '1.2.3',
      description: 'does one thing well',
      homepage: 'https://example.org/tool',
      license: 'MIT',
      author: 'The Tool Authors <tool@example.org>',
      type: 'commonjs',
      main: 'index.js',
      types: 'index.d.ts',
      bin: { tool: 'bin/launch.js' },
      engines: { node: '>=12' },
      optionalDependencies: {
        '@acme/tool-linux-x64': '1.2.3',
        '@acme/tool-linux-x64-musl': '1.2.3',
        '@acme/tool-darwin-arm64': '1.2.3',
        '@acme/tool-win32-x64': '1.2.3',
      },
      publishConfig: { access: 'restricted' },
    })
  })
  it('has a launcher with an interpreter line, and tells it the packages', async () => {
    const files = await filesOf((await main()).bytes)
    expect(Object.entries(files).map(([path, one]) => `${one.mode.toString(8)} ${path}`)).toEqual([
      '644 package/package.json',
      '644 package/README.md',
      '755 package/bin/launch.js',
      '644 package/index.d.ts',
      '644 package/index.js',
      '644 package/platforms.json',
    ])
    expect(files['package/bin/launch.js']?.text).toMatch(/^#!\/usr\/bin\/env node\n/)
    expect(JSON.parse(files['package/platforms.json']?.text ?? '')).toMatchObject({
      platforms: [
        { name: '@acme/tool-linux-x64', os: 'linux', cpu: ['x64'], libc: 'glibc', file: 'app/tool' },
        { libc: 'musl' },
        { os: 'darwin' },
        { cpu: ['arm64', 'x64'] },
      ],
    })
  })
  it('takes the README of the project', async () => {
    expect((await filesOf((await main({}, { readme: 'R.md', own: '# Mine\n' })).bytes))['package/README.md']?.text).toBe('# Mine\n')
    expect(npmMain.assets?.({ app, target: 'any' }, { readme: 'R.md' })).toEqual([{ path: 'R.md', from: 'packages.npm-main.readme' }])
  })
  it('refuses packages of another version', async () => {
    await expect(main({ version: '9.9.9' })).rejects.toThrow('npm-main/mixed')
  })
})
