// What a program shows on Windows, through the public command: the same bytes in every package, nothing that was there lost, nothing signed changed.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { fromBytes } from '@slipway/formats/bytes'
import { readIco, writeIco } from '@slipway/formats/ico'
import { peShows, withPeAppearance } from '@slipway/formats/pe-appearance'
import { readPeResources, withPeResources, type PeResource } from '@slipway/formats/pe-resources'
import { readPeVersion } from '@slipway/formats/pe-version'
import { writePng } from '@slipway/formats/png'
import { linkedPe, tinyPe } from '../../../formats/src/testing/binaries.ts'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { smallProject, type Ran } from '../../../../test/kit/project.ts'

const picture = { width: 256, height: 256, pixels: new Uint8Array(256 * 256 * 4).fill(200) }
const own = writeIco({ width: 16, height: 16, pixels: new Uint8Array(16 * 16 * 4).fill(9) })

const made: string[] = []
afterEach(() => made.splice(0).forEach(folder => rmSync(folder, { recursive: true, force: true })))

interface Making {
  readonly program: Uint8Array
  readonly windows?: object
  readonly icon?: Uint8Array | string
  readonly packages?: readonly string[]
  readonly version?: string
}
interface Packed {
  readonly ran: Ran
  readonly out: string
  /** The bare executable. */
  readonly program: () => Buffer
}
const packed = async (making: Making): Promise<Packed> => {
  const { program, windows, icon = writePng(picture), packages = ['binary'], version = '1.2.3' } = making
  const app = {
    ...{ name: 'Tiny', id: 'org.example.tiny', bin: 'tiny', version, license: 'MIT', summary: 'A tiny program' },
    ...{ publisher: 'The Tinies <tiny@example.org>', date: '2023-11-14', icon: typeof icon === 'string' ? 'icon.svg' : 'icon.png' },
    ...(windows === undefined ? {} : { windows }),
  }
  const project = smallProject({ version, targets: ['windows-x64'], more: { app, packages, feeds: {} } })
  made.push(dirname(project.root))
  writeFileSync(join(project.root, 'bin/windows-x64/tiny.exe'), program)
  writeFileSync(join(project.root, app.icon), icon)
  const ran = await project.run(['package', '--profile', 'dev', '--reporter', 'plain'])
  const out = join(project.root, 'dist', version)
  return { ran, out, program: () => readFileSync(join(out, `tiny-${version}-windows-x64.exe`)) }
}
const typesOf = (bytes: Uint8Array): readonly (number | string)[] =>
  [...new Set(readPeResources(bytes).map(one => one.type))].toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
const versionOf = (bytes: Uint8Array) => readPeVersion(fromBytes(bytes))
const manifestOf = (bytes: Uint8Array): string => Buffer.from(readPeResources(bytes).find(one => one.type === 24)?.bytes ?? []).toString()

