// AppImages run in each of their ways, unpack to what went in, are refused when wrong; the committed runtimes are what their recipe says.
import { createHash } from 'node:crypto'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { App } from '@slipway/core'
import { equalBytes, fromBytes } from '@slipway/formats/bytes'
import { readSquashfs } from '@slipway/formats/squashfs/read'
import { writePng } from '@slipway/formats/png'
import * as z from 'zod'
import { appimage } from '../appimage.ts'
import type { PackSubject } from '../packager.ts'
import { app, date, noise, treeOf, type Content } from '../testing/trees.ts'

const folder = mkdtempSync(join(tmpdir(), 'appimage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const recipe = join(import.meta.dirname, '../../../../../runtime/appimage')
const runtimeFiles = { x64: 'runtime-x86_64', arm64: 'runtime-aarch64' } as const

const has = (tool: string): boolean => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool]).status === 0
const hasFuse = existsSync('/dev/fuse') && (has('fusermount3') || has('fusermount')) && process.getuid?.() === 0
const script = `#!/bin/sh
echo "args=$* image=$APPIMAGE owd=$OWD argv0=$ARGV0"
echo "fs=$(stat -f -c %T "$APPDIR")"
[ "$1" != fail ] || exit 7
[ "$1" != kill ] || kill -9 $$
exit 0
`
const files: Readonly<Record<string, Content>> = {
  tool: script,
  'data/noise': noise(300_000),
  'data/empty': '',
  'data/link': { link: 'noise' },
  'data/größe 🚀': 'name',
  void: 'folder/',
}
const icon = writePng({ width: 128, height: 128, pixels: new Uint8Array(128 * 128 * 4).fill(200) })
const graphical: App = { ...app, category: 'Development', icon: 'icon.png', protocols: ['tool'] }

interface Making {
  readonly options?: object
  readonly subject?: Partial<PackSubject>
}
const make = async ({ options = {}, subject = {} }: Making = {}) => {
  const chosen = z.strictObject(appimage.options).parse(options)
  const packing = appimage.pack({ app, target: 'linux-x64', tree: treeOf(files), date, ...subject }, chosen)
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await packing.next()
    if (next.done === true) return { bytes: new Uint8Array(Buffer.concat(parts)), facts: next.value }
    parts.push(next.value)
  }
}
const save = (bytes: Uint8Array, name: string): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  chmodSync(path, 0o755)
  return path
}
const run = (file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync(file, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, TMPDIR: folder, ...env } })
/** Without the folders of other runs: everything that a run left behind. */
const leftOvers = (): readonly string[] => readdirSync(folder).filter(name => /^\.(appimage|mount)_/.test(name))
const checkUnpacked = (root: string): void => {
  expect(readFileSync(join(root, 'usr/lib/tool/tool'), 'utf8')).toBe(script)
  expect(equalBytes(readFileSync(join(root, 'usr/lib/tool/data/link')), noise(300_000))).toBe(true)
  expect(readFileSync(join(root, 'usr/lib/tool/data/größe 🚀'), 'utf8')).toBe('name')
  // By its own name, as its window class is: not as AppRun.
  expect(readFileSync(join(root, 'AppRun'), 'utf8')).toContain(`exec "$here"/usr/bin/'tool' "$@"`)
  expect(readdirSync(join(root, 'usr/lib/tool/void'))).toEqual([])
}

