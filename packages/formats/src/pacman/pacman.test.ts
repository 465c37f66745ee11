// Tests of pacman: round trips, pacman itself in a root of its own, libarchive, broken packages.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, encodeText } from '../bytes.ts'
import { type TarFile, writeTar } from '../tar.ts'
import { all, codeOf, inPieces, itWith, judge, mutate, sampleBytes } from '../testing/archives.ts'
import { date, file, folder, symlink } from '../testing/packages.ts'
import {
  comparePacman,
  isPacmanName,
  isPacmanProvision,
  isPacmanRelation,
  isPacmanVersion,
  type PacmanFields,
  pacmanInstall,
  type PacmanPackage,
  pacmanScriptKindsOf,
  pacmanVersion,
  readPacman,
  writePacman,
} from './index.ts'

const generous = { limitEntries: 10_000, limitBytes: 2 ** 28 }
const fields: PacmanFields = {
  ...{ name: 'hello', version: '1.2.3-1', description: 'Says hello', url: 'https://example.org', packager: 'A B <a@example.org>' },
  ...{ arch: 'x86_64', date, licenses: ['MIT', 'custom:Some licence'], depends: ['glibc>=2.30'], optionalDepends: ['vim: to edit'] },
  ...{ conflicts: ['hallo'], provides: ['greeter=1.2.3'], replaces: ['hallo<2'], backup: ['etc/hello.conf'] },
  buildTool: { name: 'tool', version: '0.1' },
}
const sampleEntries = async (): Promise<PacmanPackage['entries']> => [
  folder('usr'),
  folder('usr/bin'),
  await file('usr/bin/hello', '#!/bin/sh\necho hello\n', 0o755),
  symlink('usr/bin/hi', 'hello'),
  folder('etc'),
  await file('etc/hello.conf', 'greeting=hello\n'),
  folder('usr/share'),
  folder('usr/share/hello'),
  await file('usr/share/hello/big one', sampleBytes(2_000_000)),
  await file(`usr/share/hello/${'ü'.repeat(60)}`, ''),
  await file('usr/share/hello/e\u0301', 'decomposed'),
]
const sample = async (more: Partial<PacmanPackage> = {}): Promise<PacmanPackage> => ({
  fields,
  compression: { type: 'zstd', level: 3 },
  ...more,
  entries: more.entries ?? (await sampleEntries()),
})
const pack = async (more: Partial<PacmanPackage> = {}): Promise<Uint8Array> => all(writePacman(await sample(more)))
const read = (bytes: Uint8Array) => readPacman(inPieces(bytes, 50_000), generous)
const members = ['.BUILDINFO', '.CHANGELOG', '.INSTALL', '.MTREE', '.PKGINFO']
const paths = [
  ...['etc/', 'etc/hello.conf', 'usr/', 'usr/bin/', 'usr/bin/hello', 'usr/bin/hi', 'usr/share/', 'usr/share/hello/'],
  ...['usr/share/hello/big one', 'usr/share/hello/e\u0301', `usr/share/hello/${'ü'.repeat(60)}`],
]

describe.each([{ type: 'zstd', level: 3 }, { type: 'gzip' }] as const)('pacman in $type', compression => {
  it('comes back as it was, and is the same bytes each time', async () => {
    const more = { compression, install: pacmanInstall({ post_install: 'echo in' }), changelog: 'All new\n' }
    const bytes = await pack(more)
    expect(await pack(more)).toEqual(bytes)
    const found = await read(bytes)
    expect(found).toMatchObject({ compression: compression.type, hasMtree: true, changelog: 'All new\n' })
    expect(found.fields.get('pkgver')).toEqual(['1.2.3-1'])
    expect(found.fields.get('license')).toEqual(fields.licenses)
    expect(found.fields.get('backup')).toEqual(['etc/hello.conf'])
    expect(found.build?.get('buildtool')).toEqual(['tool'])
    expect(found.install).toContain('post_install() {\necho in\n}\n')
    expect(found.entries.map(one => one.path)).toEqual(paths)
  })

  itWith('bsdtar')('is listed by libarchive, with what describes it in front', async () => {
    const [listed = ''] = await judge(await pack({ compression, install: 'post_install() {\n:\n}\n', changelog: 'x' }), 'x.pkg.tar', [
      ['bsdtar', '-tf', 'FILE'],
    ])
    expect(listed.trimEnd().split('\n')).toEqual([...members, ...paths])
  })
})

