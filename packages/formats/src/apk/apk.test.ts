// Tests of apk: round trips, apk-tools' rules by an independent reader, apk itself where it is, broken packages.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, createSign, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, encodeText } from '../bytes.ts'
import { tarEnd, tarHeader, tarPadding } from '../tar.ts'
import { all, codeOf, inPieces, itWith, mutate, sampleBytes } from '../testing/archives.ts'
import { date, file, folder, symlink } from '../testing/packages.ts'
import {
  type ApkFields,
  type ApkPackage,
  apkVersion,
  compareApk,
  isApkDependency,
  isApkProvision,
  isApkVersion,
  readApk,
  writeApk,
} from './index.ts'

const generous = { limitEntries: 10_000, limitBytes: 2 ** 28 }
const fields: ApkFields = {
  ...{ name: 'hello', version: '1.2.3-r0', description: 'Says hello', url: 'https://example.org', packager: 'A B <a@example.org>' },
  ...{ arch: 'x86_64', license: 'MIT', date },
  depends: ['so:libc.musl-x86_64.so.1', 'zlib>=1.2', '!goodbye'],
  provides: ['cmd:hello=1.2.3-r0'],
  replaces: ['hallo'],
  installIf: ['hello-base=1.2.3-r0', 'docs'],
}
const program = '#!/bin/sh\necho hello 1.2.3\n'
const sampleEntries = async (): Promise<ApkPackage['entries']> => [
  await file('usr/bin/hello', program, 0o755),
  folder('usr'),
  folder('usr/bin'),
  folder('etc'),
  await file('etc/hello.conf', 'greeting=hello\n'),
  await file('etc/empty', ''),
  folder('usr/lib'),
  folder('usr/lib/hello'),
  await file('usr/lib/hello/big one', sampleBytes(3_000_000)),
  await file(`usr/lib/hello/${'ü'.repeat(60)}`, 'x'),
  await file(`usr/lib/hello/${'n'.repeat(150)}`, 'y'),
  symlink('usr/bin/hi', 'hello'),
  symlink('usr/lib/hello/far', 't'.repeat(99)),
]
const sample = async (more: Partial<ApkPackage> = {}): Promise<ApkPackage> => ({
  fields,
  ...more,
  entries: more.entries ?? (await sampleEntries()),
})
const pack = async (more: Partial<ApkPackage> = {}): Promise<Uint8Array> => all(writeApk(await sample(more)))
const read = (bytes: Uint8Array, pieceBytes = 50_000) => readApk(inPieces(bytes, pieceBytes), generous)

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }) as string
const sign: NonNullable<ApkPackage['sign']> = async control => [
  { kind: 'RSA256', key: 'a@example.org-1.rsa.pub', bytes: createSign('sha256').update(control.bytes).sign(keys.privateKey) },
  { kind: 'RSA', key: 'a@example.org-1.rsa.pub', bytes: createSign('sha1').update(control.bytes).sign(keys.privateKey) },
]

