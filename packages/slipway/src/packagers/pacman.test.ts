// pacman: what it says of itself, installed by pacman in a root of its own, and every problem that it names before a build.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { App } from '@slipway/core'
import { readPacman } from '@slipway/formats/pacman/index'
import { tinyElf } from '@slipway/formats/testing/binaries'
import * as z from 'zod'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { pacman } from './pacman.ts'
import { app, date, treeOf, type Content } from './testing/trees.ts'

const schema = z.strictObject(pacman.options)
type Input = z.input<typeof schema>

const packed = async (contents: Readonly<Record<string, Content>>, input: Input = {}, changes: Partial<App> = {}) => {
  const packing = pacman.pack({ app: { ...app, ...changes }, target: 'linux-x64', tree: treeOf(contents), date }, schema.parse(input))
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await packing.next()
    if (next.done === true) {
      const bytes = Buffer.concat(parts)
      return { bytes, facts: next.value, read: await readPacman([bytes], { limitEntries: 1000, limitBytes: 1 << 26 }) }
    }
    parts.push(Uint8Array.from(next.value))
  }
}
const codesOf = (input: Input, changes: Partial<App> = {}): readonly string[] =>
  (pacman.check?.({ app: { ...app, ...changes }, target: 'linux-x64' }, schema.parse(input)) ?? []).map(one => one.code)
const nameOf = (target: string, input: Input = {}, changes: Partial<App> = {}) =>
  pacman.fileName({ app: { ...app, ...changes }, target }, schema.parse(input))
const script = '#!/bin/sh\necho hello\n'

describe('pacman, before a build', () => {
  it('says all that Arch forbids at once', () => {
    expect(codesOf({})).toEqual([])
    expect(codesOf({}, { bin: 'ä', version: '1.0.0-1', publisher: '' })).toEqual([
      'pacman/illegal-name',
      'pacman/illegal-version',
      'pacman/no-maintainer',
    ])
    expect(codesOf({ groups: ['a b'] }, { version: '1.2.3+build' })).toEqual(['pacman/illegal-name', 'pacman/illegal-version'])
    expect(codesOf({ depends: ['libc6 (>= 2)'], provides: ['a>1'], optionalDepends: ['a b: c'] })).toEqual(
      Array(3).fill('pacman/illegal-relation'),
    )
    expect([codesOf({ level: 0 }), codesOf({ compression: 'gzip', level: 12 }), codesOf({ level: 19 })]).toEqual([
      ['pacman/bad-level'],
      ['pacman/bad-level'],
      [],
    ])
  })
  it('names files as Arch does', () => {
    expect(nameOf('linux-x64')).toBe('tool-1.2.3-1-x86_64.pkg.tar.zst')
    expect(nameOf('linux-armv7', { release: 2, compression: 'gzip' }, { version: '1.0.0-rc.2' })).toBe('tool-1.0.0rc.2-2-armv7h.pkg.tar.gz')
    expect(nameOf('linux-x64', { compression: 'xz' })).toBe('tool-1.2.3-1-x86_64.pkg.tar.xz')
    const endings = (['gzip', 'xz', 'zstd'] as const).map(compression => pacman.ext('linux-x64', schema.parse({ compression })))
    expect(endings).toEqual(['pkg.tar.gz', 'pkg.tar.xz', 'pkg.tar.zst'])
    expect(() => nameOf('macos-universal')).toThrow('pacman/no-architecture')
  })
})

describe('pacman', () => {
  it('holds the app where it belongs, with its fields, units and scripts', async () => {
    const services = [{ name: 'tool.service', file: null, run: 'serve', summary: 'Serves', user: false, enable: true }]
    const input: Input = { depends: ['git>=2'], scripts: { post_install: '#!/bin/bash\necho hi\n' } }
    const contents = { tool: script, 'lib/x': 'x', 'etc/tool.conf': 'a=1\n' }
    const { read, facts } = await packed(contents, input, { services, conffiles: ['etc/tool.conf'] })
    expect(read.entries.map(one => one.path)).toEqual(
      expect.arrayContaining(['usr/lib/tool/tool', 'etc/tool.conf', 'usr/lib/systemd/system/tool.service']),
    )
    expect(read.install).toMatch(/^post_install\(\) \{\n[\s\S]*systemctl enable 'tool.service'[\s\S]*\necho hi\n\}\n/)
    expect(read.install).toMatch(/pre_remove\(\) \{\n.*disable --now 'tool.service'/)
    expect(facts).toMatchObject({ pkgname: 'tool', pkgver: '1.2.3-1', depend: ['git>=2'], backup: ['etc/tool.conf'], license: ['MIT'] })
  })
  it('needs the libraries of its programs', async () => {
    const tool = tinyElf({ interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6', 'libz.so.1'], versions: ['GLIBC_2.4'] })
    expect((await packed({ tool })).facts['depend']).toEqual(['glibc>=2.4', 'zlib'])
    expect((await packed({ tool }, { depends: ['glibc>=2.30'] })).facts['depend']).toEqual(['glibc>=2.30', 'zlib'])
  })
  it('wants shell scripts', async () => {
    for (const one of ['echo\nhello', 'packaging/none', '#!/usr/bin/perl\n1;\n'])
      await expect(packed({ tool: script }, { scripts: { pre_remove: one } }), one).rejects.toThrow('pacman/illegal-script')
  })
})

describeWithJudge(['pacman'], 'pacman by itself', ({ pacman: path }) => {
  it.skipIf(process.getuid?.() !== 0).each(['zst', 'xz'])('is installed, runs, and is removed: %s', async ending => {
    const compression = ending === 'xz' ? 'xz' : 'zstd'
    const { bytes, read } = await packed(
      { tool: script, 'lib/x': 'x', 'etc/tool.conf': 'a=1\n' },
      { compression },
      { conffiles: ['etc/tool.conf'] },
    )
    expect(read.compression).toBe(compression)
    const root = mkdtempSync(join(tmpdir(), 'pacman-unit-'))
    mkdirSync(join(root, 'var/lib/pacman'), { recursive: true })
    writeFileSync(join(root, 'conf'), '[options]\nArchitecture = x86_64\nLocalFileSigLevel = Never\n')
    const file = join(root, `x.pkg.tar.${ending}`)
    writeFileSync(
      file,
      bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 0x55 : byte)),
    )
    const places = [
      '--root',
      root,
      '--dbpath',
      join(root, 'var/lib/pacman'),
      '--cachedir',
      join(root, 'cache'),
      '--logfile',
      join(root, 'log'),
    ]
    const run = (...args: readonly string[]): string =>
      execFileSync(path, [...places, '--config', join(root, 'conf'), '--hookdir', join(root, 'hooks'), '--noconfirm', ...args], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
      })
    expect(() => run('-U', file)).toThrow('Command failed')
    writeFileSync(file, bytes)
    run('-U', file)
    expect(execFileSync(join(root, 'usr/bin/tool'), { encoding: 'utf8' })).toBe('hello\n')
    expect(run('-Qkk', 'tool')).toContain('0 altered files')
    expect(run('-Qi', 'tool')).toMatch(/^Packager +: The Tool Authors <tool@example.org>$/m)
    expect(readFileSync(join(root, 'etc/tool.conf'), 'utf8')).toBe('a=1\n')
    run('-R', 'tool')
    expect(existsSync(join(root, 'usr/bin/tool'))).toBe(false)
    rmSync(root, { recursive: true, force: true })
  })
})