describe('pacman', () => {
  it('shows entries to a visitor, who may stop early', async () => {
    const seen: string[] = []
    const visit = async (entry: { readonly path: string; bytes(): AsyncIterable<Uint8Array> }): Promise<void> => {
      for await (const chunk of entry.bytes()) {
        seen.push(`${entry.path} ${chunk.length > 0}`)
        break
      }
    }
    await readPacman([await pack()], { ...generous, visit })
    expect(seen).toEqual(['etc/hello.conf true', 'usr/bin/hello true', 'usr/share/hello/big one true', 'usr/share/hello/e\u0301 true'])
  })

  it('is refused where a field or a file is not what pacman takes', async () => {
    const bad = (more: Partial<PacmanFields>) => codeOf(() => pack({ fields: { ...fields, ...more } }))
    expect(await bad({ name: '.x' })).toBe('pacman/bad-name')
    expect(await bad({ groups: ['a b'] })).toBe('pacman/bad-name')
    expect(await bad({ version: '1.0-beta-1' })).toBe('pacman/bad-version')
    expect(await bad({ depends: ['a b'] })).toBe('pacman/bad-relation')
    expect(await bad({ provides: ['a>1'] })).toBe('pacman/bad-relation')
    expect(await bad({ optionalDepends: ['a b: why'] })).toBe('pacman/bad-relation')
    expect(await bad({ packager: 'a\npkgname = evil' })).toBe('pacman/bad-field')
    expect(await bad({ description: '' })).toBe('pacman/bad-field')
    expect(await bad({ arch: 'x-y' })).toBe('pacman/bad-field')
    expect(await bad({ date: 0.5 })).toBe('pacman/bad-field')
    expect(await bad({ backup: ['etc/none'] })).toBe('pacman/bad-backup')
    const only = (entries: PacmanPackage['entries']) => codeOf(() => pack({ entries, fields: { ...fields, backup: [] } }))
    expect(await only([await file('.x', 'x')])).toBe('pacman/bad-path')
    expect(await only([await file('a\nb', 'x')])).toBe('pacman/bad-path')
    expect(await only([folder('x'), folder('x/')])).toBe('pacman/bad-path')
    expect(await only([{ ...(await file('x', 'x')), sizeBytes: 2 }])).toBe('pacman/data-changed')
  })

  it('is refused where it does not agree with its own list', async () => {
    const tar = zstdDecompressSync(
      await pack({ entries: [await file('x', 'old content', 0o755), symlink('y', 'x')], fields: { ...fields, backup: [] } }),
    )
    const text = tar.toString('latin1')
    const changed = (from: string, to: string): Promise<string> => codeOf(() => read(Buffer.from(text.replace(from, to), 'latin1')))
    expect(await changed('', '')).toBe('no error')
    expect(await changed('old content', 'new content')).toBe('pacman/bad-mtree')
    expect(await changed('Says hello', 'Says hullo')).toBe('pacman/bad-mtree')

    const own = async (files: Readonly<Record<string, string | Uint8Array>>, more: readonly TarFile[] = []): Promise<string> => {
      const list = await Promise.all(Object.entries(files).map(([path, content]) => file(path, content)))
      return codeOf(async () => read(await all(writeTar([...list, ...more]))))
    }
    const pkginfo = 'pkgname = x\n'
    const mtree = (lines: string): Uint8Array => gzipSync(`#mtree\n${lines}`)
    const listed = './.PKGINFO type=file size=12\n'
    expect(await own({ '.PKGINFO': pkginfo })).toBe('no error')
    expect(await own({ x: '' })).toBe('pacman/no-pkginfo')
    expect(await own({ '.PKGINFO': 'what' })).toBe('pacman/bad-field')
    expect(await own({ '.PKGINFO': Uint8Array.of(255) })).toBe('pacman/bad-field')
    expect(await own({ '.PKGINFO': pkginfo, '.x/y': '' })).toBe('pacman/bad-member')
    expect(await own({ '.PKGINFO': pkginfo, '.MTREE': mtree(listed) })).toBe('no error')
    expect(await own({ '.PKGINFO': pkginfo, '.MTREE': mtree(listed), x: '' })).toBe('pacman/bad-mtree')
    expect(await own({ '.PKGINFO': pkginfo, '.MTREE': mtree(`${listed}./x type=file\n`) })).toBe('pacman/bad-mtree')
    expect(await own({ '.PKGINFO': pkginfo, '.MTREE': mtree(`${listed}./x type=dir\n`), x: '' })).toBe('pacman/bad-mtree')
    expect(await own({ '.PKGINFO': pkginfo, '.MTREE': mtree(`${listed}./x type=file mode=755\n`), x: '' })).toBe('pacman/bad-mtree')
    expect(await own({ '.PKGINFO': pkginfo, '.MTREE': mtree(`${listed}./x type=file size=1\n`), x: '' })).toBe('pacman/bad-mtree')
    expect(await own({ '.PKGINFO': pkginfo, '.MTREE': mtree(`${listed}./x type=link link=b\n`) }, [symlink('x', 'a')])).toBe(
      'pacman/bad-mtree',
    )
    expect(await own({ '.PKGINFO': pkginfo, '.MTREE': mtree(`${listed}./x type=link link=a\n`) }, [symlink('x', 'a')])).toBe('no error')
    expect(await codeOf(() => read(Uint8Array.of(0x42, 0x5a, 0x68, 0x39, 0x31, 0x41)))).toBe('pacman/unsupported')
    expect(await codeOf(() => read(new Uint8Array(0)))).toBe('tar/truncated')
  })

  it('survives 2,000 broken copies, packed and unpacked', async () => {
    const packed = await pack({
      entries: [folder('usr'), await file('usr/x', 'hello'), symlink('usr/y', 'x')],
      fields: { ...fields, backup: [] },
    })
    for (const bytes of [packed, new Uint8Array(zstdDecompressSync(packed))]) {
      const { strange, refused, slowestMs } = await mutate(bytes, read)
      expect(strange).toEqual([])
      expect(refused).toBeGreaterThan(bytes === packed ? 1900 : 500)
      expect(slowestMs).toBeLessThan(2000)
    }
  })
})