const inFolder = <T>(act: (path: string) => T): T => {
  const path = mkdtempSync(join(tmpdir(), 'apk-'))
  try {
    return act(path)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}
const rules = (bytes: Uint8Array, key?: string): { readonly status: number | null; readonly stdout: string } =>
  inFolder(path => {
    writeFileSync(join(path, 'x.apk'), bytes)
    writeFileSync(join(path, 'key.pem'), key ?? '')
    const args = [
      new URL('apk-rules.py', import.meta.url).pathname,
      join(path, 'x.apk'),
      ...(key === undefined ? [] : [join(path, 'key.pem')]),
    ]
    return spawnSync('python3', args, { encoding: 'utf8' })
  })

// Members by hand, for packages that our writer does not write.
const tarOf = (files: Readonly<Record<string, string>>): Uint8Array =>
  concat(
    Object.entries(files).flatMap(([path, text]) => {
      const bytes = encodeText(text)
      return [tarHeader({ path, type: 'file', mode: 0o644, mtime: 0, sizeBytes: bytes.length }), bytes, tarPadding(bytes.length)]
    }),
  )
const dataPart = gzipSync(concat([tarOf({ 'usr/x': 'x' }), tarEnd]))
const dataSha256 = createHash('sha256').update(dataPart).digest('hex')
const infoText = `pkgname = x\npkgver = 1-r0\ndatahash = ${dataSha256}\n`
const controlPart = gzipSync(tarOf({ '.PKGINFO': infoText }))
const whole = (...parts: readonly Uint8Array[]): Promise<string> => codeOf(() => read(concat(parts)))

describe('apk', () => {
  it('is the same where the data waits elsewhere, and where all of a file is asked for when its turn comes', async () => {
    const kept: Uint8Array[] = []
    const spool: NonNullable<ApkPackage['spool']> = async chunks => {
      for await (const chunk of chunks) kept.push(chunk.slice())
      return () => kept
    }
    const entries = (await sampleEntries()).map(({ deflated, ...one }) => {
      if (deflated === undefined || typeof deflated === 'function') return one
      return { ...one, deflated: () => Promise.resolve(deflated) }
    })
    expect(await pack({ entries, spool })).toEqual(await pack())
    expect(kept.length).toBeGreaterThan(1)
  })
  it('comes back as it was, and is the same bytes each time', async () => {
    const scripts = { 'post-install': '#!/bin/sh\necho in\n', trigger: '#!/bin/sh\n' }
    const more = { scripts, sign, fields: { ...fields, triggers: ['/usr/share/icons/*', '/usr/lib'] } }
    const bytes = await pack(more)
    expect(await pack(more)).toEqual(bytes)
    const found = await read(bytes, 777)
    expect(found.fields.get('pkgname')).toEqual(['hello'])
    expect(found.fields.get('depend')).toEqual(fields.depends)
    expect(found.fields.get('install_if')).toEqual(['hello-base=1.2.3-r0 docs'])
    expect(found.fields.get('triggers')).toEqual(['/usr/share/icons/* /usr/lib'])
    expect(found.fields.get('size')).toEqual([String(program.length + 15 + 3_000_000 + 2)])
    expect([...found.scripts.keys()]).toEqual(['post-install', 'trigger'])
    expect(found.signatures.map(one => [one.kind, one.key])).toEqual([
      ['RSA256', 'a@example.org-1.rsa.pub'],
      ['RSA', 'a@example.org-1.rsa.pub'],
    ])
    expect(found.entries.map(one => one.path)).toEqual([
      ...['etc/', 'etc/empty', 'etc/hello.conf', 'usr/', 'usr/bin/', 'usr/bin/hello', 'usr/bin/hi', 'usr/lib/', 'usr/lib/hello/'],
      ...['usr/lib/hello/big one', 'usr/lib/hello/far', `usr/lib/hello/${'n'.repeat(150)}`, `usr/lib/hello/${'ü'.repeat(60)}`],
    ])
  })

  it('shows entries to a visitor, who may stop early', async () => {
    const seen: string[] = []
    const visit = async (entry: { readonly path: string; bytes(): AsyncIterable<Uint8Array> }): Promise<void> => {
      for await (const chunk of entry.bytes()) {
        seen.push(`${entry.path} ${chunk.length > 0}`)
        break
      }
    }
    await readApk([await pack()], { ...generous, visit })
    expect(seen).toContain('usr/bin/hello true')
  })

  it('is refused where a field or a file is not what apk takes', async () => {
    const bad = (more: Partial<ApkFields>) => codeOf(() => pack({ fields: { ...fields, ...more } }))
    expect(await bad({ name: '-x' })).toBe('apk/bad-name')
    expect(await bad({ version: '1.0-beta' })).toBe('apk/bad-version')
    expect(await bad({ depends: ['a b'] })).toBe('apk/bad-relation')
    expect(await bad({ provides: ['a>1'] })).toBe('apk/bad-relation')
    expect(await bad({ triggers: ['usr'] })).toBe('apk/bad-trigger')
    expect(await bad({ triggers: ['/usr'] })).toBe('apk/bad-trigger')
    expect(await bad({ description: 'a\ndepend = evil' })).toBe('apk/bad-field')
    expect(await bad({ license: '' })).toBe('apk/bad-field')
    expect(await bad({ arch: 'x 86' })).toBe('apk/bad-field')
    expect(await bad({ date: -1 })).toBe('apk/bad-field')
    expect(await codeOf(() => pack({ scripts: { 'post-install': 'echo' } }))).toBe('apk/bad-script')
    expect(await codeOf(async () => pack({ entries: [await file('.x', 'x')] }))).toBe('apk/bad-path')
    expect(await codeOf(async () => pack({ entries: [folder('x'), folder('x/')] }))).toBe('apk/bad-path')
    expect(await codeOf(async () => pack({ entries: [await file('a/'.repeat(2043) + 'b', 'x')] }))).toBe('apk/bad-path')
    expect(await codeOf(async () => pack({ entries: [{ ...(await file('x', 'x')), sizeBytes: 8 ** 11 }] }))).toBe('apk/too-large')
    const changed = { ...(await file('x', 'x')), bytes: () => [encodeText('longer')] }
    expect(await codeOf(() => pack({ entries: [changed] }))).toBe('apk/data-changed')
    const key = { kind: 'RSA', key: '../evil', bytes: new Uint8Array(3) } as const
    expect(await codeOf(() => pack({ sign: async () => [key] }))).toBe('apk/bad-signature')
  })

  it('is refused where its members are not as apk wants them', async () => {
    expect(await whole(controlPart, dataPart)).toBe('no error')
    expect(await whole(controlPart)).toBe('apk/bad-member')
    expect(await whole()).toBe('apk/bad-member')
    expect(await whole(controlPart, dataPart, dataPart)).toBe('apk/bad-member')
    expect(await whole(gzipSync(concat([tarOf({ '.PKGINFO': infoText }), tarEnd])), dataPart)).toBe('apk/end-of-archive')
    expect(await whole(gzipSync(tarOf({ '.PKGINFO': infoText, plain: '' })), dataPart)).toBe('apk/bad-member')
    expect(await whole(gzipSync(tarOf({ '.x': '' })), dataPart)).toBe('apk/no-pkginfo')
    expect(await whole(gzipSync(tarOf({ '.PKGINFO': 'pkgname = x\n' })), dataPart)).toBe('apk/no-datahash')
    expect(await whole(gzipSync(tarOf({ '.PKGINFO': 'what\n' })), dataPart)).toBe('apk/bad-field')
    expect(await whole(controlPart, gzipSync(concat([tarOf({ 'usr/x': 'y' }), tarEnd])))).toBe('apk/bad-datahash')
    expect(await whole(gzipSync(tarOf({ '.SIGN.MD5.x': 'x' })), controlPart, dataPart)).toBe('apk/bad-signature')
    expect(await whole(controlPart, concat([dataPart, Uint8Array.of(0)]))).toBe('apk/bad-member')
    expect(await whole(controlPart, dataPart.subarray(0, -1))).toBe('gzip/corrupt')
    const header = tarHeader({
      ...{ path: 'x', type: 'file', mode: 0o644, mtime: 0, sizeBytes: 1 },
      pax: { 'APK-TOOLS.checksum.SHA1': '0'.repeat(40) },
    })
    const wrong = gzipSync(concat([header, encodeText('x'), tarPadding(1), tarEnd]))
    expect(await whole(controlPart, wrong)).toBe('apk/bad-checksum')
    expect(await codeOf(async () => readApk([await pack()], { ...generous, limitBytes: 1000 }))).toBe('gzip/too-large')
  })

  it('reads gzip headers with names and extra fields, as other programs write them', async () => {
    const named = concat([
      dataPart.subarray(0, 3),
      Uint8Array.of(0x1c),
      dataPart.subarray(4, 10),
      Uint8Array.of(2, 0, 7, 7),
      encodeText('n\0c\0'),
      dataPart.subarray(10),
    ])
    const sha256 = createHash('sha256').update(named).digest('hex')
    const control = gzipSync(tarOf({ '.PKGINFO': infoText.replace(dataSha256, sha256) }))
    const found = await read(concat([control, named]), 1)
    expect(found.data).toEqual({ sizeBytes: named.length, sha1: createHash('sha1').update(named).digest('hex'), sha256 })
    expect(found.control.sizeBytes).toBe(control.length)
  })

  it('survives 2,000 broken copies', async () => {
    const bytes = await pack({ entries: [folder('usr'), await file('usr/x', 'hello hello'), symlink('usr/y', 'x')], sign })
    const { strange, refused, slowestMs } = await mutate(bytes, copy => read(copy))
    expect(strange).toEqual([])
    // The signature is not verified here, and some bits of gzip headers mean nothing.
    expect(refused).toBeGreaterThan(1000)
    expect(slowestMs).toBeLessThan(2000)
  })
})

describe('apk by the rules of apk-tools', () => {
  itWith('python3', 'openssl')('is taken by an independent reader, and a tampered one is not', async () => {
    const bytes = await pack({ scripts: { 'pre-install': '#!/bin/sh\n' }, sign })
    const judged = rules(bytes, publicKey)
    expect([judged.status, judged.stdout]).toEqual([0, expect.stringContaining('"usr/bin/hello", "0o755"')])
    expect(judged.stdout).toContain('".PKGINFO", ".pre-install"')
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }) as string
    expect(rules(bytes, other)).toMatchObject({ status: 1, stdout: 'signature\n' })
    const changed = bytes.slice()
    changed[bytes.length - 1000] = (bytes[bytes.length - 1000] ?? 0) ^ 1
    expect(rules(changed).status).toBe(1)
    expect(rules(concat([gzipSync(concat([tarOf({ '.PKGINFO': infoText }), tarEnd])), dataPart])).stdout).toContain('ends the archive')
    const swapped = gzipSync(concat([tarOf({ 'usr/x': 'y' }), tarEnd]))
    expect(rules(concat([controlPart, swapped]))).toMatchObject({ status: 1, stdout: 'datahash\n' })
    expect(rules(concat([controlPart, dataPart]))).toMatchObject({ status: 1, stdout: 'checksum of usr/x\n' })
  })

  itWith('apk')('is verified, installed, upgraded and removed by apk itself', async () => {
    const bare = { ...fields, depends: [], installIf: [] }
    const scripts = { 'post-install': '#!/bin/sh\n' }
    const old = await pack({ fields: bare, scripts, sign })
    const next = { ...bare, version: '1.2.4_alpha1-r0' }
    const young = await pack({ fields: next, entries: [folder('usr'), await file('usr/new', 'new')], sign })
    inFolder(root => {
      mkdirSync(join(root, 'etc/apk/keys'), { recursive: true })
      writeFileSync(join(root, 'etc/apk/keys/a@example.org-1.rsa.pub'), publicKey)
      const apk = (...args: readonly string[]): string =>
        execFileSync('apk', ['--root', root, '--no-network', ...args], { encoding: 'utf8' })
      writeFileSync(join(root, 'old.apk'), old)
      writeFileSync(join(root, 'young.apk'), young)
      const tampered = old.slice()
      tampered[old.length - 1000] = (old[old.length - 1000] ?? 0) ^ 1
      writeFileSync(join(root, 'bad.apk'), tampered)
      apk('--arch', 'x86_64', '--initdb', 'add')
      expect(apk('verify', join(root, 'old.apk'))).toContain('OK')
      expect(() => apk('verify', join(root, 'bad.apk'))).toThrow(/Command failed/)
      apk('--no-scripts', 'add', join(root, 'old.apk'))
      expect(readFileSync(join(root, 'usr/bin/hi'), 'utf8')).toBe(program)
      expect(apk('info', '-e', '-v', 'hello')).toContain('hello-1.2.3-r0')
      expect(apk('audit', '--system')).not.toContain('usr/')
      apk('--no-scripts', 'add', join(root, 'young.apk'))
      expect(readFileSync(join(root, 'usr/new'), 'utf8')).toBe('new')
      expect(() => readFileSync(join(root, 'usr/bin/hello'))).toThrow(/ENOENT/)
      apk('--no-scripts', 'del', 'hello')
      expect(() => readFileSync(join(root, 'usr/new'))).toThrow(/ENOENT/)
    })
  })
})