describe('a program for Windows', () => {
  it('gets the icon and version that it lacks, and nothing else', async () => {
    const blob: PeResource = { type: 10, name: 'NODE_SEA_BLOB', language: 0, codePage: 0, bytes: Buffer.from('its own') }
    const { ran, program } = await packed({ program: withPeResources(linkedPe(), [blob]) })
    expect(ran.exitCode, ran.stderr).toBe(0)
    expect(ran.stdout + ran.stderr).toContain("tiny.exe shows the app's icon and version")
    expect(typesOf(program())).toEqual([10, 14, 16, 3])
    expect(Buffer.from(readPeResources(program()).find(one => one.name === 'NODE_SEA_BLOB')?.bytes ?? []).toString()).toBe('its own')
    expect(await versionOf(program())).toEqual({
      fileVersion: '1.2.3.0',
      productVersion: '1.2.3.0',
      texts: {
        ...{ CompanyName: 'The Tinies', FileDescription: 'Tiny', FileVersion: '1.2.3', InternalName: 'tiny' },
        ...{ LegalCopyright: 'The Tinies', OriginalFilename: 'tiny.exe', ProductName: 'Tiny', ProductVersion: '1.2.3' },
        Comments: 'A tiny program',
      },
    })
  })
  it('keeps icon and version of its own, and another version is told', async () => {
    const version = { numbers: [1, 0, 0, 7], texts: { ProductName: 'Old' } } as const
    const before = withPeAppearance(linkedPe(), { icon: own, version })
    const kept = await packed({ program: before })
    expect(Buffer.compare(kept.program(), before)).toBe(0)
    expect(kept.ran.stdout + kept.ran.stderr).toContain('tiny.exe says that it is version 1.0.0.7')
    const replaced = await packed({ program: before, windows: { resources: 'replace' } })
    expect((await versionOf(replaced.program()))?.texts['ProductName']).toBe('Tiny')
    expect(readPeResources(replaced.program()).filter(({ type }) => type === 3)).toHaveLength(readIco(writeIco(picture)).length)
    const again = await packed({ program: replaced.program(), windows: { resources: 'replace' } })
    expect(Buffer.compare(again.program(), replaced.program())).toBe(0)
  })
  it('keeps its manifest, which gets the settings that are asked for', async () => {
    const manifest = '<assembly><description>own</description></assembly>'
    const before = withPeResources(linkedPe(), [{ type: 24, name: 1, language: 0, codePage: 0, bytes: Buffer.from(manifest) }])
    const asked = { resources: 'keep', longPaths: true, dpiAware: true }
    const after = (await packed({ program: before, windows: asked })).program()
    expect(manifestOf(after)).toMatch(
      /^<assembly><description>own<\/description>.*<dpiAwareness .*<longPathAware [^>]*>true<.*<\/assembly>$/,
    )
    expect(manifestOf(after)).not.toContain('activeCodePage')
    expect(typesOf(after)).toEqual([24])
    expect(manifestOf((await packed({ program: before })).program())).toBe(manifest)
    expect(Buffer.compare((await packed({ program: before, windows: { resources: 'keep' } })).program(), before)).toBe(0)
  })
  it('that is signed stays so and that is told; where a change is asked for it is refused', async () => {
    const signed = Buffer.concat([linkedPe({ words: { 144: 1024, 148: 16 } }), Buffer.alloc(16, 7)])
    const left = await packed({ program: signed })
    expect(Buffer.compare(left.program(), signed)).toBe(0)
    expect(left.ran.stdout + left.ran.stderr).toContain(
      "tiny.exe stays without the app's icon and version: a change would break its signature",
    )
    const asked = await packed({ program: signed, windows: { longPaths: true } })
    expect([asked.ran.exitCode, asked.ran.stderr]).toEqual([
      expect.not.stringMatching('^0$'),
      expect.stringContaining('windows/signed-program'),
    ])
    expect((await packed({ program: signed, windows: { resources: 'keep' } })).ran.exitCode).toBe(0)
  })
  it('with data behind its image stays as it is, unless these may move', async () => {
    const before = linkedPe({ behind: 'PAYLOAD' })
    const left = await packed({ program: before })
    expect(Buffer.compare(left.program(), before)).toBe(0)
    expect(left.ran.stdout + left.ran.stderr).toContain('7 bytes behind its image would move')
    expect((await packed({ program: before, windows: { resources: 'add' } })).ran.stderr).toContain('windows/data-behind')
    const moved = (await packed({ program: before, windows: { movesData: true } })).program()
    expect(moved.subarray(-7).toString()).toBe('PAYLOAD')
    expect(peShows(moved)).toMatchObject({ hasIcon: true, hasVersion: true })
  })
  it('whose headers have no room stays as it is, or is refused', async () => {
    const left = await packed({ program: tinyPe({}) })
    expect([left.ran.exitCode, Buffer.compare(left.program(), tinyPe({}))]).toEqual([0, 0])
    expect(left.ran.stdout + left.ran.stderr).toContain('tiny.exe stays as it is: its headers or resources allow no change')
    expect((await packed({ program: tinyPe({}), windows: { resources: 'add' } })).ran.stderr).toContain('windows/unchangeable')
  })
  it('gets no icon of an SVG and no version that Windows cannot hold; asked for, they are refused', async () => {
    const svg = { program: linkedPe(), icon: '<svg xmlns="http://www.w3.org/2000/svg"/>' }
    const left = await packed(svg)
    expect(left.ran.stdout + left.ran.stderr).toContain('Windows has no icons of SVG')
    expect(typesOf(left.program())).toEqual([16])
    expect((await packed({ ...svg, windows: { resources: 'add' } })).ran.stderr).toContain('windows/svg-icon')
    const large = { program: linkedPe(), version: '1.70000.0' }
    expect(typesOf((await packed(large)).program())).toEqual([14, 3])
    expect((await packed({ ...large, windows: { resources: 'add' } })).ran.stderr).toContain('windows/bad-version')
  })
})

