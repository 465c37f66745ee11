// deb: read and installed by dpkg, judged by lintian and dpkg-parsechangelog; and every problem that it names before a build.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SlipwayError, sha256, type App } from '@slipway/core'
import { collect } from '@slipway/formats/bytes'
import { writePng } from '@slipway/formats/png'
import { tinyElf } from '@slipway/formats/testing/binaries'
import * as z from 'zod'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { collectPackage, runJudge } from './conformance.ts'
import { deb } from './deb.ts'
import type { AnyPackager } from './packager.ts'
import { app, date, fileOf, noise, treeOf, type Content } from './testing/trees.ts'

const folder = mkdtempSync(join(tmpdir(), 'deb-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const project: Readonly<Record<string, Uint8Array>> = {
  'man/tool.1': encode('.TH TOOL 1 2026-01-01 "Tool 1.2.3" "User Commands"\n.SH NAME\ntool \\- does one thing well\n'),
  'completions/tool.bash': encode('complete -W serve tool\n'),
  'icon.png': writePng({ width: 128, height: 128, pixels: new Uint8Array(128 * 128 * 4).fill(200) }),
  'packaging/postinst.sh': encode('#!/bin/sh\nset -e\nexit 0\n'),
  'packaging/windows.sh': encode('#!/bin/sh\r\ntrue\r\n'),
  'packaging/perl': encode('#!/usr/bin/perl\n1;\n'),
}
const integrated: Partial<App> = {
  category: 'Development',
  icon: 'icon.png',
  opens: [{ type: 'application/x-tool', extensions: ['tool'], name: 'Tool project' }],
  man: [{ path: 'man/tool.1', from: 'app.man' }],
  completions: [{ path: 'completions/tool.bash', from: 'app.completions', shell: 'bash' }],
  services: [{ name: 'tool.service', file: null, run: 'serve', summary: 'Serves', user: false, enable: true }],
  conffiles: ['etc/tool.conf'],
  needs: [{ program: 'no-such-program', version: '>=2' }],
}

const schema = z.strictObject(deb.options)
type Input = z.input<typeof schema>

const packed = async (contents: Readonly<Record<string, Content>>, input: Input = {}, changes: Partial<App> = {}) => {
  const parts: Uint8Array[] = []
  const naming = { app: { ...app, ...changes }, target: 'linux-x64' }
  const assets = new Map(
    (deb.assets?.(naming, schema.parse(input)) ?? []).flatMap(({ path }) => {
      const bytes = project[path]
      return bytes === undefined ? [] : [[path, { bytes, sha256: sha256(bytes) }] as const]
    }),
  )
  const packing = deb.pack({ ...naming, tree: treeOf(contents), date, assets }, schema.parse(input))
  for (;;) {
    const next = await packing.next()
    if (next.done === true) {
      const file = join(folder, 'package.deb')
      writeFileSync(file, Buffer.concat(parts))
      return { file, facts: next.value }
    }
    parts.push(Uint8Array.from(next.value))
  }
}
const codesOf = (input: Input, changes: Partial<App> = {}): readonly string[] =>
  (deb.check?.({ app: { ...app, ...changes }, target: 'linux-x64' }, schema.parse(input)) ?? []).map(one => one.code)

const script = '#!/bin/sh\necho hello\n'
const desktopApp = {
  tool: script,
  'lib/data.bin': 'data',
  'README.md': '# A Tool\n',
  'etc/tool.conf': 'x=1\n',
  'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
}
const whole: Input = {
  desktop: { icon: 'icon.svg', protocols: ['tool'], categories: ['Development'] },
  conffiles: ['etc/tool.conf'],
  depends: ['libc6 (>= 2.17)', 'xdg-utils | xdg-user-dirs'],
  scripts: { postinst: '#!/bin/sh\nset -e\ntrue' },
}

describe('deb, before a build', () => {
  it('wants a maintainer with a mail address', () => {
    expect(codesOf({}, { publisher: 'Nobody' })).toEqual(['deb/no-maintainer'])
    expect(codesOf({}, { publisher: '' })).toEqual(['deb/no-maintainer'])
    expect(codesOf({ maintainer: 'A B <a@b.example>' }, { publisher: '' })).toEqual([])
  })
  it('wants a name that Debian allows', () => {
    expect(codesOf({}, { bin: 'ä' })).toEqual(['deb/bad-name'])
    expect(codesOf({ package: 'Upper' })).toEqual(['deb/bad-name'])
    expect(codesOf({}, { bin: 'My Tool' })).toEqual([])
  })
  it('wants a version and a revision that dpkg sorts', () => {
    expect(codesOf({}, { version: '1.2.3+build' })).toEqual(['deb/bad-version'])
    expect(codesOf({ revision: 'a-b' })).toEqual(['deb/bad-version'])
  })
  it('wants relations that dpkg reads', () => {
    expect(codesOf({ depends: ['libmpv1 | libmpv2 (>= 0.35)', 'a\nEvil: yes'] })).toEqual(['deb/bad-relation'])
    expect(codesOf({ conflicts: ['B4D'], suggests: ['x (= )'] })).toEqual(['deb/bad-relation', 'deb/bad-relation'])
    expect(codesOf({ conflicts: ['a1 | b2'], breaks: ['a1 | b2'], provides: ['a1 (>= 1)'] })).toHaveLength(3)
    expect(codesOf({ builtUsing: ['golang-1.22'], preDepends: ['dpkg (>= 1.21)'], enhances: ['git'] })).toEqual(['deb/bad-relation'])
    expect(codesOf({ provides: ['editor (= 1:2.0~rc1-1)'], builtUsing: ['golang-1.22 (= 1.22.5-1)'], depends: ['x11-utils:any'] })).toEqual(
      [],
    )
  })
  it('wants triggers and levels that dpkg and the compressions know', () => {
    expect(codesOf({ triggers: { interest: ['/usr/share/icons', 'a b'], activate: ['ldconfig', '/usr/x'] } })).toEqual([
      'deb/bad-trigger',
      'deb/bad-trigger',
    ])
    expect([codesOf({ level: 12 }), codesOf({ compression: 'zstd', level: 12 }), codesOf({ compression: 'zstd', level: 0 })]).toEqual([
      ['deb/bad-level'],
      [],
      ['deb/bad-level'],
    ])
  })
  it('refuses what no ar has room for, before the first byte', async () => {
    const small = treeOf({ tool: script })
    // As if the stream of its program had been compressed to ten gigabytes.
    const entries = small.entries.map(one =>
      one.type === 'file'
        ? { ...one, deflated: async (level: number) => ({ ...(await one.deflated(level)), compressedBytes: 1e10 }) }
        : one,
    )
    const packing = deb.pack({ app, target: 'linux-x64', date, tree: { ...small, entries } }, schema.parse({}))
    const first = packing.next()
    await expect(first).rejects.toThrow('deb/too-large: data.tar.gz has 10')
    await expect(first).rejects.toThrow('at most 9999999999 (deb(5), FORMAT)')
  })
  it('wants scripts that the kernel starts', async () => {
    for (const postinst of ['no\ninterpreter', 'packaging/windows.sh', 'packaging/none'])
      await expect(packed({ tool: script }, { scripts: { postinst } }), postinst).rejects.toThrow('deb/bad-script')
    await expect(packed({ tool: script }, { scripts: { postinst: 'packaging/perl' } }, { needs: integrated.needs ?? [] })).rejects.toThrow(
      'deb/bad-script',
    )
  })
  it('finds a library that Debian has not', async () => {
    const flet = tinyElf({ interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libmpv.so.1', 'libc.so.6'], versions: ['GLIBC_2.4'] })
    await expect(packed({ tool: flet })).rejects.toThrow('linux/unknown-library')
    expect((await packed({ tool: flet }, { depends: ['libmpv1 | libmpv2'] })).facts['Depends']).toBe('libmpv1 | libmpv2, libc6 (>= 2.4)')
    expect((await packed({ tool: flet }, { depends: ['libmpv1', 'libc6 (>= 2.36)'] })).facts['Depends']).toBe('libmpv1, libc6 (>= 2.36)')
    expect((await packed({ tool: flet }, { libraries: false })).facts['Depends']).toBeUndefined()
  })
  it('names files as Debian does', () => {
    const naming = { app: { ...app, version: '1.2.0-beta.2' }, target: 'linux-arm64' }
    expect(deb.fileName(naming, schema.parse({}))).toBe('tool_1.2.0~beta.2-1_arm64.deb')
    expect(() => deb.fileName({ app: { ...app, version: '1.0.0+x' }, target: 'linux-x64' }, schema.parse({}))).toThrow('deb/bad-version')
  })
  it('refuses to pack what it would not plan', async () => {
    await expect(packed({ tool: script }, {}, { publisher: '' })).rejects.toThrow('deb/no-maintainer')
    await expect(packed({ other: script })).rejects.toThrow('linux/no-executable')
    await expect(packed({ tool: script }, { conffiles: ['etc/none'] })).rejects.toThrow('linux/bad-conffile')
    await expect(packed({ tool: script, 'x.conf': '' }, { conffiles: ['x.conf'] })).rejects.toThrow('linux/bad-conffile')
    await expect(packed({ tool: script }, { desktop: { icon: 'none.png' } })).rejects.toThrow('linux/no-icon')
    await expect(packed({ tool: script }, { desktop: { protocols: ['tool://'] } })).rejects.toThrow('linux/bad-protocol')
    await expect(packed({ tool: script }, {}, { publisher: '' })).rejects.toBeInstanceOf(SlipwayError)
  })
})

describeWithJudge(['dpkg-deb', 'dpkg'], 'deb, as dpkg sees it', () => {
  const info = (file: string, field: string): string => runJudge('dpkg-deb', ['-f', file, field], folder).trim()
  const unpack = (file: string): string => {
    const out = mkdtempSync(join(folder, 'out-'))
    runJudge('dpkg-deb', ['-R', file, out], folder)
    return out
  }
  it('puts a tool of one file into /usr/bin', async () => {
    const { file, facts } = await packed({ tool: script, 'README.md': 'read', LICENSE: 'MIT' })
    const out = unpack(file)
    expect(lstatSync(join(out, 'usr/bin/tool')).mode & 0o777).toBe(0o755)
    expect(readFileSync(join(out, 'usr/share/doc/tool/README.md'), 'utf8')).toBe('read')
    expect(existsSync(join(out, 'usr/lib'))).toBe(false)
    expect(info(file, 'Version')).toBe('1.2.3-1')
    expect(info(file, 'Architecture')).toBe('amd64')
    for (const [name, value] of Object.entries(facts)) expect(info(file, name)).toBe(value)
  })
  it('puts an app of several files into /usr/lib, with a link, a desktop entry, conffiles and scripts', async () => {
    const { file } = await packed(desktopApp, whole)
    const out = unpack(file)
    expect(readlinkSync(join(out, 'usr/bin/tool'))).toBe('../lib/tool/tool')
    expect(readFileSync(join(out, 'usr/lib/tool/lib/data.bin'), 'utf8')).toBe('data')
    expect(readFileSync(join(out, 'DEBIAN/conffiles'), 'utf8')).toBe('/etc/tool.conf\n')
    expect(existsSync(join(out, 'usr/lib/tool/etc'))).toBe(false)
    expect(lstatSync(join(out, 'DEBIAN/postinst')).mode & 0o777).toBe(0o755)
    const entry = readFileSync(join(out, 'usr/share/applications/dev.example.tool.desktop'), 'utf8')
    expect(entry).toContain('\nExec=tool %U\n')
    expect(entry).toContain('\nMimeType=x-scheme-handler/tool;\n')
    expect(entry).toContain('\nCategories=Development;\n')
    expect(existsSync(join(out, 'usr/share/icons/hicolor/scalable/apps/tool.svg'))).toBe(true)
    expect(info(file, 'Depends')).toBe('libc6 (>= 2.17), xdg-utils | xdg-user-dirs')
  })
  it('writes every relation, triggers and scripts, ours before those of the user', async () => {
    const relations = {
      preDepends: ['dpkg'],
      enhances: ['git'],
      breaks: ['old-tool (<< 1)'],
      builtUsing: ['musl (= 1.2.3-1)'],
      provides: ['editor'],
    }
    const input = {
      ...relations,
      triggers: { interest: ['/usr/share/tools'], activate: ['ldconfig'] },
      scripts: { postinst: 'packaging/postinst.sh' },
    }
    const { file } = await packed(desktopApp, { ...input, libraries: {} }, integrated)
    expect(['Pre-Depends', 'Enhances', 'Breaks', 'Built-Using', 'Provides'].map(field => info(file, field))).toEqual([
      'dpkg',
      'git',
      'old-tool (<< 1)',
      'musl (= 1.2.3-1)',
      'editor',
    ])
    const out = unpack(file)
    expect(readFileSync(join(out, 'DEBIAN/triggers'), 'utf8')).toBe('interest-noawait /usr/share/tools\nactivate-noawait ldconfig\n')
    const postinst = readFileSync(join(out, 'DEBIAN/postinst'), 'utf8')
    expect(postinst).toMatch(
      /^#!\/bin\/sh\nif \[ "\$1" = configure \]; then\n[\s\S]*systemctl enable 'tool\.service'[\s\S]*\nfi\nset -e\nexit 0\n$/,
    )
    for (const name of ['postinst', 'prerm', 'postrm']) execFileSync('sh', ['-n', join(out, 'DEBIAN', name)])
  })
  it('packs with Zstandard what dpkg unpacks', async () => {
    const { file } = await packed(desktopApp, { ...whole, compression: 'zstd' })
    expect(execFileSync('ar', ['t', file], { encoding: 'utf8' })).toBe('debian-binary\ncontrol.tar.gz\ndata.tar.zst\n')
    expect(readFileSync(join(unpack(file), 'usr/lib/tool/lib/data.bin'), 'utf8')).toBe('data')
    writeFileSync(file, readFileSync(file).subarray(0, -40))
    expect(spawnSync('dpkg-deb', ['-c', file]).status).not.toBe(0)
  })
  it('packs with xz, control fields too, what dpkg shows and unpacks; a tampered twin fails; on disk it has the same bytes', async () => {
    const { file } = await packed(desktopApp, { ...whole, compression: 'xz' })
    expect(execFileSync('ar', ['t', file], { encoding: 'utf8' })).toBe('debian-binary\ncontrol.tar.xz\ndata.tar.xz\n')
    expect(info(file, 'Package')).toBe('tool')
    expect(runJudge('dpkg-deb', ['-c', file], folder)).toContain('./usr/lib/tool/lib/data.bin')
    expect(readFileSync(join(unpack(file), 'usr/lib/tool/lib/data.bin'), 'utf8')).toBe('data')
    const bytes = readFileSync(file)
    for (const at of [180, bytes.length - 100]) {
      const tampered = Buffer.from(bytes)
      tampered.fill(0x5a, at, at + 20)
      writeFileSync(file, tampered)
      expect(
        spawnSync('dpkg-deb', ['--fsys-tarfile', file]).status === 0 && spawnSync('dpkg-deb', ['-I', file]).status === 0,
        `${at}`,
      ).toBe(false)
    }
    for (const compression of ['xz', 'zstd'] as const) {
      const options = schema.parse({ compression })
      const tree = treeOf({ tool: script, big: noise(3 << 20) })
      const spool = async (chunks: AsyncIterable<Uint8Array>) => {
        const kept: Uint8Array[] = []
        for await (const chunk of chunks) kept.push(chunk.slice())
        return () => kept
      }
      const subject = { app, target: 'linux-x64', tree, date }
      const [held, spooled] = [
        await collect(deb.pack(subject, options), 1 << 24),
        await collect(deb.pack({ ...subject, spool }, options), 1 << 24),
      ]
      expect(Buffer.compare(held, spooled)).toBe(0)
    }
  })
  it('lists MD5 sums that md5sum accepts', async () => {
    const { file } = await packed(desktopApp, whole)
    const out = unpack(file)
    expect(
      runJudge('md5sum', ['--strict', '-c', 'DEBIAN/md5sums'], out)
        .trim()
        .split('\n')
        .every(line => line.endsWith(': OK')),
    ).toBe(true)
  })
  it('keeps untrusted text inside of its field', async () => {
    const hostile = {
      summary: 'one\nEvil: yes',
      homepage: 'https://x.example/\nEvil: yes',
      notes: '-- A <a@b>  now\n\u001b[31mred\n\n -- B <b@c>  then',
      name: 'N\nExec=evil',
      license: 'MIT\nFiles: evil',
    }
    const { file } = await packed({ tool: script }, { desktop: true, description: 'a\n\nb\nEvil: yes' }, hostile)
    expect(info(file, 'Evil')).toBe('')
    expect(info(file, 'Description')).toBe('one Evil: yes\n a\n .\n b\n Evil: yes')
    const out = unpack(file)
    expect(readFileSync(join(out, 'usr/share/applications/dev.example.tool.desktop'), 'utf8').match(/^Exec=/gm)).toHaveLength(1)
    expect(readFileSync(join(out, 'usr/share/doc/tool/copyright'), 'utf8').match(/^Files:/gm)).toHaveLength(1)
    const changes = gunzipSync(readFileSync(join(out, 'usr/share/doc/tool/changelog.Debian.gz'))).toString()
    expect(changes).not.toContain('\u001b')
    expect(changes.match(/^ -- /gm)).toHaveLength(1)
  })
  it('ships the tags that its config accepts as lintian overrides, each once, and none by itself', async () => {
    const path = 'usr/share/lintian/overrides/tool'
    const overrides = async (accepted: readonly string[]): Promise<readonly string[]> => {
      const file = join(unpack((await packed({ tool: script }, { overrides: [...accepted] })).file), path)
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    }
    expect(await overrides([])).toEqual([])
    expect(await overrides(['embedded-library', 'no-manual-page', 'embedded-library'])).toEqual([
      expect.stringMatching(/^# /),
      'tool: embedded-library',
      'tool: no-manual-page',
      '',
    ])
    expect(schema.safeParse({ overrides: ['two\nlines'] }).success).toBe(false)
  })
  it('writes a changelog that dpkg-parsechangelog reads', async () => {
    const out = unpack((await packed({ tool: script })).file)
    const changes = gunzipSync(readFileSync(join(out, 'usr/share/doc/tool/changelog.Debian.gz'))).toString()
    writeFileSync(join(folder, 'changelog'), changes)
    const parsed = spawnSync('dpkg-parsechangelog', ['-l', join(folder, 'changelog')], { encoding: 'utf8' })
    if (parsed.error !== undefined) return
    expect(parsed.stderr).toBe('')
    expect(parsed.stdout).toMatch(/^Version: 1\.2\.3-1$/m)
    expect(parsed.stdout).toMatch(/^Timestamp: 1760000001$/m)
  })
  it.runIf(process.getuid?.() === 0).each(['gzip', 'xz'] as const)(
    'is installed and removed in a root of its own, by %s',
    async compression => {
      const { file } = await packed(desktopApp, { ...whole, depends: [], scripts: {}, compression })
      const root = mkdtempSync(join(folder, 'root-'))
      mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true })
      mkdirSync(join(root, 'var/lib/dpkg/updates'))
      writeFileSync(join(root, 'var/lib/dpkg/status'), '')
      runJudge('dpkg', ['--root', root, '--force-not-root', '--log', join(folder, 'dpkg.log'), '-i', file], folder)
      expect(execFileSync(join(root, 'usr/bin/tool'), { encoding: 'utf8' })).toBe('hello\n')
      expect(runJudge('dpkg', ['--root', root, '--verify', 'tool'], folder)).toBe('')
      runJudge('dpkg', ['--root', root, '--log', join(folder, 'dpkg.log'), '--purge', 'tool'], folder)
      expect(existsSync(join(root, 'usr/lib/tool'))).toBe(false)
      expect(existsSync(join(root, 'etc/tool.conf'))).toBe(false)
    },
  )
})

describeWithJudge(['dpkg'], 'deb, installed', () => {
  it.runIf(process.getuid?.() === 0)('is upgraded, removed and purged, and keeps what a user edited', async () => {
    const root = mkdtempSync(join(folder, 'root-'))
    mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true })
    mkdirSync(join(root, 'var/lib/dpkg/updates'))
    writeFileSync(join(root, 'var/lib/dpkg/status'), '')
    const dpkg = (...args: readonly string[]) =>
      runJudge(
        'dpkg',
        ['--root', root, '--force-not-root', '--force-confdef', '--force-confold', '--log', join(folder, 'log'), ...args],
        folder,
      )
    const changes = { ...integrated, services: [], needs: [] }
    const version = (text: string) => ({ ...desktopApp, tool: `#!/bin/sh\necho ${text}\n` })
    const install = async (text: string): Promise<string> => {
      dpkg('-i', (await packed(version(text), {}, { ...changes, version: text })).file)
      return execFileSync(join(root, 'usr/bin/tool'), { encoding: 'utf8' }).trim()
    }
    expect(await install('2.0.0-rc.1')).toBe('2.0.0-rc.1')
    const conf = join(root, 'etc/tool.conf')
    writeFileSync(conf, 'mine=1\n')
    expect(await install('2.0.0')).toBe('2.0.0')
    expect(readFileSync(conf, 'utf8')).toBe('mine=1\n')
    expect(runJudge('dpkg-query', ['--admindir', join(root, 'var/lib/dpkg'), '-W', '-f', '${Version}', 'tool'], folder)).toBe('2.0.0-1')
    expect(spawnSync('dpkg', ['--compare-versions', '2.0.0~rc.1-1', 'lt', '2.0.0-1']).status).toBe(0)
    dpkg('-r', 'tool')
    expect([existsSync(conf), existsSync(join(root, 'usr/bin/tool'))]).toEqual([true, false])
    dpkg('-P', 'tool')
    expect([existsSync(conf), existsSync(join(root, 'usr/share/man'))]).toEqual([false, false])
  })
})