describe('versions of apk', () => {
  it('are semantic versions with suffixes of their own', () => {
    const of = (version: string) => apkVersion({ version, revision: 0 })
    expect(of('1.2.3')).toBe('1.2.3-r0')
    expect(of('1.2.3-alpha.4')).toBe('1.2.3_alpha4-r0')
    expect(of('1.2.3-rc1+build.5')).toBe('1.2.3_rc1-r0')
    expect(of('1.2.3-beta')).toBe('1.2.3_beta-r0')
    expect(of('1.2.3-beta.1.2')).toBe('1.2.3_beta1_p2-r0')
    for (const version of ['1.2.3-rc10', '1.2.3-1', '1.2.3-canary.1', '1.2.3-alpha.x', '1.02', 'x', '1.2.3-Alpha'])
      expect(of(version)).toBeUndefined()
    expect(apkVersion({ version: '1.0.0', revision: -1 })).toBeUndefined()
  })

  it('sort as semantic versions do', () => {
    const inOrder = ['1.0.0-alpha', '1.0.0-alpha.0', '1.0.0-alpha.1', '1.0.0-alpha.1.1', '1.0.0-alpha.2', '1.0.0-alpha.10', '1.0.0-beta']
    const more = ['1.0.0-beta.2', '1.0.0-pre.1', '1.0.0-rc', '1.0.0-rc.1', '1.0.0', '1.0.1-alpha', '1.0.1', '1.0.10', '1.2.0', '10.0.0']
    const versions = [...inOrder, ...more].map(version => apkVersion({ version, revision: 0 }) ?? '')
    for (const [left, a] of versions.entries())
      for (const [right, b] of versions.entries()) expect([a, b, compareApk(a, b)]).toEqual([a, b, Math.sign(left - right)])
  })

  it.each([
    ['1.0', '1.0.0', -1],
    ['1.0', '1.0-r1', -1],
    ['1.0-r9', '1.0-r10', -1],
    ['1.0_p1', '1.0', 1],
    ['1.0b', '1.0a', 1],
    ['1.0a', '1.0', 1],
    ['1.01', '1.1', -1],
    ['1.10', '1.9', 1],
    ['1.0_alpha_pre2', '1.0_alpha', -1],
    ['1.0_git20200101', '1.0_p1', -1],
    ['1.0~abc', '1.0~abd', -1],
  ] as const)('%s and %s', (left, right, order) => {
    expect(compareApk(left, right)).toBe(order)
    expect(compareApk(right, left)).toBe(-order)
    expect(compareApk(left, left)).toBe(0)
  })

  itWith('apk')('are judged as apk does', () => {
    const part = fc.constantFrom(
      '1',
      '2',
      '10',
      '01',
      '.1',
      '.0',
      '.10',
      'a',
      'b',
      '_alpha',
      '_rc2',
      '_p',
      '_p1',
      '_git',
      '-r1',
      '-r0',
      '~ab',
    )
    const version = fc.array(part, { minLength: 1, maxLength: 6 }).map(parts => `1${parts.join('')}`)
    fc.assert(
      fc.property(version, version, (a, b) => {
        fc.pre(isApkVersion(a) && isApkVersion(b))
        expect([a, b, execFileSync('apk', ['version', '-t', a, b], { encoding: 'utf8' }).trim()]).toEqual([
          a,
          b,
          '<=>'[compareApk(a, b) + 1],
        ])
      }),
      { numRuns: 150 },
    )
    const check = fc.property(version, text => {
      expect([text, spawnSync('apk', ['version', '-c', text]).status === 0]).toEqual([text, isApkVersion(text)])
    })
    fc.assert(check, { numRuns: 150 })
  })
})

