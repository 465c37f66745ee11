// apk: what it says of itself, its scripts and relations, and every problem that it names before a build.
import { describe, expect, it } from 'vitest'
import { sha256, type App } from '@slipway/core'
import { readApk } from '@slipway/formats/apk/index'
import { tinyElf } from '@slipway/formats/testing/binaries'
import * as z from 'zod'
import { apk } from './apk.ts'
import { app, date, treeOf, type Content } from './testing/trees.ts'

const schema = z.strictObject(apk.options)
type Input = z.input<typeof schema>

const project: Readonly<Record<string, string>> = { 'packaging/up.sh': '#!/bin/sh\necho up\n', 'packaging/perl': '#!/usr/bin/perl\n1;\n' }
const packed = async (contents: Readonly<Record<string, Content>>, input: Input = {}, changes: Partial<App> = {}) => {
  const assets = new Map(
    Object.entries(project).map(([path, text]) => [path, { bytes: Buffer.from(text), sha256: sha256(Buffer.from(text)) }]),
  )
  const packing = apk.pack({ app: { ...app, ...changes }, target: 'linux-x64', tree: treeOf(contents), date, assets }, schema.parse(input))
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await packing.next()
    if (next.done === true) return { facts: next.value, read: await readApk(parts, { limitEntries: 1000, limitBytes: 1 << 26 }) }
    parts.push(Uint8Array.from(next.value))
  }
}
const codesOf = (input: Input, changes: Partial<App> = {}): readonly string[] =>
  (apk.check?.({ app: { ...app, ...changes }, target: 'linux-x64' }, schema.parse(input)) ?? []).map(one => one.code)
const nameOf = (target: string, input: Input = {}, changes: Partial<App> = {}) =>
  apk.fileName({ app: { ...app, ...changes }, target }, schema.parse(input))
const script = '#!/bin/sh\necho hello\n'

describe('apk, before a build', () => {
  it('says all that Alpine forbids at once', () => {
    expect(codesOf({})).toEqual([])
    expect(codesOf({}, { bin: 'ä', version: '1.0.0-canary.1', publisher: '', license: '' })).toEqual([
      'apk/illegal-name',
      'apk/illegal-version',
      'apk/no-maintainer',
      'apk/no-license',
    ])
    expect(codesOf({}, { version: '1.2.3+build' })).toEqual(['apk/illegal-version'])
    expect(codesOf({ depends: ['libc6 (>= 2)'], provides: ['a>1'], conflicts: ['!a'], installIf: ['a\nb'] })).toEqual(
      Array(4).fill('apk/illegal-relation'),
    )
    expect(codesOf({ triggers: ['/usr'] })).toEqual(['apk/illegal-trigger'])
    expect(codesOf({ triggers: ['usr'], scripts: { trigger: script } })).toEqual(['apk/illegal-trigger'])
  })
  it('names files as Alpine does', () => {
    expect(nameOf('linux-x64')).toBe('tool-1.2.3-r0.x86_64.apk')
    expect(nameOf('linux-arm64-musl', { revision: 3, package: 'other' }, { version: '1.0.0-rc.2' })).toBe('other-1.0.0_rc2-r3.aarch64.apk')
    expect(nameOf('linux-armv7')).toBe('tool-1.2.3-r0.armv7.apk')
    expect(() => nameOf('macos-universal')).toThrow('apk/no-architecture')
  })
})

describe('apk', () => {
  it('holds the app where it belongs, with its fields and scripts', async () => {
    const input: Input = {
      depends: ['git>=2'],
      conflicts: ['tool-old'],
      scripts: { 'post-install': 'packaging/up.sh', trigger: script },
      triggers: ['/usr/share/icons/*'],
    }
    const { read, facts } = await packed({ tool: script, 'lib/x': 'x', LICENSE: 'MIT' }, input, {
      needs: [{ program: 'no-such', version: '' }],
    })
    expect(read.entries.map(one => one.path)).toEqual(
      expect.arrayContaining(['usr/lib/tool/tool', 'usr/bin/tool', 'usr/share/licenses/tool/LICENSE']),
    )
    expect(read.fields.get('depend')).toEqual(['git>=2', '!tool-old'])
    const text = (kind: 'post-install' | 'post-upgrade'): string => new TextDecoder().decode(read.scripts.get(kind))
    expect(text('post-install')).toMatch(/^#!\/bin\/sh\ncommand -v 'no-such'[^\n]+\necho up\n$/)
    expect(text('post-upgrade')).toMatch(/^#!\/bin\/sh\ncommand -v 'no-such'[^\n]+\n$/)
    expect(facts).toMatchObject({ pkgname: 'tool', pkgver: '1.2.3-r0', arch: 'x86_64', depend: ['git>=2', '!tool-old'] })
    expect(facts['identity']).toBe(`sha1:${read.control.sha1}`)
  })
  it('needs the libraries of its programs, and refuses those of glibc', async () => {
    const musl = tinyElf({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.musl-x86_64.so.1', 'libz.so.1'] })
    expect((await packed({ tool: musl })).facts['depend']).toEqual(['so:libc.musl-x86_64.so.1', 'so:libz.so.1'])
    const glibc = tinyElf({ interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'], versions: ['GLIBC_2.4'] })
    await expect(packed({ tool: glibc })).rejects.toThrow('linux/wrong-libc')
  })
  it('wants scripts that a system starts', async () => {
    for (const one of ['echo\nhello', 'packaging/none', '#!/bin/sh\r\ntrue\n'])
      await expect(packed({ tool: script }, { scripts: { 'pre-install': one } }), one).rejects.toThrow('apk/illegal-script')
    const needs = [{ program: 'no-such', version: '' }]
    await expect(packed({ tool: script }, { scripts: { 'post-install': 'packaging/perl' } }, { needs })).rejects.toThrow(
      'apk/illegal-script',
    )
  })
})