describeWithJudge(['makensis', '7z', 'msiextract', 'wine', 'wrestool', 'pefile'], 'in every package', paths => {
  it('lies the same program, which others read and Wine starts', { timeout: 300_000 }, async () => {
    const home = join(dirname(smallHome()), 'home')
    const env = {
      ...process.env,
      HOME: home,
      WINEPREFIX: join(home, 'wine'),
      WINEDEBUG: '-all',
      WINEDLLOVERRIDES: 'mscoree,mshtml=',
      DISPLAY: '',
    }
    mkdirSync(env.WINEPREFIX, { recursive: true })
    spawnSync(paths.wine, ['wineboot', '-i'], { env, timeout: 120_000 })
    const before = readFileSync(join(env.WINEPREFIX, 'drive_c/windows/system32/cmd.exe'))
    const packages = ['binary', 'zip', 'nsis', 'msi', 'msix']
    const { ran, out, program } = await packed({ program: before, packages, windows: { resources: 'replace', longPaths: true } })
    expect(ran.exitCode, ran.stderr).toBe(0)
    for (const [file, args] of [
      ['.zip', [paths['7z'], 'x', '-y', '-bso0', '-o']],
      ['-setup.exe', [paths['7z'], 'x', '-y', '-bso0', '-o']],
      ['.msix', [paths['7z'], 'x', '-y', '-bso0', '-o']],
      ['.msi', [paths.msiextract, '-C', '']],
    ] as const) {
      const to = join(out, `unpacked${file}`)
      mkdirSync(to)
      const [tool, ...flags] = args
      const last = flags.at(-1) === '' ? [...flags.slice(0, -1), to] : [...flags.slice(0, -1), `${flags.at(-1) ?? ''}${to}`]
      execFileSync(tool, [...last, join(out, `tiny-1.2.3-windows-x64${file}`)], { stdio: 'pipe' })
      const [found = ''] = execFileSync('find', [to, '-name', 'tiny.exe'], { encoding: 'utf8' }).split('\n')
      expect(Buffer.compare(readFileSync(found), program()), file).toBe(0)
    }
    const file = join(out, 'tiny-1.2.3-windows-x64.exe')
    expect(spawnSync(paths.wine, [file, '/c', 'echo it runs& exit 7'], { env, encoding: 'utf8', timeout: 60_000 })).toMatchObject({
      status: 7,
      stdout: expect.stringContaining('it runs') as string,
    })
    expect(execFileSync(paths.wrestool, ['-l', '-t14', file], { encoding: 'utf8' })).toContain('group_icon')
    const script = 'import pefile,sys;p=pefile.PE(sys.argv[1]);print(p.VS_FIXEDFILEINFO[0].FileVersionMS,p.verify_checksum())'
    expect(execFileSync(paths.pefile, ['-c', script, file], { encoding: 'utf8' }).trim()).toBe('65538 True')
    spawnSync(paths.wine, ['wineboot', '-k'], { env, timeout: 30_000 })
  })
})
const smallHome = (): string => {
  const project = smallProject({ targets: ['windows-x64'] })
  made.push(dirname(project.root))
  return project.root
}