describe('packagers/appimage', () => {
  it('begins with a type 2 runtime whose size is where the file system begins', async () => {
    const { bytes, facts } = await make()
    expect([...bytes.subarray(0, 11)]).toEqual([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0x41, 0x49, 2])
    const found = await readSquashfs(fromBytes(bytes), { offset: Number(facts['offset']) })
    expect(found.entries.map(entry => entry.path)).toEqual(
      expect.arrayContaining(['AppRun', 'dev.example.tool.desktop', 'usr/bin/tool', 'usr/lib/tool/void']),
    )
    if (process.arch === 'x64')
      expect(run(save(bytes, 'offset.AppImage'), ['--appimage-offset']).stdout).toBe(`${JSON.stringify(facts['offset'])}\n`)
  })
  it.runIf(process.arch === 'x64')(
    'runs without FUSE, passes arguments, environment and exit code on, and leaves nothing behind',
    async () => {
      const file = save((await make()).bytes, 'run.AppImage')
      for (const [args, env] of [
        [['--appimage-extract-and-run', 'a b'], {}],
        [['a b'], { APPIMAGE_EXTRACT_AND_RUN: '1' }],
      ] as const) {
        const ran = run(file, args, env)
        expect(ran.stdout).toContain(`args=a b image=${file} owd=${folder} argv0=${file}\n`)
        expect(ran.stdout).not.toContain('fuse')
      }
      expect(run(file, ['--appimage-extract-and-run', 'fail']).status).toBe(7)
      expect(run(file, ['--appimage-extract-and-run', 'kill']).signal).toBe('SIGKILL')
      expect(leftOvers()).toEqual([])
      // No helper in PATH: the same without being asked.
      const tools = join(folder, 'tools')
      mkdirSync(tools)
      for (const tool of ['stat', 'sh'])
        execFileSync('ln', ['-s', execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), tools])
      const alone = run(file, ['x'], { PATH: tools })
      expect([alone.status, alone.stdout.includes('fuse')]).toEqual([0, false])
      expect(leftOvers()).toEqual([])
    },
  )
  it.runIf(process.arch === 'x64' && hasFuse)('runs mounted where FUSE is there, and the mount ends with the app', async () => {
    const file = save((await make()).bytes, 'mounted.AppImage')
    const ran = run(file, ['a b'])
    expect(ran.stdout).toContain('fs=fuse')
    expect(ran.stdout).toContain('args=a b')
    expect(run(file, ['fail']).status).toBe(7)
    for (let tries = 0; tries < 50 && leftOvers().length > 0; tries++) await new Promise(resolve => setTimeout(resolve, 100))
    expect(leftOvers()).toEqual([])
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(folder)
  })
  for (const compression of ['zstd', 'gzip'])
    it.runIf(process.arch === 'x64')(`extracts to what went in, twice into the same place, ${compression}`, async () => {
      const file = save((await make({ options: { compression } })).bytes, `${compression}.AppImage`)
      rmSync(join(folder, 'squashfs-root'), { recursive: true, force: true })
      for (const _ of [1, 2]) expect(run(file, ['--appimage-extract']).status).toBe(0)
      checkUnpacked(join(folder, 'squashfs-root'))
      rmSync(join(folder, 'squashfs-root'), { recursive: true })
      expect(run(file, ['--appimage-extract', 'usr/lib/*/data/n*']).stdout).toBe('squashfs-root/usr/lib/tool/data/noise\n')
      expect(existsSync(join(folder, 'squashfs-root/usr/bin'))).toBe(false)
    })
  it.runIf(has('qemu-aarch64-static'))('has an arm64 runtime that runs and extracts', async () => {
    const { bytes } = await make({ subject: { target: 'linux-arm64' } })
    const file = save(bytes, 'arm.AppImage')
    rmSync(join(folder, 'squashfs-root'), { recursive: true, force: true })
    expect(run('qemu-aarch64-static', [file, '--appimage-extract']).status).toBe(0)
    checkUnpacked(join(folder, 'squashfs-root'))
    expect(run('qemu-aarch64-static', [file, '--appimage-extract-and-run', 'x']).stdout).toContain('args=x ')
  })
  it.runIf(has('unsquashfs') && has('desktop-file-validate') && has('appstreamcli'))(
    'holds what desktops look for, sound by their own validators',
    async () => {
      const assets = new Map([['icon.png', { bytes: icon, sha256: createHash('sha256').update(icon).digest('hex') }]])
      const { bytes, facts } = await make({ subject: { app: graphical, assets } })
      const file = save(bytes, 'gui.AppImage')
      const root = join(folder, 'gui')
      execFileSync('unsquashfs', ['-q', '-n', '-d', root, '-o', JSON.stringify(facts['offset']), file])
      checkUnpacked(root)
      execFileSync('desktop-file-validate', [join(root, 'dev.example.tool.desktop')])
      execFileSync('appstreamcli', ['validate', '--no-net', join(root, 'usr/share/metainfo/dev.example.tool.metainfo.xml')])
      expect(readFileSync(join(root, 'dev.example.tool.desktop'), 'utf8')).toContain('Icon=tool\n')
      expect(equalBytes(readFileSync(join(root, 'tool.png')), icon)).toBe(true)
      expect(equalBytes(readFileSync(join(root, '.DirIcon')), icon)).toBe(true)
    },
  )
  it.runIf(process.arch === 'x64')('tells its update information, and a damaged file system is refused', async () => {
    const update = 'zsync|https://example.org/tool.AppImage.zsync'
    const { bytes, facts } = await make({ options: { update } })
    const file = save(bytes, 'update.AppImage')
    expect(run(file, ['--appimage-updateinformation']).stdout).toBe(`${update}\n`)
    expect(execFileSync('readelf', ['-p', '.upd_info', file], { encoding: 'utf8' })).toContain(update)
    bytes.fill(0, Number(facts['offset']), Number(facts['offset']) + 96)
    const broken = run(save(bytes, 'broken.AppImage'), ['x'])
    expect([broken.status, broken.stdout, broken.stderr.includes('no sound file system')]).toEqual([127, '', true])
  })
  it.runIf(process.arch === 'x64')('ends without crash for 60 broken file systems', async () => {
    const { bytes, facts } = await make({ options: { compression: 'gzip' } })
    const at = Number(facts['offset'])
    for (let round = 0; round < 60; round++) {
      const copy = bytes.slice()
      const place = round % 2 === 0 ? at + 4 + ((round * 7) % 92) : copy.length - 1 - ((round * 67) % 5000)
      copy[place] = (copy[place] ?? 0) ^ (1 << (round % 8))
      rmSync(join(folder, 'squashfs-root'), { recursive: true, force: true })
      const ran = run(save(copy, 'mutant.AppImage'), ['--appimage-extract'])
      expect([ran.signal, [0, 127].includes(ran.status ?? -1)], `${round}`).toEqual([null, true])
    }
  })
  it('takes another runtime by path and digest only', async () => {
    const own = readFileSync(join(recipe, runtimeFiles.x64))
    const digest = createHash('sha256').update(own).digest('hex')
    const given = (path: string, sha256: string) => ({ options: { runtime: { x64: { path, sha256 } } } })
    const assets = new Map([
      ['rt', { bytes: own, sha256: digest }],
      ['text', { bytes: new Uint8Array(100), sha256: '' }],
      ['arm', { bytes: readFileSync(join(recipe, runtimeFiles.arm64)), sha256: '' }],
    ])
    const digestOf = (path: string): string =>
      createHash('sha256')
        .update(assets.get(path)?.bytes ?? '')
        .digest('hex')
    expect(equalBytes((await make({ ...given('rt', digest), subject: { assets } })).bytes, (await make()).bytes)).toBe(true)
    await expect(make({ ...given('rt', '0'.repeat(64)), subject: { assets } })).rejects.toThrow('appimage/wrong-runtime')
    for (const path of ['text', 'arm'])
      await expect(make({ ...given(path, digestOf(path)), subject: { assets } })).rejects.toThrow('appimage/bad-runtime')
  })
  for (const [code, making] of [
    ['appimage/no-target', { subject: { target: 'linux-armv7' } }],
    ['appimage/bad-level', { options: { compression: 'gzip', level: 15 } }],
    ['appimage/bad-update', { options: { update: 'https://example.org' } }],
    ['appimage/bad-update', { options: { update: 'zsync|a\nb' } }],
  ] as const)
    it(`refuses ${JSON.stringify(making).slice(0, 50)}: ${code}`, async () => {
      await expect(make(making)).rejects.toThrow(code)
    })
})

