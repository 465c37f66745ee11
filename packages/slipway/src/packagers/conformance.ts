// What every packager must do: same bytes twice, no clock, hostile names and sizes, nothing outside of the package (DESIGN 6).
import { execFileSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Target } from '@slipway/core'
import { writePng } from '@slipway/formats/png'
import * as z from 'zod'
import type { FileTree } from '../tree.ts'
import * as packagers from './index.ts'
import type { AnyPackager, Facts } from './packager.ts'
import { lendFrom } from './testing/lend.ts'
import { app, date, noise, treeOf, type Content } from './testing/trees.ts'

export interface PackagerFixture {
  readonly target: Target
  /** Unpacks a package into an empty folder with foreign tools; null: there is nothing to unpack. */
  readonly unpack: ((file: string, folder: string) => void) | null
  /** Where the app folder, or the bundle made of it, lies in it then. */
  readonly home: (facts: Facts) => string
  /** Default: none. A picture `icon.png` is at hand. */
  readonly options?: Readonly<Record<string, unknown>>
  /** It refuses links and empty folders, for this reason: the cases have none then, and it counts as a skip. */
  readonly filesAlone?: string
  /** Cases that cannot hold for it, with the reason. */
  readonly skip?: Readonly<Record<string, string>>
}

const longName = `${'n'.repeat(196)}.bin`
const big = noise(1 << 20)
const hostile: Readonly<Record<string, Content>> = {
  tool: '#!/bin/sh\necho hello\n',
  '-rf': 'dash',
  '.hidden': 'dot',
  'with space': 'space',
  'quote\'s "and" $(dollar); & more': 'quotes',
  '%s%n {brace} *': 'patterns',
  'größe-日本語-🚀.txt': 'unicode',
  'e\u0301-decomposed': 'nfd',
  [longName]: 'long',
  [`deep/${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(90)}`]: 'deep',
}
const allShapes: Readonly<Record<string, Content>> = {
  tool: '#!/bin/sh\necho hello\n',
  'bin/other': '#!/bin/sh\n',
  'data/empty': '',
  'data/big': big,
  'data/zeros': new Uint8Array(1 << 20),
  'data/link-to-big': { link: 'big' },
  'data/up': { link: '../bin/other' },
  void: 'folder/',
}

