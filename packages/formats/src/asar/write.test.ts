// asar archives of ours: byte for byte those of @electron/asar, read by it and by our own reader; and what cannot be packed.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createPackageWithOptions, extractFile, listPackage } from '@electron/asar'
import { afterAll, describe, expect, it } from 'vitest'
import { openAsarEntry, readAsar } from '../asar.ts'
import { collect, encodeText, fromBytes } from '../bytes.ts'
import { codeOf } from '../testing/archives.ts'
import { writeAsar, type AsarEntry } from './write.ts'

const parent = mkdtempSync(join(tmpdir(), 'asar-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))

const large = Uint8Array.from({ length: (1 << 22) + 5 }, (_, at) => at * 31)
const contents: Readonly<Record<string, string | Uint8Array | { readonly link: string }>> = {
  'package.json': '{"main":"main.js"}',
  'main.js': 'hello',
  'same.js': 'hello',
  empty: '',
  'a.txt': 'a',
  'a/b.txt': 'b',
  'a/b/c': 'c',
  '10': 'ten',
  '9': 'nine',
  __proto__: 'polluted',
  'ünïcode/🚀': 'rocket',
  'block.bin': large.subarray(0, 1 << 22),
  'large.bin': large,
  'lib/native.node': 'native',
  'lib/link': { link: '../a/b.txt' },
  'bin/tool': 'tool',
}
const paths = Object.keys(contents).concat('__proto__')
const contentOf = (path: string) => (path === '__proto__' ? 'polluted' : (contents[path] ?? ''))
const inMemory = (pieceBytes = 1000): readonly AsarEntry[] => {
  const folders = new Set(
    paths.flatMap(path =>
      path
        .split('/')
        .map((_, at, steps) => steps.slice(0, at).join('/'))
        .filter(one => one !== ''),
    ),
  )
  return [
    ...[...folders].map((path): AsarEntry => ({ type: 'folder', path })),
    { type: 'folder', path: 'hollow' },
    ...paths.map((path): AsarEntry => {
      const content = contentOf(path)
      if (typeof content === 'object' && 'link' in content) return { type: 'link', path, linkTarget: content.link, isUnpacked: false }
      const bytes = typeof content === 'string' ? encodeText(content) : content
      const pieces = function* () {
        for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
      }
      return {
        type: 'file',
        path,
        sizeBytes: bytes.length,
        isExecutable: path === 'bin/tool',
        isUnpacked: path.endsWith('.node'),
        bytes: pieces,
      }
    }),
  ]
}
const bytesOf = async (entries: readonly AsarEntry[]): Promise<Uint8Array> => collect((await writeAsar(entries)).chunks(), 1 << 25)

const theirs = async (): Promise<string> => {
  const folder = join(parent, 'source')
  for (const path of paths) {
    const content = contentOf(path)
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    if (typeof content === 'object' && 'link' in content) symlinkSync(content.link, join(folder, path))
    else writeFileSync(join(folder, path), content, { mode: path === 'bin/tool' ? 0o755 : 0o644 })
  }
  mkdirSync(join(folder, 'hollow'))
  await createPackageWithOptions(folder, join(parent, 'theirs.asar'), { unpack: '*.node' })
  return join(parent, 'theirs.asar')
}

describe('writeAsar', () => {
  it('gives the bytes of @electron/asar, in whatever order and pieces', async () => {
    const made = await bytesOf(inMemory())
    expect(Buffer.compare(made, readFileSync(await theirs()))).toBe(0)
    expect(Buffer.compare(await bytesOf(inMemory(1 << 21).toReversed()), made)).toBe(0)
    expect((await writeAsar(inMemory())).sizeBytes).toBe(made.length)
  })
  it('is read by @electron/asar and by our reader', async () => {
    const made = await bytesOf(inMemory())
    const file = join(parent, 'ours.asar')
    writeFileSync(file, made)
    expect(listPackage(file, { isPack: false })).toContain('/ünïcode/🚀')
    expect(extractFile(file, 'ünïcode/🚀').toString()).toBe('rocket')
    expect(Buffer.compare(extractFile(file, 'large.bin'), large)).toBe(0)
    const { entries } = await readAsar(fromBytes(made), { limitEntries: 100 })
    const found = (path: string) => entries.find(one => one.path === path)
    expect(found('lib/native.node')).toMatchObject({ isUnpacked: true, sizeBytes: 6 })
    expect(found('lib/link')).toMatchObject({ type: 'symlink', linkTarget: 'a/b.txt' })
    expect(found('bin/tool')).toMatchObject({ isExecutable: true })
    expect(found('hollow')).toMatchObject({ type: 'folder' })
    const same = [found('main.js'), found('same.js')]
    expect(same[0]?.offset).toBe(same[1]?.offset)
    const entry = found('a/b/c')
    expect(entry && new TextDecoder().decode(await collect(openAsarEntry(fromBytes(made), entry), 9))).toBe('c')
  })
  const file = (path: string, sizeBytes = 0): AsarEntry => ({
    ...{ type: 'file', path, sizeBytes, isExecutable: false, isUnpacked: true },
    bytes: () => [],
  })
  const link = (path: string, linkTarget: string): AsarEntry => ({ type: 'link', path, linkTarget, isUnpacked: false })
  it.each([
    ['asar/file-too-large', [file('a', 2 ** 31)]],
    ['asar/link-outside', [link('a/b', '../../c')]],
    ['asar/link-outside', [link('a/b', '/etc')]],
    ['asar/twice', [file('a'), file('a')]],
    ['asar/twice', [file('a'), file('a/b')]],
    ['asar/size-changed', [file('a', 1)]],
  ] as const)('refuses: %s', async (code, entries) => {
    expect(await codeOf(() => bytesOf(entries))).toBe(code)
  })
  it('notices a file that shrinks between both readings', async () => {
    let turn = 0
    const bytes = () => [new Uint8Array(2 - turn++)]
    const entry: AsarEntry = { type: 'file', path: 'a', sizeBytes: 2, isExecutable: false, isUnpacked: false, bytes }
    expect(await codeOf(() => bytesOf([entry]))).toBe('asar/size-changed')
  })
})
