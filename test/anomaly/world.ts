// A bucket between two states: what stood before, what stands now, and the verdict that it is old or new and never between (TRUST 4, "Crash").
import { createHash } from 'node:crypto'
import { accessSync, constants, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseJson, parseRelease, pointer } from '@slipway/core'
import type { ChannelState, Release } from '@slipway/core'
import { parsePublicKey, verifyDigest } from '@slipway/formats/minisign'
import { expect } from 'vitest'
import { renderChannel } from '../../packages/slipway/src/feeds/render.ts'
import type { Io } from '../../packages/slipway/src/io/io.ts'
import { machine } from '../../packages/slipway/src/io/machine.ts'
import { folder } from '../../packages/slipway/src/stores/folder.ts'
import { readChain } from '../../packages/slipway/src/verify/chain.ts'
import { emptyReport } from '../../packages/slipway/src/verify/report.ts'
import { smallDate } from '../kit/project.ts'
import type { Document, SmallProject } from '../kit/project.ts'

/** Bytes by key. */
export type Tree = ReadonlyMap<string, Buffer>
export type Channels = Readonly<Record<string, ChannelState>>

/** Address of every small bucket. */
export const url = 'http://127.0.0.1:8737/'
const temporaryName = /^\..*\.\d+\.[0-9a-f]{12}\.tmp$/

/** A folder in memory where the machine has one: fsync is then free, and a sweep syncs thousands of times. */
export const scratch = (): string => mkdtempSync(join(inMemory() ? '/dev/shm' : tmpdir(), 'slipway-world-'))