describe('relations of apk', () => {
  it.each(['zlib', '!zlib', 'zlib>=1.2-r3', 'so:libc.musl-x86_64.so.1', '/bin/sh', 'a~1.2', 'a=~1.2', 'cmd:x=1'])('takes %s', text => {
    expect(isApkDependency(text)).toBe(true)
  })
  it.each(['', 'a b', 'a>=', 'a>=1:2', 'a = 1', 'a\n', 'a|b', '!'])('refuses %j', text => {
    expect(isApkDependency(text)).toBe(false)
  })
  it('gives only what is exact', () => {
    expect(['a', 'a=1', 'a>1', '!a', 'a~1'].map(isApkProvision)).toEqual([true, true, false, false, false])
  })
})

describe('apk of any fields and files', () => {
  it('comes back', async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9 _+-]{1,30}$/).filter(text => text.trim() !== '')
    const line = fc.string({ minLength: 1, maxLength: 40 }).map(text => `x${text.replace(/[^ -~]/g, '')}x`)
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { maxLength: 5 }),
        line,
        fc.uint8Array({ maxLength: 2000 }),
        async (names, description, content) => {
          const entries = await Promise.all(names.map(one => file(one, content)))
          const found = await read(await pack({ entries, fields: { ...fields, description } }))
          expect(found.entries.map(one => [one.path, one.sizeBytes])).toEqual(names.toSorted().map(one => [one, content.length]))
          expect(found.fields.get('pkgdesc')).toEqual([description])
        },
      ),
      { numRuns: 40 },
    )
  })
})