// pacman changes its root before it runs scripts, so a shell must be in there.
const placeShell = (root: string): void => {
  const libraries = execFileSync('ldd', ['/bin/bash'], { encoding: 'utf8' }).match(/\/\S+/g) ?? []
  for (const path of ['/bin/bash', ...libraries]) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    copyFileSync(path, join(root, path))
  }
  copyFileSync('/bin/bash', join(root, 'bin/sh'))
}

// The C locale: names must not depend on it.
const inRoot = (act: (root: string, pacman: (...args: readonly string[]) => string) => void): void => {
  const root = mkdtempSync(join(tmpdir(), 'pacman-'))
  try {
    mkdirSync(join(root, 'var/lib/pacman'), { recursive: true })
    writeFileSync(join(root, 'pacman.conf'), '[options]\nArchitecture = x86_64\nSigLevel = Never\nLocalFileSigLevel = Never\n')
    const folders = [
      '--root',
      root,
      '--dbpath',
      join(root, 'var/lib/pacman'),
      '--cachedir',
      join(root, 'cache'),
      '--hookdir',
      join(root, 'hooks'),
    ]
    const rest = ['--config', join(root, 'pacman.conf'), '--gpgdir', join(root, 'gnupg'), '--logfile', join(root, 'log'), '--noconfirm']
    act(root, (...args) => {
      const ran = spawnSync('pacman', [...folders, ...rest, ...args], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
      if (ran.status !== 0) throw new Error(`pacman ${args.join(' ')}: ${ran.stdout}${ran.stderr}`)
      return `${ran.stdout}${ran.stderr}`
    })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const isRoot = process.getuid?.() === 0

describe('pacman itself', () => {
  const itAsRoot = isRoot ? itWith('pacman', 'bash') : it.skip
  itAsRoot('installs, upgrades and removes, and keeps what a user edited', async () => {
    const bare = { ...fields, depends: [], replaces: [] }
    const install = pacmanInstall({
      post_install: '#!/bin/sh\necho "installed $1"',
      pre_upgrade: '',
      post_upgrade: 'echo "upgraded $2 to $1"',
      post_remove: 'echo "removed $1"',
    })
    const old = await pack({ fields: bare, install })
    const entries = (await sampleEntries()).filter(one => one.path !== 'etc/hello.conf')
    const young = await pack({
      ...{ install, compression: { type: 'gzip' } },
      fields: { ...bare, version: pacmanVersion({ version: '1.3.0-beta.1', release: 1 }) ?? '' },
      entries: [...entries, await file('etc/hello.conf', 'greeting=hi\n')],
    })
    inRoot((root, pacman) => {
      placeShell(root)
      const [first, second] = [join(root, 'hello-1.pkg.tar.zst'), join(root, 'hello-2.pkg.tar.gz')]
      writeFileSync(first, old)
      writeFileSync(second, young)
      const said = pacman('-Qip', first)
      for (const line of [
        /^Name +: hello$/m,
        /^Version +: 1\.2\.3-1$/m,
        /^Licenses +: MIT {2}custom:Some licence$/m,
        /^Install Script +: Yes$/m,
      ])
        expect(said).toMatch(line)
      expect(pacman('-Qlp', first)).toContain(`hello ${root}/usr/share/hello/big one\n`)
      expect(pacman('-U', first)).toContain('installed 1.2.3-1')
      expect(readFileSync(join(root, 'usr/bin/hi'), 'utf8')).toContain('echo hello')
      expect(existsSync(join(root, 'usr/share/hello/e\u0301'))).toBe(true)
      expect(pacman('-Qkk', 'hello')).toMatch(/12 total files, 0 altered files/)
      writeFileSync(join(root, 'etc/hello.conf'), 'greeting=mine\n')
      expect(pacman('-U', second)).toContain('upgraded 1.2.3-1 to 1.3.0beta.1-1')
      expect(readFileSync(join(root, 'etc/hello.conf'), 'utf8')).toBe('greeting=mine\n')
      expect(readFileSync(join(root, 'etc/hello.conf.pacnew'), 'utf8')).toBe('greeting=hi\n')
      expect(pacman('-R', 'hello')).toContain('removed 1.3.0beta.1-1')
      expect(existsSync(join(root, 'usr/bin/hello'))).toBe(false)
      expect(readFileSync(join(root, 'etc/hello.conf.pacsave'), 'utf8')).toBe('greeting=mine\n')
    })
  })

  itAsRoot('refuses a tampered package, and one with a name that it cannot take', async () => {
    const bytes = await pack({ fields: { ...fields, depends: [], replaces: [] } })
    const tampered = bytes.slice()
    tampered[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0x55
    const unknown = await pack({ fields: { ...fields, depends: ['nothing-has-this'] } })
    inRoot((root, pacman) => {
      const path = join(root, 'x.pkg.tar.zst')
      writeFileSync(path, tampered)
      expect(() => pacman('-U', path)).toThrow(/corrupt|Decompression|decompress|checksum|invalid/i)
      writeFileSync(path, unknown)
      expect(() => pacman('-U', path)).toThrow(/nothing-has-this/)
      // A changed file is installed, but pacman's check sees it by our list.
      writeFileSync(path, bytes)
      pacman('-U', path)
      writeFileSync(join(root, 'usr/bin/hello'), '#!/bin/sh\necho HELLO\n')
      expect(() => pacman('-Qkk', 'hello')).toThrow(/usr\/bin\/hello \((Modification time|Size|(MD5|SHA256) checksum) mismatch/)
    })
  })

  itWith('vercmp')('orders versions as we do', () => {
    const part = fc.constantFrom('1', '2', '10', '01', '0', '.', '..', '_', '1:', '-', 'a', 'beta', 'rc', '~', '+')
    const version = fc.array(part, { minLength: 1, maxLength: 6 }).map(parts => parts.join(''))
    fc.assert(
      fc.property(version, version, (a, b) => {
        fc.pre(!a.startsWith('-') && !b.startsWith('-'))
        const judged = Math.sign(Number(execFileSync('vercmp', [a, b], { encoding: 'utf8' })))
        expect([a, b, comparePacman(a, b)]).toEqual([a, b, judged])
      }),
      { numRuns: 300 },
    )
  })
})

describe('names, versions and relations of pacman', () => {
  it('are semantic versions with the prerelease behind them', () => {
    const of = (version: string) => pacmanVersion({ version, release: 1 })
    expect(of('1.2.3')).toBe('1.2.3-1')
    expect(of('1.2.3-beta.4+b7')).toBe('1.2.3beta.4-1')
    expect(of('1.2.3-rc1')).toBe('1.2.3rc1-1')
    expect(pacmanVersion({ version: '1.0', release: 2, epoch: 1 })).toBe('1:1.0-2')
    for (const version of ['1.2.3-rc10', '1.2.3-1', '1.2.3-a.b', '1.2.3-x-y', 'x', '']) expect(of(version)).toBeUndefined()
    expect(pacmanVersion({ version: '1.0', release: -1 })).toBeUndefined()
  })

  it('sort as semantic versions do', () => {
    const inOrder = ['1.0.0-alpha', '1.0.0-alpha.0', '1.0.0-alpha.1', '1.0.0-alpha.1.1', '1.0.0-alpha.2', '1.0.0-alpha.10', '1.0.0-beta']
    const more = ['1.0.0-beta.2', '1.0.0-canary.1', '1.0.0-rc', '1.0.0-rc.1', '1.0.0', '1.0.1-alpha', '1.0.1', '1.0.10', '1.2.0', '10.0.0']
    const versions = [...inOrder, ...more].map(version => pacmanVersion({ version, release: 1 }) ?? '')
    for (const [left, a] of versions.entries())
      for (const [right, b] of versions.entries()) expect([a, b, comparePacman(a, b)]).toEqual([a, b, Math.sign(left - right)])
    expect(comparePacman('1.0', '1.0-3')).toBe(0)
    expect(comparePacman('1:1.0-1', '2.0-1')).toBe(1)
  })

  it('are checked', () => {
    expect(['hello', 'a+b_c@d.e-f', '@x', '-x', '.x', 'ü', 'a b', ''].map(isPacmanName)).toEqual([
      true,
      true,
      true,
      ...Array(5).fill(false),
    ])
    expect(['1-1', '1:1.2~rc+x-1.2', '1', '1-1-1', '1:2:3-1', 'a/b-1', 'ü-1', '1-a'].map(isPacmanVersion)).toEqual([
      true,
      true,
      ...Array(6).fill(false),
    ])
    const relations = ['a', 'a>=1', 'a<1-2', 'a=1:2', 'libx.so=2-64', 'a=', 'a==1', 'a b', '>=1', 'a\n']
    expect(relations.map(isPacmanRelation)).toEqual([true, true, true, true, true, false, false, false, false, false])
    expect(['a', 'a=1', 'a>1'].map(isPacmanProvision)).toEqual([true, true, false])
  })

  itWith('bash')('are scripts that a shell takes', () => {
    const install = pacmanInstall({ pre_install: '# nothing', post_install: '#!/bin/bash\nfalse', post_remove: 'cat <<X\n}\nX' })
    expect(pacmanScriptKindsOf(install)).toEqual(['pre_install', 'post_install', 'post_remove'])
    const run = (kind: string) => spawnSync('bash', ['-c', `${install}\n${kind}`], { encoding: 'utf8' })
    expect([run('pre_install').status, run('post_install').status, run('post_remove').stdout]).toEqual([0, 1, '}\n'])
  })
})

describe('pacman of any files', () => {
  it('comes back', async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9 _+ü日-]{1,30}$/).filter(text => text.trim() !== '')
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 5 }), fc.uint8Array({ maxLength: 2000 }), async (names, content) => {
        const entries = await Promise.all(names.map(one => file(one, concat([content, encodeText(one)]))))
        const found = await read(await pack({ entries, fields: { ...fields, backup: [] } }))
        expect(found.entries.map(one => one.path)).toEqual(names.toSorted())
      }),
      { numRuns: 40 },
    )
  })
})