/** Registers the cases of one unit; the list of skips is filled when they are collected. */
export const packagerConformance = (unit: AnyPackager, fixture: PackagerFixture): readonly string[] => {
  const { skip = {} } = fixture
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const options = z.strictObject(unit.options).parse(fixture.options ?? {}) as never
  const packAsIs = (tree: FileTree) => collectPackage(unit, { tree, target: fixture.target, options })
  const handed = (tree: FileTree): Promise<FileTree> => shapedFor(unit, tree, fixture.target)
  const pack = async (tree: FileTree) => packAsIs(await handed(tree))
  const { filesAlone } = fixture
  const shapes = filesAlone === undefined ? allShapes : Object.fromEntries(Object.entries(allShapes).filter(([, one]) => isFile(one)))
  const skipped: string[] = filesAlone === undefined ? [] : [`${unit.id}: links and empty folders: ${filesAlone}`]
  const test = (name: string, body: () => Promise<void>, timeoutMs?: number): void => {
    const reason = skip[name]
    if (reason === undefined) {
      it(name, body, timeoutMs)
      return
    }
    skipped.push(`${unit.id}: ${name}: ${reason}`)
    it.skip(`${name} (${reason})`, body)
  }
  const roundTrip = async (contents: Readonly<Record<string, Content>>): Promise<void> => {
    const tree = await handed(treeOf(contents))
    const { bytes, facts } = await packAsIs(tree)
    const file = join(folder, 'package')
    const out = mkdtempSync(join(folder, 'out-'))
    writeFileSync(file, bytes)
    fixture.unpack?.(file, out)
    const expected = unit.inside === undefined ? expectedListing(contents) : await treeListing(tree)
    expect(listing(join(out, fixture.home(facts)))).toEqual(expected)
  }
  describe(`packagers/${unit.id}`, () => {
    test('gives the same bytes in another folder, time zone and umask', async () => {
      const first = await pack(treeOf(shapes))
      const { cwd, TZ, umask } = { cwd: process.cwd(), TZ: process.env['TZ'], umask: process.umask(0o077) }
      process.chdir(folder)
      process.env['TZ'] = 'Pacific/Chatham'
      try {
        expect(Buffer.compare((await pack(treeOf(shapes))).bytes, first.bytes)).toBe(0)
      } finally {
        process.chdir(cwd)
        process.umask(umask)
        if (TZ === undefined) delete process.env['TZ']
        else process.env['TZ'] = TZ
      }
    })
    test('reads no clock and no chance', async () => {
      await withoutClock(async () => void (await pack(treeOf(shapes))))
    })
    test('changes with the date alone where it keeps one', async () => {
      const one = await pack(treeOf(shapes))
      const other = await collectPackage(unit, { tree: await handed(treeOf(shapes)), target: fixture.target, options, date: date + 86_400 })
      expect(Buffer.compare(one.bytes, other.bytes)).not.toBe(0)
    })
    test('keeps hostile names', () => roundTrip(hostile))
    test('keeps empty and large files, links, modes and empty folders', () => roundTrip(shapes))
    test(
      'packs 10,000 entries',
      () =>
        roundTrip({
          tool: '#!/bin/sh\n',
          ...Object.fromEntries(Array.from({ length: 9_999 }, (_, index) => [`many/${index % 100}/${index}`, `${index}`])),
        }),
      120_000,
    )
    test('refuses a setuid file', async () => {
      const tree = treeOf({ tool: 'x', lib: 'x' })
      const entries = tree.entries.map(one => (one.type === 'file' ? { ...one, mode: 0o4755 } : one))
      await expect(packAsIs({ ...tree, entries })).rejects.toThrow('packagers/setuid')
    })
    test('keeps a declared mode, or its plain part', async () => {
      const tree = await handed(treeOf({ tool: 'x', lib: 'x' }))
      const modes = { lib: 0o4751 }
      const first = await collectPackage(unit, { tree, target: fixture.target, options, modes })
      expect(first.bytes.length).toBeGreaterThan(0)
      const missing = collectPackage(unit, { tree, target: fixture.target, options, modes: { none: 0o4755 } })
      if (unit.keepsModes === true) await expect(missing).rejects.toThrow('packagers/unused-mode')
      else await missing
    })
    test('refuses a file beyond its limit before the first byte, and says where the limit stands', async () => {
      const { limits } = unit
      if (limits === undefined) return
      const tree = treeOf({ tool: 'x', large: 'x' })
      const entries = tree.entries.map(one =>
        one.type === 'file' && one.path === 'large' ? { ...one, sizeBytes: limits.fileBytes + 1, bytes: never, deflated: never } : one,
      )
      const refused = collectPackage(unit, { tree: { ...tree, entries }, target: fixture.target, options })
      await expect(refused).rejects.toThrow(`packagers/too-large: "large" has ${limits.fileBytes + 1} bytes`)
      await expect(refused).rejects.toThrow(limits.rule)
    })
    test('says everything that is wrong with a tree at once', async () => {
      const tree = treeOf({ tool: 'x', '../one': 'x', two: { link: '/etc' }, three: 'x' })
      const entries = tree.entries.map(one => (one.type === 'file' && one.path === 'three' ? { ...one, mode: 0o2755 } : one))
      const refused = packAsIs({ ...tree, entries })
      for (const said of ['packagers/outside: "../one"', 'packagers/outside: "two"', 'packagers/setuid: "three"'])
        await expect(refused).rejects.toThrow(said)
    })
    for (const path of ['../outside', '/absolute', 'a/../../outside'])
      test(`refuses ${path}`, async () => {
        await expect(packAsIs(treeOf({ tool: 'x', [path]: 'evil' }))).rejects.toThrow('packagers/outside')
      })
    test('refuses a link out of the tree', async () => {
      await expect(packAsIs(treeOf({ tool: 'x', out: { link: '../etc/passwd' } }))).rejects.toThrow('packagers/outside')
    })
    test('keeps file names safe', async () => {
      const file = unit.fileName({ app, target: fixture.target }, options)
      expect(file).toMatch(/^[A-Za-z0-9][A-Za-z0-9._+~-]*$/)
      expect(file).toContain('1.2.3')
    })
  })
  return skipped
}

const never = (): never => {
  throw new Error('a file was opened that is refused')
}

const isFile = (content: Content): boolean => content !== 'folder/' && (typeof content === 'string' || content instanceof Uint8Array)

