// What every feed must do: render purely, refuse what is incomplete, carry n, go back on a halt, and hold any notes (DESIGN 6, TRUST 3, 4, 6).
import { describe, expect, it } from 'vitest'
import { feedHead, headPrefixes } from '@slipway/core'
import type { ChannelState, Release, Target } from '@slipway/core'
import type { AnyFeed, FeedFile } from './feed.ts'
import { renderChannel } from './render.ts'
import { artifact, release, state } from './testing/releases.ts'

export interface FeedFixture {
  /** Targets of several systems, with one package each. */
  readonly packages: Readonly<Record<Target, string>>
  /** Its error codes; unsigned only where it needs signatures. */
  readonly codes: { readonly incomplete: string; readonly badVersion: string; readonly noPackage: string; readonly unsigned?: string }
  /** What a head says, read by a parser that is not ours. */
  readonly read: (bytes: Uint8Array) => {
    readonly version: string
    readonly n: number
    /** Absent: it carries none, and none may change its bytes. */
    readonly notes?: string
    readonly urls: readonly string[]
  }
}

const hostileNotes = [
  'a\nversion: 9.9.9\nfiles: []\n...\n---\n',
  '"}, "version": "9.9.9", "x": {"',
  'quote \' " \\ # : - [ ] { } & * ! | > %',
  'controls \u0000\u0007\u001b[31m\u007f\u0085\u2028\u2029\ufeff\uffff',
  'emoji 🚀 и 日本語 \u202e\u{e0001}',
  ' leading and trailing \n\n ',
]

