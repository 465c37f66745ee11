// rpm, as others see it: rpm itself, rpmbuild's own packages, rpmsign, rpmlint, dnf and rpm2cpio, each with a tampered twin where it judges.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { fromBytes } from '../bytes.ts'
import { all, listOf, sampleBytes } from '../testing/archives.ts'
import { rpmBytes, rpmFile, toolFiles, toolJob } from '../testing/rpms.ts'
import {
  gzipPayload,
  readRpm,
  readRpmPayload,
  relationText,
  rpmHeader,
  type RpmJob,
  verifyRpm,
  writeRpm,
  xzPayload,
  zstdPayload,
} from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'rpm-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const env = { ...process.env, LC_ALL: 'C.UTF-8', HOME: folder }
const run = (command: string, args: readonly string[]) => spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 1 << 28 })
const ok = (command: string, args: readonly string[]): string => {
  const { status, stdout, stderr } = run(command, args)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended in ${status ?? 'nothing'}:\n${stdout}${stderr}`)
  return stdout
}
const saved = (name: string, bytes: Uint8Array): string => {
  const file = join(folder, name)
  writeFileSync(file, bytes)
  return file
}
const limits = { limitEntries: 100_000, limitBytes: 1 << 28 }
const files = [...toolFiles, rpmFile('/usr/lib/tool/big', sampleBytes(3 << 20))]
const payloads = {
  gzip: () => gzipPayload(files, { level: 6 }),
  zstd: () => zstdPayload(files, { level: 3 }),
  xz: () => xzPayload(files, { level: 2 }),
}

describeWithJudge(['rpm', 'cpio', 'xz'], 'rpm, as rpm sees it', () => {
  describe.each(['gzip', 'zstd', 'xz'] as const)('by %s', kind => {
    it('is sound, listed and unpacked; its tampered twin is not', async () => {
      const bytes = await rpmBytes({ files, payload: await payloads[kind]() })
      const file = saved(`${kind}.rpm`, bytes)
      const checked = ok('rpm', ['-Kv', file])
      for (const line of ['Header SHA256 digest: OK', 'Header SHA1 digest: OK', 'Payload SHA256 digest: OK'])
        expect(checked).toContain(line)
      expect(ok('rpm', ['-qp', '--qf', '%{NEVRA} %{SIZE} %{ARCHIVESIZE} %{PAYLOADCOMPRESSOR}', file])).toBe(
        `tool-1.2.3-1.x86_64 3145778 ${(await readRpm(fromBytes(bytes))).payload.archiveBytes ?? ''} ${kind}`,
      )
      const unpacked = spawnSync('sh', ['-c', 'rpm2cpio "$1" | cpio -t --quiet', 'sh', file], { encoding: 'utf8', env })
      expect(unpacked.stdout.trim().split('\n')).toHaveLength(files.length - 1)
      for (const at of [bytes.length - 20, (await readRpm(fromBytes(bytes))).header.offset + 3000]) {
        const twin = bytes.slice()
        twin[at] = (twin[at] ?? 0) ^ 1
        expect(run('rpm', ['-K', saved('twin.rpm', twin)]).status).not.toBe(0)
      }
    })
  })

  it('shows what was said', async () => {
    const file = saved('tool.rpm', await rpmBytes({ files, payload: await payloads.gzip() }))
    expect(ok('rpm', ['-qip', '--nosignature', file])).toMatch(/Summary +: Does what it does\nDescription :\nA longer text\nof two lines\./)
    const listed = ok('rpm', ['-qlvp', file])
    expect(listed).toMatch(/^-rwxr-xr-x +1 root +root +21 .* \/usr\/bin\/tool$/m)
    expect(listed).toMatch(/^lrwxrwxrwx .* \/usr\/share\/tool\/link -> \.\.\/\.\.\/bin\/tool$/m)
    expect(listed).toContain('/usr/share/doc/tool/README Grüße.md')
    expect(ok('rpm', ['-qp', '--configfiles', file])).toBe('/etc/tool.conf\n')
    expect(ok('rpm', ['-qp', '--docfiles', file])).toContain('README Grüße.md')
    expect(ok('rpm', ['-qp', '--licensefiles', file])).toBe('/usr/share/licenses/tool/LICENSE\n')
    expect(ok('rpm', ['-qp', '--recommends', file])).toBe('(bar or baz >= 2)\n')
    expect(ok('rpm', ['-qp', '--conflicts', '--obsoletes', '--supplements', '--enhances', '--suggests', file])).toBe(
      'old < 2:1.0~rc1\nolder <= 1\n(a and b)\nen\nsug\n',
    )
    expect(ok('rpm', ['-qp', '--triggers', file])).toContain('triggerin scriptlet (using <lua>) -- foo > 1, oof\nprint(1)')
    expect(ok('rpm', ['-qp', '--changelog', file])).toContain('A <a@b.example> - 1.2.3-1\n- first')
    const rpm = await readRpm(fromBytes(new Uint8Array(readFileSync(file))))
    const sorted = (lines: readonly string[]): readonly string[] => lines.toSorted()
    expect(sorted(rpm.relations.requires.map(relationText))).toEqual(sorted(ok('rpm', ['-qp', '--requires', file]).trim().split('\n')))
    expect(sorted(rpm.relations.provides.map(relationText))).toEqual(sorted(ok('rpm', ['-qp', '--provides', file]).trim().split('\n')))
    expect(sorted(rpm.files.map(one => one.path))).toEqual(sorted(ok('rpm', ['-qlp', file]).trim().split('\n')))
  })

  it.runIf(process.getuid?.() === 0)('is installed, upgraded and erased in a root of its own', async () => {
    const root = mkdtempSync(join(folder, 'root-'))
    const inRoot = (...args: readonly string[]): string => ok('rpm', ['--root', root, ...args])
    inRoot('--initdb')
    inRoot('-i', '--nodeps', saved('old.rpm', await rpmBytes({ payload: await xzPayload(toolFiles, { level: 6 }) })))
    expect(execFileSync(join(root, 'usr/bin/tool'), { encoding: 'utf8' })).toBe('hello\n')
    expect(lstatSync(join(root, 'usr/share/tool')).mode & 0o777).toBe(0o750)
    expect(existsSync(join(root, 'var/lib/tool/state'))).toBe(false)
    inRoot('-V', '--nodeps', '--noghost', 'tool')
    writeFileSync(join(root, 'etc/tool.conf'), 'mine\n')
    const next = [
      rpmFile('/usr/bin/tool', '#!/bin/sh\necho next\n', { mode: 0o755 }),
      rpmFile('/etc/tool.conf', 'x=2\n', { flags: ['config', 'noreplace'] }),
    ]
    inRoot(
      '-U',
      '--nodeps',
      saved('next.rpm', await rpmBytes({ version: '1.3.0', files: next, payload: await zstdPayload(next, { level: 3 }) })),
    )
    expect(execFileSync(join(root, 'usr/bin/tool'), { encoding: 'utf8' })).toBe('next\n')
    expect(readFileSync(join(root, 'etc/tool.conf'), 'utf8')).toBe('mine\n')
    expect(readFileSync(join(root, 'etc/tool.conf.rpmnew'), 'utf8')).toBe('x=2\n')
    expect(existsSync(join(root, 'usr/lib/tool/empty'))).toBe(false)
    // A prerelease is older, so rpm refuses it.
    const prerelease = saved('pre.rpm', await rpmBytes({ version: '1.3.0~rc.1', files: next }))
    expect(run('rpm', ['--root', root, '-U', '--nodeps', prerelease]).stderr).toContain('newer than')
    inRoot('-e', 'tool')
    expect(existsSync(join(root, 'usr/bin/tool'))).toBe(false)
    expect(readFileSync(join(root, 'etc/tool.conf.rpmsave'), 'utf8')).toBe('mine\n')
    expect(
      readFileSync(join(root, 'log'), 'utf8')
        .split('\n')
        .map(line => line.split(' ')[0]),
    ).toEqual(['pre', 'post', 'posttrans', 'pre', 'post', 'preun', 'postun', 'posttrans', 'preun', 'postun', ''])
    const needing = saved('needing.rpm', await rpmBytes({ scripts: {}, relations: { requires: [{ name: 'nobody' }] } }))
    expect(run('rpm', ['--root', root, '-i', needing]).stderr).toContain('nobody is needed by tool-1.2.3-1.x86_64')
    const twin = new Uint8Array(readFileSync(join(folder, 'old.rpm')))
    twin[twin.length - 20] = (twin.at(-20) ?? 0) ^ 1
    expect(run('rpm', ['--root', root, '-i', '--nodeps', saved('twin.rpm', twin)]).status).not.toBe(0)
    expect(run('rpm', ['--root', root, '-q', 'tool']).status).not.toBe(0)
  })
})

describeWithJudge(['rpmbuild', 'rpm'], 'rpm, beside rpmbuild', () => {
  const spec = `Name: tool
Version: 1.2.3
Release: 1
Summary: Does what it does
License: MIT
URL: https://tool.example/
Vendor: Example
Packager: A <a@b.example>
Group: Applications/System
Requires: needed >= 1
%description
text
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc; printf 'hello\\n' > %{buildroot}/usr/bin/tool
echo x > %{buildroot}/etc/tool.conf; ln -s tool %{buildroot}/usr/bin/also; mkdir %{buildroot}/etc/tool.d
%files
/usr/bin/*
%config(noreplace) /etc/tool.conf
%dir /etc/tool.d
%post
true
%changelog
* Wed Jan 01 2025 A <a@b.example> - 1.2.3-1
- first
`
  const build = (payload: string): string => {
    const top = mkdtempSync(join(folder, 'top-'))
    writeFileSync(join(top, 'tool.spec'), spec)
    ok('rpmbuild', [
      '-bb',
      '--target',
      'x86_64',
      '--define',
      `_topdir ${top}`,
      '--define',
      `_binary_payload ${payload}`,
      join(top, 'tool.spec'),
    ])
    return join(top, 'RPMS/x86_64/tool-1.2.3-1.x86_64.rpm')
  }
  const tagsOf = (file: string): readonly string[] => [...new Set(ok('rpm', ['-qp', '--xml', file]).match(/(?<=rpmTag name=")\w+/g))]

  it('has every tag that matters, and says the same', async () => {
    const made: RpmJob['files'] = [
      rpmFile('/usr/bin/tool', 'hello\n'),
      { type: 'symlink', path: '/usr/bin/also', mode: 0o777, mtime: 0, linkTarget: 'tool' },
      rpmFile('/etc/tool.conf', 'x\n', { flags: ['config', 'noreplace'] }),
      { type: 'folder', path: '/etc/tool.d', mode: 0o755, mtime: 0 },
    ]
    const scripts = { post: { text: 'true' } }
    const relations = { requires: [{ name: 'needed', comparison: '>=', version: '1' }] } as const
    const ours = saved('ours.rpm', await rpmBytes({ files: made, scripts, relations, triggers: [], description: 'text' }))
    const theirs = build('w6.gzdio')
    const ourTags = tagsOf(ours)
    // MD5 is no use any more; the others say how rpmbuild was called, and what it guessed of each file.
    const without = 'Sigmd5 Rpmversion Optflags Platform Filecolors Fileclass Classdict Filedependsx Filedependsn Dependsdict'.split(' ')
    expect(tagsOf(theirs).filter(tag => !ourTags.includes(tag) && !without.includes(tag))).toEqual([])
    const query =
      '%{NEVRA}|%{LICENSE}|%{GROUP}|%{SIZE}|%{ARCHIVESIZE}|%{SOURCERPM}|[%{REQUIRES} %{REQUIREFLAGS} %{REQUIREVERSION};]|[%{PROVIDES} %{PROVIDEFLAGS} %{PROVIDEVERSION};]|[%{FILENAMES} %{FILEMODES} %{FILESIZES} %{FILEDIGESTS} %{FILEFLAGS} %{FILELINKTOS} %{FILEVERIFYFLAGS} %{FILEINODES} %{FILEDEVICES} %{FILERDEVS};]|%{POSTIN}|%{POSTINPROG}|[%{CHANGELOGTIME} %{CHANGELOGNAME} %{CHANGELOGTEXT};]'
    const said = (file: string) =>
      ok('rpm', ['-qp', '--qf', query, file])
        .split('|')
        .map(part => (part.includes(';') ? part.split(';').toSorted() : part))
    expect(said(ours)).toEqual(said(theirs))
  })

  it.each(['w6.gzdio', 'w3.zstdio', 'w2.xzdio'])('is read and verified by us when made with %s', async payload => {
    const source = fromBytes(new Uint8Array(readFileSync(build(payload))))
    const rpm = await readRpm(source)
    expect((await verifyRpm(source, rpm, { archive: limits })).map(one => [one.covers, one.algorithm, one.isRight])).toEqual([
      ['header', 'sha256', true],
      ['header', 'sha1', true],
      ['header and payload', 'md5', true],
      ['payload', 'sha256', true],
      ['archive', 'sha256', true],
    ])
    expect((await listOf(readRpmPayload(source, rpm, limits))).map(one => one.path)).toEqual(rpm.files.map(one => `.${one.path}`))
    expect(rpm.scripts).toEqual({ post: { text: 'true', program: ['/bin/sh'] } })
  })
})

describeWithJudge(['rpmsign', 'rpm', 'gpg'], 'rpm, signed', () => {
  it('takes a signature of rpmsign or of ours into its room, and tells a wrong one', async () => {
    const home = mkdtempSync(join(tmpdir(), 'gnupg-'))
    try {
      const gpg = (...args: readonly string[]) =>
        ok('gpg', ['--homedir', home, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...args])
      gpg('--quick-gen-key', 'Test <t@e.example>', 'rsa2048', 'sign', 'never')
      gpg('--armor', '--output', join(folder, 'key.asc'), '--export')
      const db = join(folder, 'keys')
      ok('rpm', ['--dbpath', db, '--import', join(folder, 'key.asc')])
      const job = await toolJob()
      const unsigned = await all(writeRpm(job))
      const theirs = saved('theirs.rpm', unsigned)
      ok('rpmsign', [
        '--addsign',
        '--define',
        `_gpg_path ${home}`,
        '--define',
        '_gpg_name t@e.example',
        '--define',
        '__gpg /usr/bin/gpg',
        theirs,
      ])
      const after = new Uint8Array(readFileSync(theirs))
      expect(after).toHaveLength(unsigned.length)
      expect((await readRpm(fromBytes(after))).signatures.map(one => [one.algorithm, one.covers])).toContainEqual(['rsa', 'header'])
      gpg('--digest-algo', 'SHA256', '--detach-sign', '--output', join(folder, 'header.sig'), saved('header', rpmHeader(job)))
      const bytes = new Uint8Array(readFileSync(join(folder, 'header.sig')))
      const ours = saved('signed.rpm', await all(writeRpm(job, { algorithm: 'rsa', bytes })))
      for (const file of [theirs, ours])
        expect(ok('rpm', ['--dbpath', db, '-Kv', file])).toMatch(/Header V4 RSA\/SHA(?:256|512) Signature, key ID \w+: OK/)
      const other = saved('other.rpm', await all(writeRpm(await toolJob({ summary: 'Another' }), { algorithm: 'rsa', bytes })))
      const refused = run('rpm', ['--dbpath', db, '-Kv', other])
      expect([refused.status === 0, refused.stdout.includes('BAD')]).toEqual([false, true])
    } finally {
      run('gpgconf', ['--homedir', home, '--kill', 'all'])
      rmSync(home, { recursive: true, force: true })
    }
  })
})

describeWithJudge(['rpmlint'], 'rpm, as rpmlint sees it', () => {
  it('finds no error that is ours', async () => {
    const file = saved('tool-1.2.3-1.x86_64.rpm', await rpmBytes({ scripts: {}, triggers: [] }))
    const found = run('rpmlint', [file]).stdout.match(/E: [\w-]+/g) ?? []
    // A package of scripts and empty files alone, without a signature, is what this test makes.
    const known = ['E: no-signature', 'E: no-binary', 'E: zero-length', 'E: non-standard-dir-perm', 'E: invalid-license']
    expect(found.filter(one => !known.includes(one))).toEqual([])
  })
})

describeWithJudge(['dnf'], 'rpm, as dnf sees it', () => {
  it.runIf(process.getuid?.() === 0)('is installed from its file with what it needs, and not without', async () => {
    const root = mkdtempSync(join(folder, 'dnf-'))
    mkdirSync(join(root, 'repos'))
    const needed = saved('needed.rpm', await rpmBytes({ name: 'needed', scripts: {}, relations: {}, triggers: [], files: [] }))
    const file = saved(
      'dnf.rpm',
      await rpmBytes({ scripts: {}, relations: { requires: [{ name: 'needed', comparison: '>=', version: '1.2' }] } }),
    )
    const options = [
      `--setopt=cachedir=${join(root, 'cache')}`,
      `--setopt=reposdir=${join(root, 'repos')}`,
      '--releasever=1',
      '--nogpgcheck',
      '--forcearch=x86_64',
    ]
    const dnf = (...args: readonly string[]) => run('dnf', [`--installroot=${root}`, ...options, '-y', ...args])
    const refused = dnf('install', file)
    expect([refused.status === 0, `${refused.stdout}${refused.stderr}`.includes('nothing provides needed >= 1.2')]).toEqual([false, true])
    const installed = dnf('install', file, needed)
    expect([installed.status, installed.stderr]).toEqual([0, expect.any(String)])
    expect(execFileSync(join(root, 'usr/bin/tool'), { encoding: 'utf8' })).toBe('hello\n')
  })
})