const inMemory = (): boolean => {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** The real machine with one core and a fixed release date: the same effects in the same order each time. */
export const steadyMachine = (): Io => {
  const io = machine()
  return {
    ...io,
    host: { ...io.host, cores: 1 },
    secrets: { ...io.secrets, env: name => (name === 'SOURCE_DATE_EPOCH' ? smallDate : io.secrets.env(name)) },
  }
}

export interface Saved {
  readonly base: string
  /** Puts everything back as it was when it was saved. */
  readonly restore: () => void
  readonly remove: () => void
}

/** Keeps a copy of a folder beside it. */
export const save = (base: string): Saved => {
  const copy = `${base}.saved`
  rmSync(copy, { recursive: true, force: true })
  cpSync(base, copy, { recursive: true, verbatimSymlinks: true })
  return {
    base,
    restore: () => {
      rmSync(base, { recursive: true, force: true })
      cpSync(copy, base, { recursive: true, verbatimSymlinks: true })
    },
    remove: () => {
      for (const path of [base, copy]) rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Everything under a folder but what a killed write left unnamed. */
export const treeOf = (root: string): Tree => {
  if (!existsSync(root)) return new Map()
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(
    entry => entry.isFile() && !temporaryName.test(entry.name),
  )
  const paths = files.map(entry => join(entry.parentPath, entry.name))
  return new Map(paths.map(path => [relative(root, path), readFileSync(path)] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export interface Question {
  readonly project: SmallProject
  /** The bucket before the command. */
  readonly before: Tree
  /** Whether these channels are what the command was to make of it. */
  readonly isNew: (channels: Channels) => boolean
}

/**
 * Asserts that the bucket is the old world with orphans, or the new one whose heads are each old or new, each naming only parts that
 * are there (TRUST 4); that `verify` says exactly that; and that no unnamed file shows. Returns which world it is.
 */
export const judgeWorld = async ({ project, before, isNew }: Question): Promise<'old' | 'new'> => {
  const now = treeOf(project.bucket)
  for (const [key, bytes] of before) if (!isMutable(key)) expectSame(now, key, bytes)
  for (const key of now.keys()) if (!before.has(key) && !isMutable(key)) expect(key).toMatch(orphan)
  for (const key of headsOf(now)) assertParts(project, now, key)
  await assertNothingUnnamed(project)
  const found = await project.json(['verify'])
  if (same(now.get(pointer), before.get(pointer))) {
    expect(headsOf(now)).toEqual(headsOf(before))
    for (const key of headsOf(before)) expectSame(now, key, before.get(key))
    expect(wrongOf(found)).toEqual(before.has(pointer) ? [] : [`verify/missing ${pointer}`])
    return 'old'
  }
  const { channels, heads } = await committed(project)
  expect(isNew(channels), `channels ${JSON.stringify(channels)}`).toBe(true)
  for (const key of headsOf(now)) expect(heads.has(key), `${key} is a head of the new state`).toBe(true)
  expect(wrongOf(found)).toEqual(
    [...heads].flatMap(([key, bytes]) => behind(key, { now: now.get(key), old: before.get(key), bytes })).sort(),
  )
  return 'new'
}

/** Asserts that the bucket is whole: every head shows the committed state, nothing is wrong. Returns the channels. */
export const assertSound = async (project: SmallProject): Promise<Channels> => {
  expect(wrongOf(await project.json(['verify', '--deep']))).toEqual([])
  const { channels, heads } = await committed(project)
  const now = treeOf(project.bucket)
  expect(headsOf(now)).toEqual([...heads.keys()].sort())
  for (const key of headsOf(now)) assertParts(project, now, key)
  await assertNothingUnnamed(project)
  return channels
}

/** What two buckets of the same history have in common: not the numbers of skipped documents, nor the times inside of evidence. */
export const essence = (tree: Tree): readonly string[] => {
  const lines = [...tree]
    .filter(([key]) => !key.startsWith('tuf/'))
    .map(([key, bytes]) => {
      if (key.startsWith('drafts/')) return key
      if (key.startsWith('evidence/')) return key.replace(/\.[0-9a-f]{16}\.dsse\.json$/, '')
      return `${key} ${createHash('sha256').update(bytes).digest('hex')}`
    })
  return [...new Set(lines)].sort()
}

/** `code object` of each problem. */
export const wrongOf = (found: Document): readonly string[] => found.errors.map(one => `${one.code} ${String(one.where['object'])}`).sort()

export const headsOf = (tree: Tree): readonly string[] => [...tree.keys()].filter(key => key.startsWith('feeds/')).sort()

/** Keys of the heads that speak of a version. */
export const headsNaming = (project: SmallProject, version: string): readonly string[] => {
  const now = treeOf(project.bucket)
  return headsOf(now).filter(key => now.get(key)?.includes(`releases/${version}/`))
}

export const openSmall = (project: SmallProject) => folder.open({ path: project.bucket, url }, '', machine())

/** The committed channels and, by key, the head that each feed must show for them; rendered here, from the bucket alone. */
export const committed = async (project: SmallProject): Promise<{ readonly channels: Channels; readonly heads: Tree }> => {
  const report = emptyReport()
  const chain = await readChain(await openSmall(project), report, {
    root: readFileSync(join(project.keys, 'root.json')),
    nowMs: Date.now(),
  })
  if (chain === null) throw new Error(`the chain does not hold: ${JSON.stringify(report.problems)}`)
  const releases: Record<string, Release> = {}
  for (const version of Object.keys(chain.releases))
    releases[version] = parseRelease(parseJson(readFileSync(join(project.bucket, `releases/${version}/release.json`), 'utf8')))
  const files = Object.entries(chain.channels).flatMap(([channel, state]) =>
    renderChannel({ app: 'tiny', channel, state, releases, base: url }),
  )
  return { channels: chain.channels, heads: new Map(files.filter(file => file.head).map(file => [file.path, Buffer.from(file.bytes)])) }
}

/** Objects of an unfinished publish: nothing that anybody is led to. */
const orphan = /^(releases\/[^/]+\/[^/]+|evidence\/[^/]+\/[^/]+|tuf\/\d+\.(root|targets|channels|snapshot)\.json)$/

const isMutable = (key: string): boolean => key === pointer || key.startsWith('feeds/') || key.startsWith('drafts/')

const same = (a: Buffer | undefined, b: Buffer | undefined): boolean => (a === undefined || b === undefined ? a === b : a.equals(b))

const expectSame = (now: Tree, key: string, bytes: Buffer | undefined): void =>
  expect(same(now.get(key), bytes), `${key} stands unchanged`).toBe(true)

/** What verify must say of one head after the commit: nothing, behind, or missing when it never was; any other bytes fail. */
const behind = (
  key: string,
  { now, old, bytes }: { now: Buffer | undefined; old: Buffer | undefined; bytes: Buffer },
): readonly string[] => {
  if (same(now, bytes)) return []
  expect(same(now, old), `${key} is a rendering of the old state or of the new one`).toBe(true)
  return [now === undefined ? `verify/missing ${key}` : `verify/behind ${key}`]
}

/** Each file that a head names is there, with the digest or signature that stands beside it. */
const assertParts = (project: SmallProject, now: Tree, head: string): void => {
  const text = now.get(head)?.toString() ?? ''
  const parts = head.endsWith('.json') ? tauriParts(project, text) : electronParts(text)
  const named = [...text.matchAll(/"(http[^"]+)"/g)].map(found => found[1] ?? '')
  expect(new Set(parts.map(one => one.url))).toEqual(new Set(named))
  for (const { url: part, holds } of parts) {
    const bytes = now.get(decodeURIComponent(part.slice(url.length)))
    expect(bytes !== undefined && holds(bytes), `${head} names ${part}, which is there with its digest`).toBe(true)
  }
}

interface Part {
  readonly url: string
  readonly holds: (bytes: Buffer) => boolean
}

const tauriParts = (project: SmallProject, text: string): readonly Part[] => {
  const key = parsePublicKey(readFileSync(join(project.keys, 'minisign.pub'), 'utf8'))
  const { platforms } = JSON.parse(text) as { platforms: Record<string, { url: string; signature: string }> }
  return Object.values(platforms).map(({ url: part, signature }) => ({
    url: part,
    // Throws when it does not hold.
    holds: bytes =>
      verifyDigest(key, createHash('blake2b512').update(bytes).digest(), Buffer.from(signature, 'base64').toString()) !== null,
  }))
}

const electronParts = (text: string): readonly Part[] =>
  [...text.matchAll(/url: "([^"]+)"\n\s+sha512: "([^"]+)"\n\s+size: (\d+)/g)].map(([, part = '', sha512, size]) => ({
    url: part,
    holds: bytes => bytes.length === Number(size) && createHash('sha512').update(bytes).digest('base64') === sha512,
  }))

const assertNothingUnnamed = async (project: SmallProject): Promise<void> => {
  const bucket = await openSmall(project)
  for await (const { key } of bucket.list('')) expect(key).not.toMatch(/\.tmp$|\.lock$|\.owner$/)
}