/** Registers the cases of one feed. */
export const feedConformance = (feed: AnyFeed, { packages, codes, read }: FeedFixture): void => {
  const targets = Object.keys(packages)
  const made = (
    version: string,
    changes: { readonly without?: Target; readonly notes?: string; readonly unsigned?: boolean } = {},
  ): Release =>
    release(version, {
      feed: feed.id,
      targets,
      artifacts: Object.entries(packages)
        .filter(([target]) => target !== changes.without)
        .map(([target, kind]) => artifact(kind, target, changes.unsigned === true ? { signed: 'no', signatures: {} } : {})),
      ...(changes.notes === undefined ? {} : { notes: changes.notes }),
    })
  const render = (channelState: ChannelState, ...releases: readonly Release[]): readonly FeedFile[] =>
    renderChannel({
      app: 'tool',
      channel: 'stable',
      state: channelState,
      releases: Object.fromEntries(releases.map(one => [one.version, one])),
      base: 'https://dl.example.org/',
    })
  const heads = (files: readonly FeedFile[]) => files.filter(file => file.head).map(file => read(file.bytes))
  const candidate = { version: '2.0.0', percent: 10, since: '2026-01-01T00:00:00Z' }

  describe(`feeds/${feed.id}`, () => {
    it('is pure: the same in, the same out, and nothing changed', () => {
      const given = JSON.stringify(made('1.0.0'))
      const one = made('1.0.0')
      const first = render(state({ current: '1.0.0' }), one)
      expect(render(state({ current: '1.0.0' }), made('1.0.0'))).toEqual(first)
      expect(JSON.stringify(one)).toBe(given)
      expect(first.map(file => file.path)).toEqual([...first.map(file => file.path)].sort())
      for (const file of first) expect(headPrefixes('stable').some(prefix => file.path.startsWith(prefix))).toBe(true)
    })
    it('has each head that it announces, and no other', () => {
      const announced = Object.keys(feed.heads(targets, {})).map(name => feedHead('stable', feed.id, name))
      expect(render(state({ current: '1.0.0' }), made('1.0.0')).map(file => file.path)).toEqual(announced.sort())
      expect(Object.values(feed.heads(targets, {})).flat().sort()).toEqual([...targets].sort())
    })
    it('names the packages of every target by absolute URL', () => {
      const urls = heads(render(state({ current: '1.0.0' }), made('1.0.0'))).flatMap(head => head.urls)
      expect([...new Set(urls)].sort()).toEqual(
        Object.entries(packages)
          .map(([target, kind]) => `https://dl.example.org/releases/1.0.0/tool-1.0.0-${target}.${kind}`)
          .sort(),
      )
    })
    for (const target of targets)
      it(`refuses a release that lost ${target}`, () => {
        expect(() => render(state({ current: '1.0.0' }), made('1.0.0', { without: target }))).toThrow(codes.incomplete)
      })
    it(feed.needs === undefined ? 'needs no signatures' : 'refuses unsigned packages', () => {
      const act = (): unknown => render(state({ current: '1.0.0' }), made('1.0.0', { unsigned: true }))
      if (feed.needs === undefined) expect(act).not.toThrow()
      else expect(act).toThrow(codes.unsigned)
    })
    it('carries n, so that a late write is seen', () => {
      const [one, other] = [7, 8].map(n => render(state({ n, current: '1.0.0' }), made('1.0.0')))
      expect(heads(one ?? []).every(head => head.n === 7)).toBe(true)
      for (const [index, file] of (one ?? []).entries())
        expect(Buffer.compare(file.bytes, other?.[index]?.bytes ?? Buffer.alloc(0))).not.toBe(0)
    })
    it('shows a candidate or holds it, and on a halt the current release', () => {
      const both = [made('1.0.0'), made('2.0.0')]
      const shown = feed.holds === true ? '1.0.0' : '2.0.0'
      expect(heads(render(state({ current: '1.0.0', candidate }), ...both)).every(head => head.version === shown)).toBe(true)
      const halted = state({ current: '1.0.0', candidate, halted: { version: '2.0.0', reason: 'bad' } })
      expect(heads(render(halted, ...both)).every(head => head.version === '1.0.0')).toBe(true)
    })
    it('offers nothing where there is nothing', () => {
      const halted = state({ candidate, halted: { version: '2.0.0', reason: 'bad' } })
      const files = heads(render(halted, made('2.0.0')))
      expect(files).not.toHaveLength(0)
      for (const head of files) expect(head).toMatchObject({ version: '0.0.0', urls: [] })
      expect(render(state(), made('1.0.0'))).toEqual([])
    })
    it('keeps hostile notes as notes', () => {
      const plain = render(state({ current: '1.0.0' }), made('1.0.0'))
      for (const notes of hostileNotes) {
        const files = render(state({ current: '1.0.0' }), made('1.0.0', { notes }))
        for (const head of heads(files)) expect(head).toMatchObject({ version: '1.0.0', ...(head.notes === undefined ? {} : { notes }) })
        if (heads(files).every(head => head.notes === undefined)) expect(files).toEqual(plain)
      }
    })
    it('refuses versions that clients order differently', () => {
      expect(() => render(state({ current: '1.0.0+build.1' }), made('1.0.0+build.1'))).toThrow(codes.badVersion)
    })
    it('says in its own words that the config makes nothing for a system', () => {
      const lack = { system: 'Linux', installs: 'deb, rpm', made: 'zip', first: 'deb', where: { path: `feeds.${feed.id}` }, targets }
      expect(feed.noPackage(lack)).toMatchObject({ code: codes.noPackage, where: lack.where, exit: 'input', facts: { targets } })
      expect(codes.noPackage).toBe(`${feed.id}/no-package`)
      expect(feed.noPackage(lack).message).toMatch(/^On Linux, .+ installs deb, rpm; this config makes zip\.$/)
      expect(feed.noPackage(lack).hint).toBe(`Add packages.deb, or narrow feeds.${feed.id}.targets.`)
    })
    it('is not shown by a release that does not know it', () => {
      const stranger = { ...made('1.0.0'), feeds: [] }
      expect(render(state({ current: '1.0.0' }), stranger)).toEqual([])
    })
  })
}
