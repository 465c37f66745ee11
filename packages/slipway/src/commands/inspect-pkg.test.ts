// inspect on packages for the Installer of macOS: what they install and run, whether they are signed, and what is broken in them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { writeBom, type BomEntry } from '@slipway/formats/bom/write'
import { encodeText } from '@slipway/formats/bytes'
import { odcGzParts } from '@slipway/formats/cpio-odc'
import { gzipOf } from '@slipway/formats/gzip'
import { type XarFile, writeXar } from '@slipway/formats/xar/write'
import { unsignedMachO } from '../../../formats/src/testing/binaries.ts'
import { machine } from '../io/machine.ts'
import { app as appUnit } from '../packagers/app.ts'
import { pkg } from '../packagers/pkg.ts'
import { app, date, defaultsOf, treeOf } from '../packagers/testing/trees.ts'
import { runCommandLine } from './frame.ts'
import type { Report } from './inspect/report.ts'
import { fakeStreams } from './testing/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-inspect-pkg-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Doc = Report & { errors: { code: string }[]; diff: { changes: { what: string; path?: string }[] } }
const run = async (...args: readonly string[]) => {
  const fake = fakeStreams()
  const code = await runCommandLine(['inspect', '--cwd', folder, ...args], machine(), fake.streams)
  return { code, text: fake.stdout() }
}
const inspect = async (...args: readonly string[]) => {
  const { code, text } = await run('--json', ...args)
  return { code, doc: JSON.parse(text) as Doc }
}
const collected = async (parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> =>
  Buffer.concat(await Array.fromAsync(parts, part => Uint8Array.from(part)))
const write = async (name: string, files: readonly XarFile[], tail = ''): Promise<void> =>
  writeFileSync(join(folder, name), Buffer.concat([await collected(writeXar(files, { mtime: date })), encodeText(tail)]))

/** The package of an app folder, as `release` makes it. */
const ours = async (words: string, options: Readonly<Record<string, unknown>> = {}): Promise<Uint8Array> => {
  const subject = {
    app,
    target: 'macos-arm64',
    date,
    tree: treeOf({ tool: unsignedMachO(), 'data/words.txt': words, link: { link: 'data/words.txt' } }),
  }
  const tree = await appUnit.shape(subject, defaultsOf(appUnit))
  return collected(pkg.pack({ ...subject, tree }, { ...(defaultsOf(pkg) as object), ...options } as never))
}

const info = '<pkg-info identifier="a.b" version="2" install-location="/opt"/>'
const distribution = '<installer-gui-script><title>Old</title><product version="3"/></installer-gui-script>'
const payload = async (): Promise<Uint8Array> =>
  collected(gzipOf(odcGzParts([{ path: './d', type: 'folder', mode: 0o755, mtime: 0, sizeBytes: 0 }])))
const listed = (mode: number): Uint8Array => {
  const common = { uid: 0, gid: 0, mtime: 0, sizeBytes: 0, checksum: 0, type: 'folder' as const }
  const entries: BomEntry[] = [
    { ...common, path: '.', mode: 0o755 },
    { ...common, path: 'd', mode },
  ]
  return writeBom(entries)
}
const part = (name: string, bytes: Uint8Array | string): XarFile => ({
  path: `x.pkg/${name}`,
  bytes: typeof bytes === 'string' ? encodeText(bytes) : bytes,
})

describe('inspect pkg', () => {
  it('shows components, versions, scripts, and what is installed with its modes', async () => {
    writeFileSync(join(folder, 'tool.pkg'), await ours('words', { scripts: { postinstall: '#!/bin/sh\nexit 7\n' } }))
    const { code, doc } = await inspect('--digests', 'tool.pkg')
    expect([code, doc.format, doc.version, doc.arch]).toEqual([0, 'pkg', '1.2.3', 'arm64'])
    expect(doc.facts).toMatchObject({
      name: 'A Tool',
      fields: { identifier: 'dev.example.tool', minimum: '11.0', processors: 'arm64', customize: 'never' },
      components: { 'dev.example.tool': '1.2.3 in /Applications' },
      scripts: { postinstall: '#!/bin/sh\nexit 7\n' },
      billsOfMaterials: { 'dev.example.tool': doc.contents.length },
    })
    expect(doc.facts['app']).toMatchObject({
      path: 'Applications/A Tool.app',
      id: 'dev.example.tool',
      version: '1.2.3',
      executable: 'tool',
      arch: 'arm64',
      sealed: false,
    })
    expect(doc.facts).not.toHaveProperty('notInBillOfMaterials')
    expect(doc.signatures).toEqual([])
    const row = (path: string) => doc.contents.find(one => one.path === `Applications${path}`)
    expect(row('')).toMatchObject({ type: 'folder', mode: '0775' })
    expect(row('/A Tool.app/Contents/MacOS/tool')).toMatchObject({
      mode: '0755',
      program: 'Mach-O arm64',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect(row('/A Tool.app/Contents/Resources/link')).toMatchObject({ type: 'symlink', linkTarget: 'data/words.txt' })
    const { text } = await run('--verbose', 'tool.pkg')
    expect(text).toContain('exit 7')
  })
  it('tells two packages apart by what they install', async () => {
    writeFileSync(join(folder, 'one.pkg'), await ours('words'))
    writeFileSync(join(folder, 'two.pkg'), await ours('wordy'))
    const { doc } = await inspect('one.pkg', '--diff', 'two.pkg')
    expect(doc.diff.changes.flatMap(one => (one.path === undefined ? [] : [one.path]))).toEqual([
      'Applications/A Tool.app/Contents/Resources/data/words.txt',
    ])
  })
  it('says where the bill of materials and the payload do not agree', async () => {
    await write('same.pkg', [part('PackageInfo', info), part('Payload', await payload()), part('Bom', listed(0o755))])
    await write('lies.pkg', [part('PackageInfo', info), part('Payload', await payload()), part('Bom', listed(0o700))])
    // The payload has no folder `.`, the list has.
    expect((await inspect('same.pkg')).doc.facts['notInBillOfMaterials']).toEqual(['opt'])
    expect((await inspect('lies.pkg')).doc.facts['notInBillOfMaterials']).toEqual(['opt', 'opt/d'])
  })
  it('reads a component alone, a distribution alone, and says which payload it does not read', async () => {
    await write('component.pkg', [{ path: 'PackageInfo', bytes: encodeText(info) }])
    expect((await inspect('component.pkg')).doc).toMatchObject({
      format: 'pkg',
      version: '2',
      facts: { name: 'a.b', components: { 'a.b': '2 in /opt' } },
    })
    await write('distribution.pkg', [{ path: 'Distribution', bytes: encodeText(distribution) }])
    expect((await inspect('distribution.pkg')).doc).toMatchObject({ format: 'pkg', version: '3', facts: { name: 'Old' } })
    await write('pbzx.pkg', [part('PackageInfo', info), part('Payload', 'pbzx and more'), part('Bom', listed(0o755))])
    expect((await inspect('pbzx.pkg')).doc.facts).toEqual({
      name: 'a.b',
      fields: { identifier: 'a.b' },
      components: { 'a.b': '2 in /opt' },
      billsOfMaterials: { 'a.b': 2 },
      notRead: ['payload of a.b: pbzx'],
    })
  })
  it('knows a ticket of notarization at the end, and lists a xar that is no package', async () => {
    await write('stapled.pkg', [{ path: 'PackageInfo', bytes: encodeText(info) }], `ticket t8lr${'\u0001'.repeat(12)}`)
    expect((await inspect('stapled.pkg')).doc.signatures).toEqual(['notarization ticket'])
    await write('plain.xar', [{ path: 'a/b', bytes: encodeText('text') }])
    const { doc } = await inspect('--digests', 'plain.xar')
    expect([doc.format, doc.contents.map(one => `${one.type} ${one.mode} ${one.sizeBytes} ${one.path}`)]).toEqual([
      'xar',
      ['folder 0755 0 a', 'file 0644 4 a/b'],
    ])
  })
  it('refuses what is broken by the part that is', async () => {
    const whole = Buffer.from(await ours('words'))
    const codes = async (name: string): Promise<readonly unknown[]> => {
      const { code, doc } = await inspect(name)
      return [code, doc.errors[0]?.code]
    }
    writeFileSync(join(folder, 'cut.pkg'), whole.subarray(0, whole.length - 40))
    expect(await codes('cut.pkg')).toEqual([5, 'xar/truncated'])
    writeFileSync(join(folder, 'changed.pkg'), whole.with(whole.length - 60, (whole.at(-60) ?? 0) ^ 1))
    expect((await codes('changed.pkg'))[0]).toBe(5)
    await write('xml.pkg', [part('PackageInfo', '<pkg-info')])
    expect(await codes('xml.pkg')).toEqual([5, 'xml/bad'])
    await write('bom.pkg', [part('PackageInfo', info), part('Bom', 'BOMStore')])
    expect(await codes('bom.pkg')).toEqual([5, 'bom/truncated'])
    await write('cpio.pkg', [part('PackageInfo', info), part('Payload', gzipSync('070707 and more'))])
    expect(await codes('cpio.pkg')).toEqual([5, 'cpio/truncated'])
  })
})
