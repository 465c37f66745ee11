// inspect on packages made by each format's own tools: held against those tools' listings, then cut and changed.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { addElfSection } from '@slipway/formats/add-section'
import { tinyElf } from '@slipway/formats/testing/binaries'
import { machine } from '../io/machine.ts'
import { runCommandLine } from './frame.ts'
import type { Change } from './inspect/diff.ts'
import type { Report } from './inspect/report.ts'
import { fakeStreams } from './testing/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-packages-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const tool = (name: string, args: readonly string[], cwd = folder): string => {
  const { status, stdout, stderr } = spawnSync(name, args, { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' } })
  if (status !== 0) throw new Error(`${name}: ${stderr}`)
  return stdout
}
const has = (...names: readonly string[]): boolean => names.every(name => spawnSync(name, ['--version']).error === undefined)

type Doc = Report & { errors: { code: string }[]; diff: { changes: Change[] } }
const run = async (...args: readonly string[]) => {
  const fake = fakeStreams()
  const code = await runCommandLine(['inspect', '--cwd', folder, ...args], machine(), fake.streams)
  return { code, text: fake.stdout() }
}
const inspect = async (...args: readonly string[]) => {
  const { code, text } = await run('--json', ...args)
  return { code, doc: JSON.parse(text) as Doc }
}

const tree = join(folder, 'tree')
mkdirSync(join(tree, 'usr/bin'), { recursive: true })
mkdirSync(join(tree, 'usr/share/app data'), { recursive: true })
writeFileSync(join(tree, 'usr/bin/app'), readFileSync('/bin/sh'))
chmodSync(join(tree, 'usr/bin/app'), 0o755)
writeFileSync(join(tree, 'usr/share/app data/ünï'), 'x'.repeat(1234))
writeFileSync(join(tree, 'usr/share/-dash'), '')
chmodSync(join(tree, 'usr/share/-dash'), 0o600)
symlinkSync('app', join(tree, 'usr/bin/alias'))
const control = 'Package: app\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: A <a@b.c>\nDepends: libc6 (>= 2.3), bash\nDescription: x\n'
mkdirSync(join(tree, 'DEBIAN'))
writeFileSync(join(tree, 'DEBIAN/control'), control)

/** `-rwxr-xr-x` as `0755`. */
const octal = (mode: string): string =>
  `0${[1, 4, 7].map(at => [...mode.slice(at, at + 3)].reduce((sum, letter, index) => sum + (letter === '-' ? 0 : 4 >> index), 0)).join('')}`
const kinds: Readonly<Record<string, string>> = { '-': 'file', d: 'folder', l: 'symlink' }

/** `mode owner size … name [-> target]`, as tar, dpkg-deb, rpm and unsquashfs print; a name may hold spaces. */
const listed = (text: string, pattern: RegExp): string[] =>
  text.split('\n').flatMap(line => {
    const { mode = '', size = '', name = '' } = pattern.exec(line)?.groups ?? {}
    if (mode === '') return []
    const kind = kinds[mode[0] ?? ''] ?? 'other'
    const [path = '', target] = name.split(' -> ')
    return [row({ kind, mode: octal(mode), sizeBytes: kind === 'file' ? Number(size) : 0, path, target })]
  })
interface Row {
  readonly kind: string
  readonly mode: string
  readonly sizeBytes: number
  readonly path: string
  readonly target: string | undefined
}
const row = ({ kind, mode, sizeBytes, path, target }: Row): string =>
  `${kind} ${mode} ${sizeBytes} ${path.replace(/\/$/, '')}${target === undefined ? '' : ` -> ${target}`}`
const rows = (doc: Doc): string[] =>
  doc.contents.map(({ type: kind, mode, sizeBytes, path, linkTarget: target }) => row({ kind, mode, sizeBytes, path, target }))
const tarLine = /^(?<mode>[-dl]\S{9}) \S+ +(?<size>\d+) \S+ \S+ (?<name>.+)$/

const elf = { libraries: ['libc.so.6'], libc: 'glibc' }

describe('the same names, modes and sizes as', () => {
  it.skipIf(!has('tar', 'xz'))('tar -tvf, for tar, tar.gz, tar.zst and tar.xz', async () => {
    tool('tar', ['--exclude=DEBIAN', '-cf', 'a.tar', '-C', 'tree', '.'])
    const bytes = readFileSync(join(folder, 'a.tar'))
    writeFileSync(join(folder, 'a.tar.gz'), gzipSync(bytes))
    writeFileSync(join(folder, 'a.tar.zst'), zstdCompressSync(bytes))
    tool('xz', ['-k', 'a.tar'])
    const theirs = listed(tool('tar', ['--quoting-style=literal', '-tvf', 'a.tar']), tarLine)
    expect(theirs).toContain('file 0644 1234 ./usr/share/app data/ünï')
    for (const file of ['a.tar', 'a.tar.gz', 'a.tar.zst', 'a.tar.xz']) {
      const { code, doc } = await inspect(file)
      expect([code, doc.format, doc.arch]).toEqual([0, file.slice(2), process.arch])
      expect(rows(doc)).toEqual(theirs)
      expect(doc.facts).toMatchObject(elf)
    }
  })
  it.skipIf(!has('dpkg-deb'))('dpkg-deb -c', async () => {
    for (const compression of ['gzip', 'zstd', 'xz', 'none']) {
      tool('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '-b', 'tree', 'a.deb'])
      const { doc } = await inspect('a.deb')
      expect(rows(doc)).toEqual(listed(tool('dpkg-deb', ['-c', 'a.deb']), tarLine))
      expect(doc.facts).toMatchObject({ ...elf, dependencies: { Depends: ['libc6 (>= 2.3)', 'bash'] } })
    }
  })
  it.skipIf(!has('rpmbuild', 'rpm'))('rpm -qlvp', async () => {
    const spec = [
      'Name: app\nVersion: 1.0\nRelease: 1\nSummary: An app\nLicense: MIT\nBuildArch: noarch\nRequires: libfoo >= 2',
      '%description\nText\n%install\nmkdir -p %{buildroot}/opt\ncp -a TREE/usr/share %{buildroot}/opt/share\nln -s share %{buildroot}/opt/l',
      '%post\necho done\n%files\n/opt/share\n/opt/l\n',
    ].join('\n')
    writeFileSync(join(folder, 'app.spec'), spec.replace('TREE', tree))
    tool('rpmbuild', ['-bb', '--define', `_topdir ${folder}/rpm`, '--define', `_rpmdir ${folder}`, '--build-in-place', 'app.spec'])
    const { doc } = await inspect('noarch/app-1.0-1.noarch.rpm')
    expect(doc).toMatchObject({ format: 'rpm', arch: 'noarch', version: '1.0-1', signatures: [] })
    expect(doc.facts).toMatchObject({ name: 'app', scripts: { post: 'echo done' } })
    expect((doc.facts['dependencies'] as { requires: string[] }).requires).toContain('libfoo >= 2')
    const line = /^(?<mode>[-dl]\S{9}) +\d+ \S+ +\S+ +(?<size>\d+) \w+ +\d+ +\S+ (?<name>.+)$/
    expect(rows(doc)).toEqual(listed(tool('rpm', ['-qlvp', 'noarch/app-1.0-1.noarch.rpm']), line))
    expect(rows(doc)).toContain('file 0644 1234 /opt/share/app data/ünï')
  })
  it.skipIf(!has('mksquashfs', 'unsquashfs'))('unsquashfs -lln, for snaps and AppImages', async () => {
    mkdirSync(join(folder, 'snap/meta'), { recursive: true })
    writeFileSync(
      join(folder, 'snap/meta/snap.yaml'),
      "name: app\nversion: '1.2'\nbase: core22\narchitectures:\n  - amd64\ngrade: stable\n",
    )
    tool('mksquashfs', ['snap', 'a.snap', '-comp', 'zstd', '-quiet', '-no-progress'])
    expect((await inspect('a.snap')).doc).toMatchObject({
      format: 'snap',
      arch: 'amd64',
      version: '1.2',
      facts: { name: 'app', base: 'core22' },
    })
    writeFileSync(join(tree, 'app.desktop'), '[Desktop Entry]\nName=App\nX-AppImage-Version=3.4\n')
    tool('mksquashfs', ['tree', 'a.sqfs', '-comp', 'gzip', '-quiet', '-no-progress'])
    const line = /^(?<mode>[-dl]\S{9}) \S+ +(?<size>\d+) \S+ \S+ squashfs-root\/(?<name>.+)$/
    const theirs = listed(tool('unsquashfs', ['-lln', 'a.sqfs']), line).toSorted()
    const plain = await inspect('a.sqfs')
    expect([plain.doc.format, rows(plain.doc).toSorted()]).toEqual(['squashfs', theirs])
    // An ELF whose table of sections ends it: behind it the image begins.
    const runtime = readFileSync('/bin/sh')
    const end = Number(runtime.readBigUInt64LE(40)) + runtime.readUInt16LE(58) * runtime.readUInt16LE(60)
    const image = Buffer.concat([runtime.subarray(0, end), readFileSync(join(folder, 'a.sqfs'))])
    image.set([0x41, 0x49, 2], 8)
    writeFileSync(join(folder, 'a.AppImage'), image)
    const { doc } = await inspect('a.AppImage')
    expect(doc).toMatchObject({ format: 'AppImage', arch: process.arch, version: '3.4', facts: { name: 'App', imageOffset: end } })
    expect(rows(doc).toSorted()).toEqual(theirs)
    const text = (words: string): Uint8Array => new TextEncoder().encode(`${words}\0\0`)
    const updatable = addElfSection(runtime, { name: '.upd_info', bytes: text('zsync|https://example.org/app.zsync') })
    const withSections = addElfSection(updatable, { name: '.sha256_sig', bytes: text('-----BEGIN PGP SIGNATURE-----') })
    const signed = Buffer.concat([withSections, readFileSync(join(folder, 'a.sqfs'))])
    signed.set([0x41, 0x49, 2], 8)
    writeFileSync(join(folder, 'signed.AppImage'), signed)
    const other = await inspect('signed.AppImage')
    expect(other.doc).toMatchObject({
      signatures: ['pgp (.sha256_sig)'],
      facts: { type: 2, updateInformation: 'zsync|https://example.org/app.zsync', imageOffset: withSections.length },
    })
    expect(rows(other.doc).toSorted()).toEqual(theirs)
    for (const compression of ['xz', 'lzo']) {
      tool('mksquashfs', ['snap', 'b.sqfs', '-comp', compression, '-noappend', '-quiet', '-no-progress'])
      const { doc: other } = await inspect('b.sqfs')
      expect(other).toMatchObject({ format: 'snap', version: '1.2', facts: { compression } })
      expect(rows(other).length).toBeGreaterThan(1)
    }
    tool('mksquashfs', ['tree', 'lz4.sqfs', '-comp', 'lz4', '-quiet', '-no-progress'])
    expect((await inspect('lz4.sqfs')).doc).toMatchObject({
      facts: { compression: 'lz4', unread: expect.stringContaining('unsquashfs') as string },
    })
    writeFileSync(join(folder, 'cut.AppImage'), image.subarray(0, end + 8))
    expect(await inspect('cut.AppImage')).toMatchObject({ code: 5, doc: { errors: [{ code: 'inspect/bad-appimage' }] } })
  })
  it('an AppImage of type 1, an ISO image that is an ELF too', async () => {
    const image = Buffer.alloc(40 * 2048)
    image.set(tinyElf({}))
    image.set([0x41, 0x49, 1], 8)
    image.write('\u0001CD001', 16 * 2048, 'latin1')
    image.write('App'.padEnd(32), 16 * 2048 + 40)
    image.write('zsync|https://example.org/app.zsync', 33_651)
    writeFileSync(join(folder, 'one.AppImage'), image)
    expect((await inspect('one.AppImage')).doc).toMatchObject({
      format: 'AppImage (type 1)',
      arch: 'x64',
      facts: { volume: 'App', updateInformation: 'zsync|https://example.org/app.zsync', unread: expect.stringContaining('ISO') as string },
    })
    image.fill(0, 16 * 2048)
    writeFileSync(join(folder, 'none.AppImage'), image)
    expect(await inspect('none.AppImage')).toMatchObject({ code: 5, doc: { errors: [{ code: 'inspect/bad-appimage' }] } })
    writeFileSync(join(folder, 'none.AppImage'), image.subarray(0, 30_000))
    expect((await inspect('none.AppImage')).code).toBe(5)
  })
  it.skipIf(!has('zipinfo', 'zip'))('zipinfo', async () => {
    tool('zip', ['-qry', 'a.zip', 'usr'], tree)
    const { doc } = await inspect('tree/a.zip')
    const line = /^(?<mode>[-dl]\S{9}) +\S+ \S+ +(?<size>\d+) \S+ \S+ \S+ \S+ (?<name>.+)$/
    const theirs = listed(tool('zipinfo', ['tree/a.zip']), line)
    expect(rows(doc).map(one => one.replace(/ -> .*/, ''))).toEqual(theirs)
    expect(rows(doc)).toContain('symlink 0777 0 usr/bin/alias -> app')
    expect(doc).toMatchObject({ format: 'zip', arch: process.arch, facts: elf })
  })
})

/** Segments as abuild-tar cuts them: without the blocks of zeros at the end. */
const cut = (name: string, files: Readonly<Record<string, string>>): Buffer => {
  const at = join(folder, name)
  mkdirSync(at, { recursive: true })
  for (const [path, text] of Object.entries(files)) writeFileSync(join(at, path), text)
  tool('tar', ['--format=ustar', '-b1', '-cf', `${name}.tar`, '-C', name, ...Object.keys(files)])
  const bytes = readFileSync(join(folder, `${name}.tar`))
  return bytes.subarray(0, bytes.length - 1024)
}
const pkginfo = 'pkgname = app\npkgver = 1.2-r0\narch = x86_64\nlicense = MIT\ndepend = so:libc.musl-x86_64.so.1\ndepend = busybox\n'

describe('what is a tar inside', () => {
  it('apk: fields, scripts, signature', async () => {
    const signature = gzipSync(cut('sign', { '.SIGN.RSA.a@b.rsa.pub': 'x' }))
    const head = gzipSync(cut('head', { '.PKGINFO': pkginfo, '.post-install': '#!/bin/sh\necho hi\n' }))
    tool('tar', ['-cf', 'data.tar', '-C', 'tree', 'usr'])
    writeFileSync(join(folder, 'a.apk'), Buffer.concat([signature, head, gzipSync(readFileSync(join(folder, 'data.tar')))]))
    const { doc } = await inspect('a.apk')
    expect(doc).toMatchObject({ format: 'apk', arch: 'x86_64', version: '1.2-r0', signatures: ['apk (RSA.a@b.rsa.pub)'] })
    expect(doc.facts).toMatchObject({
      name: 'app',
      scripts: { 'post-install': '#!/bin/sh\necho hi\n' },
      dependencies: { depends: ['so:libc.musl-x86_64.so.1', 'busybox'] },
    })
    expect(doc.contents.map(({ path }) => path)).toContain('usr/bin/app')
    expect(doc.contents.some(({ path }) => path.startsWith('.'))).toBe(false)
  })
  it('pacman', async () => {
    const bytes = Buffer.concat([
      cut('arch', { '.BUILDINFO': 'format = 2\n', '.MTREE': 'x', '.PKGINFO': pkginfo, '.INSTALL': 'post_install() {\n}\n' }),
      Buffer.alloc(1024),
    ])
    writeFileSync(join(folder, 'a.pkg.tar.zst'), zstdCompressSync(bytes))
    const { doc } = await inspect('a.pkg.tar.zst')
    expect(doc).toMatchObject({
      format: 'pacman',
      version: '1.2-r0',
      contents: [],
      facts: { wrapping: 'tar.zst', scripts: { INSTALL: 'post_install() {\n}\n' } },
    })
  })
  it('npm: what runs at install is said', async () => {
    const at = join(folder, 'npm/package')
    mkdirSync(at, { recursive: true })
    const scripts = { postinstall: 'node steal.js', test: 'true' }
    writeFileSync(
      join(at, 'package.json'),
      JSON.stringify({
        name: '@a/b',
        version: '3.0.0',
        os: ['linux'],
        cpu: ['x64', 'arm64'],
        libc: ['musl'],
        bin: 'b.js',
        scripts,
        optionalDependencies: { c: '1' },
      }),
    )
    tool('tar', ['-czf', 'b.tgz', '-C', 'npm', 'package/package.json'])
    const { doc } = await inspect('b.tgz')
    expect(doc).toMatchObject({ format: 'npm', arch: 'x64 + arm64', version: '3.0.0' })
    expect(doc.facts).toMatchObject({
      os: ['linux'],
      npmLibc: ['musl'],
      bin: { '@a/b': 'b.js' },
      scripts: { postinstall: 'node steal.js' },
      runsAtInstall: ['postinstall'],
      dependencies: { optional: ['c 1'] },
    })
    expect((await run('b.tgz')).text).toMatch(/^runsAtInstall +postinstall$/m)
  })
})

describe('others', () => {
  it.skipIf(!has('zip'))('nupkg', async () => {
    const spec =
      '<package><metadata><id>A.B</id><version>1.0.0-rc</version><dependencies><dependency id="C" version="[1,2)" /></dependencies></metadata></package>'
    writeFileSync(join(folder, 'A.nuspec'), spec)
    writeFileSync(join(folder, '.signature.p7s'), '')
    tool('zip', ['-q', 'a.nupkg', 'A.nuspec', '.signature.p7s'])
    expect((await inspect('a.nupkg')).doc).toMatchObject({
      format: 'nupkg',
      version: '1.0.0-rc',
      signatures: ['nuget'],
      facts: { name: 'A.B', dependencies: { depends: ['C [1,2)'] } },
    })
  })
  it('asar', async () => {
    const manifest = '{"name":"app","version":"9.9.9"}'
    const header = Buffer.from(
      JSON.stringify({ files: { 'package.json': { size: manifest.length, offset: '0' }, 'a.node': { size: 5, unpacked: true } } }),
    )
    const padding = -header.length & 3
    const head = Buffer.alloc(16)
    for (const [at, value] of [4, header.length + padding + 8, header.length + padding + 4, header.length].entries())
      head.writeUInt32LE(value, at * 4)
    writeFileSync(join(folder, 'app.asar'), Buffer.concat([head, header, Buffer.alloc(padding), Buffer.from(manifest)]))
    const { doc } = await inspect('app.asar')
    expect(doc).toMatchObject({ format: 'asar', version: '9.9.9', facts: { name: 'app', integrity: '0 of 2 files', unpacked: ['a.node'] } })
    expect((await inspect('--digests', 'app.asar')).doc.contents[0]?.sha256).toMatch(/^[0-9a-f]{64}$/)
  })
})

it('--diff says dependencies one by one, scripts by their lines, and sizes', async () => {
  const make = (version: string, depends: string, body: string, script: string): string => {
    const at = join(folder, `diff-${version}`)
    mkdirSync(join(at, 'DEBIAN'), { recursive: true })
    writeFileSync(join(at, 'DEBIAN/control'), control.replace('1.0-1', version).replace('bash', depends))
    writeFileSync(join(at, 'DEBIAN/postinst'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(at, 'DEBIAN/postinst'), 0o755)
    writeFileSync(join(at, 'file'), body)
    tool('dpkg-deb', ['--root-owner-group', '-Zgzip', '-b', at, `${version}.deb`])
    return `${version}.deb`
  }
  if (!has('dpkg-deb')) return
  const [from, to] = [make('1.0-1', 'bash', 'short', 'echo 1'), make('1.1-1', 'dash', 'longer', 'echo 2')]
  const { doc } = await inspect(from, '--diff', to)
  expect(doc.diff.changes).toContainEqual({ what: 'facts.dependencies.Depends', kind: 'removed', from: 'bash', to: null })
  expect(doc.diff.changes).toContainEqual({ what: 'facts.dependencies.Depends', kind: 'added', from: null, to: 'dash' })
  expect(doc.diff.changes.find(({ path }) => path === './file')).toMatchObject({ kind: 'changed', fromBytes: 5, toBytes: 6 })
  const { text } = await run(from, '--diff', to)
  expect(text).toMatch(/scripts\.postinst +3 lines, 1 new, 1 gone/)
  expect(text).toMatch(/contents\n~ {2}\.\/file +5 B => 6 B \(\+1 B\)$/m)
  // The same package in another version is one change; what fields say again is none.
  const newer = make('1.2-1', 'dash (>= 2), bash', 'longer', 'echo 2')
  const deps = (await inspect(make('1.1-2', 'dash (>= 1)', 'longer', 'echo 2'), '--diff', newer)).doc.diff.changes
  expect(deps.filter(({ what }) => what.startsWith('facts.'))).toEqual([
    { what: 'facts.dependencies.Depends', kind: 'changed', from: 'dash (>= 1)', to: 'dash (>= 2)' },
    { what: 'facts.dependencies.Depends', kind: 'added', from: null, to: 'bash' },
  ])
  expect((await run('1.1-2.deb', '--diff', newer)).text).toMatch(/^~ {2}Depends +dash \(>= 1\) => \(>= 2\)$/m)
})

describe('damaged', () => {
  const samples = [
    'a.tar',
    'a.tar.gz',
    'a.tar.zst',
    'a.tar.xz',
    'a.deb',
    'a.apk',
    'a.snap',
    'a.AppImage',
    'signed.AppImage',
    'one.AppImage',
    'tree/a.zip',
    'a.nupkg',
    'app.asar',
    'noarch/app-1.0-1.noarch.rpm',
  ]
  it.each(samples)('%s, cut or changed anywhere, ends in 0, 2 or 5', async sample => {
    const whole = (() => {
      try {
        return readFileSync(join(folder, sample))
      } catch {
        return undefined
      }
    })()
    if (whole === undefined) return
    const codes = new Set<number>()
    const steps = [0.001, 0.02, 0.1, 0.3, 0.5, 0.8, 0.97, 0.999]
    for (const [index, part] of steps.entries()) {
      const at = Math.floor(whole.length * part)
      const changed = Uint8Array.from(whole)
      changed.fill((changed[at] ?? 0) ^ 0xff, at, at + 9)
      for (const bytes of [whole.subarray(0, at), changed]) {
        writeFileSync(join(folder, 'damaged'), bytes)
        const { code, doc } = await inspect('damaged')
        expect([0, 2, 5], `${sample} at ${at}, step ${index}: ${JSON.stringify(doc.errors)}`).toContain(code)
        codes.add(code)
      }
    }
    expect(codes.has(5)).toBe(true)
  })
  it.skipIf(!has('xz'))('xz that does not unpack', async () => {
    writeFileSync(join(folder, 'bad.xz'), readFileSync(join(folder, 'a.tar.xz')).subarray(0, 4000))
    expect(await inspect('bad.xz')).toMatchObject({ code: 5, doc: { errors: [{ code: 'xz/corrupt' }] } })
  })
})