/** What it is handed in a run: the tree itself, or what the unit made of it that it packs. */
const shapedFor = async ({ inside }: AnyPackager, tree: FileTree, target: Target): Promise<FileTree> => {
  const shaper = Object.values(packagers as unknown as Record<string, AnyPackager>).find(one => one.id === inside)
  const shaped = await shaper?.shape?.({ app, target, tree, date }, z.strictObject(shaper.options).parse({}) as never)
  return shaped ?? tree
}

interface Packing {
  readonly tree: FileTree
  readonly target: Target
  readonly options: never
  readonly modes?: Readonly<Record<string, number>>
  readonly date?: number
}

const icon = writePng({ width: 256, height: 256, pixels: new Uint8Array(256 * 256 * 4).fill(0x70) })
const assets = new Map([['icon.png', { bytes: icon, sha256: '' }]])

export const collectPackage = async (unit: AnyPackager, packing: Packing): Promise<{ readonly bytes: Buffer; readonly facts: Facts }> => {
  const { target, tree, modes } = packing
  const at = packing.date ?? date
  const subject = { app: modes === undefined ? app : { ...app, modes }, target, tree, date: at, lend: lendFrom(at), assets }
  const packed = unit.pack(subject, packing.options)
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await packed.next()
    if (next.done === true) return { bytes: Buffer.concat(parts), facts: JSON.parse(JSON.stringify(next.value)) as Facts }
    parts.push(Uint8Array.from(next.value))
  }
}

const withoutClock = async (body: () => Promise<void>): Promise<void> => {
  const { Date: RealDate } = globalThis
  const random = Math.random
  const refuse = (): never => {
    throw new Error('a packager asked for the time or for chance')
  }
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: number[]) => (args.length === 0 ? refuse() : new target(...(args as [number]))),
    apply: refuse,
    get: (target, key) => (key === 'now' ? refuse : (Reflect.get(target, key) as unknown)),
  })
  Math.random = refuse
  try {
    await body()
  } finally {
    globalThis.Date = RealDate
    Math.random = random
  }
}

type Listing = Readonly<Record<string, string>>

const listing = (root: string, below = ''): Listing => {
  const found: Record<string, string> = {}
  for (const name of readdirSync(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`
    const facts = lstatSync(join(root, path))
    if (facts.isSymbolicLink()) found[path] = `link ${readlinkSync(join(root, path))}`
    else if (facts.isDirectory()) Object.assign(found, { [path]: 'folder' }, listing(root, path))
    else found[path] = `${(facts.mode & 0o777).toString(8)} ${describeBytes(readFileSync(join(root, path)))}`
  }
  return found
}

const expectedListing = (contents: Readonly<Record<string, Content>>): Listing => {
  const found: Record<string, string> = {}
  for (const [path, content] of Object.entries(contents)) {
    path
      .split('/')
      .slice(0, -1)
      .forEach((_, index, steps) => (found[steps.slice(0, index + 1).join('/')] = 'folder'))
    if (content === 'folder/') found[path] = 'folder'
    else if (typeof content === 'object' && 'link' in content) found[path] = `link ${content.link}`
    else found[path] = `${path === 'tool' || path.startsWith('bin/') ? '755' : '644'} ${describeBytes(Buffer.from(content as string))}`
  }
  return found
}

const treeListing = async ({ entries }: FileTree): Promise<Listing> => {
  const found: Record<string, string> = {}
  for (const entry of entries) {
    const steps = entry.path.split('/')
    for (let end = 1; end < steps.length; end++) found[steps.slice(0, end).join('/')] = 'folder'
    if (entry.type === 'folder') found[entry.path] = 'folder'
    else if (entry.type === 'link') found[entry.path] = `link ${entry.linkTarget}`
    else {
      const bytes = Buffer.concat(await Array.fromAsync(entry.bytes(), chunk => Uint8Array.from(chunk)))
      found[entry.path] = `${entry.mode.toString(8)} ${describeBytes(bytes)}`
    }
  }
  return found
}

const describeBytes = (bytes: Buffer): string =>
  bytes.length > 100 ? `${bytes.length} bytes, ${bytes.subarray(-8).toString('hex')}` : bytes.toString()

/** Runs a foreign tool with a UTF-8 locale and a plain umask. */
export const runJudge = (tool: string, args: readonly string[], cwd: string): string => {
  chmodSync(cwd, 0o755)
  return execFileSync(tool, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...process.env, LC_ALL: 'C.UTF-8', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  })
}