describeWithJudge(['lintian'], 'deb, as lintian sees it', () => {
  // A static program without symbols, as Go makes them: the smallest ELF that exits with 0.
  let program: Uint8Array
  beforeAll(() => {
    program = staticElf()
  })
  const errorsOf = (file: string): readonly string[] => {
    const { stdout, stderr } = spawnSync('lintian', ['--allow-root', '--fail-on', 'none', '--tag-display-limit', '0', file], {
      encoding: 'utf8',
    })
    return `${stdout}${stderr}`.split('\n').filter(line => line.startsWith('E:'))
  }
  it('finds no error in a static tool', async () => {
    const tree = { entries: [fileOf('tool', program, 0o755)], executable: 'tool' }
    const { bytes } = await collectPackage(deb as unknown as AnyPackager, { tree, target: 'linux-x64', options: schema.parse({}) as never })
    const file = join(folder, 'tool_1.2.3-1_amd64.deb')
    writeFileSync(file, bytes)
    expect(errorsOf(file)).toEqual([])
  })
  it('finds no error in a desktop app', async () => {
    const { file } = await packed(desktopApp, { ...whole, depends: [], scripts: {} })
    expect(errorsOf(file)).toEqual([])
  })
  it('finds no error in an app with a service, a man page, completions and icons', async () => {
    const { file } = await packed(desktopApp, { scripts: { postinst: 'packaging/postinst.sh' } }, integrated)
    expect(errorsOf(file)).toEqual([])
  })
  it('finds the errors of a broken one', async () => {
    const { file } = await packed(desktopApp, { section: 'nonsense', scripts: { postinst: '#!/opt/none\n' } })
    expect(errorsOf(file)).not.toEqual([])
  })
})

/** ELF64, x86-64, one segment: `mov $60,%eax; xor %edi,%edi; syscall`. */
const staticElf = (): Uint8Array => {
  const code = Uint8Array.of(0xb8, 0x3c, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05)
  const bytes = new Uint8Array(120 + code.length)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true)
  view.setUint16(18, 62, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(24, 0x400078n, true)
  view.setBigUint64(32, 64n, true)
  view.setUint16(52, 64, true)
  view.setUint16(54, 56, true)
  view.setUint16(56, 1, true)
  view.setUint32(64, 1, true)
  view.setUint32(68, 5, true)
  view.setBigUint64(80, 0x400000n, true)
  view.setBigUint64(88, 0x400000n, true)
  view.setBigUint64(96, BigInt(bytes.length), true)
  view.setBigUint64(104, BigInt(bytes.length), true)
  view.setBigUint64(112, 0x1000n, true)
  bytes.set(code, 120)
  return bytes
}