describe('runtime/appimage', () => {
  it('is what its digests say, and what the packager holds', () => {
    const digests = Object.fromEntries(
      Object.values(runtimeFiles).map(file => [
        file,
        createHash('sha256')
          .update(readFileSync(join(recipe, file)))
          .digest('hex'),
      ]),
    )
    const told = Object.values(runtimeFiles).map(file => `${digests[file] ?? ''}  ${file}\n`)
    expect(readFileSync(join(recipe, 'runtime.sha256'), 'utf8')).toBe(told.join(''))
    const embedded = execFileSync(process.execPath, [join(recipe, 'embed.ts'), '--print'], { encoding: 'utf8', maxBuffer: 1 << 24 })
    expect(readFileSync(join(import.meta.dirname, 'runtimes.gen.ts'), 'utf8')).toBe(embedded)
  })
  // Some minutes and source archives from Debian: only where it is asked for.
  it.runIf(process.env['SLIPWAY_REBUILD_RUNTIME'] === '1')('is built from its sources to the same bytes', { timeout: 1_800_000 }, () => {
    const out = join(folder, 'rebuilt')
    execFileSync('sh', [join(recipe, 'build.sh'), out], { stdio: 'ignore' })
    for (const file of [...Object.values(runtimeFiles), 'runtime.sha256', 'THIRD-PARTY.txt'])
      expect(equalBytes(readFileSync(join(out, file)), readFileSync(join(recipe, file))), file).toBe(true)
  })
})
