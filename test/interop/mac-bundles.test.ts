// A macOS bundle with programs inside of programs, packed by the command line: rcodesign, which we did not write, names each of them and judges what is signed.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { collect, fromBytes } from '../../packages/formats/src/bytes.ts'
import { signAdHoc } from '../../packages/formats/src/macho/sign-adhoc.ts'
import { writePlist } from '../../packages/formats/src/plist/write.ts'
import { unsignedMachO } from '../../packages/formats/src/testing/binaries.ts'
import { signedMachO } from '../../packages/formats/src/testing/signed-macho.ts'
import { describeWithJudge } from '../kit/judges.ts'
import { smallProject } from '../kit/project.ts'

const id = 'dev.example.tool'
const folder = mkdtempSync(join(tmpdir(), 'mac-bundles-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const bundle = join(folder, 'project/Tool.app')
const unpacked = join(folder, 'unpacked')
const put = (path: string, bytes: Uint8Array | string): void => {
  mkdirSync(dirname(join(bundle, path)), { recursive: true })
  writeFileSync(join(bundle, path), bytes, { mode: 0o755 })
}
const link = (path: string, to: string): void => symlinkSync(to, join(bundle, path))
const programs = [
  'Contents/Frameworks/Part.framework/Versions/A/Part',
  'Contents/Frameworks/libpart.dylib',
  'Contents/Helpers/Helper.app/Contents/MacOS/Helper',
  'Contents/Library/LoginItems/Login.app/Contents/MacOS/Login',
  'Contents/MacOS/tool',
]
const links = {
  'Contents/Frameworks/Part.framework/Part': 'Versions/Current/Part',
  'Contents/Frameworks/Part.framework/Versions/Current': 'A',
}

/** What it says of one path, as YAML. */
interface Entity {
  readonly path: string
  readonly text: string
}
const said = (entity: Entity | undefined, key: string): string | undefined =>
  new RegExp(`^ +${key}: ?(.*)$`, 'm').exec(entity?.text ?? '')?.[1]

describeWithJudge(['rcodesign', 'unzip'], 'a macOS bundle', ({ rcodesign, unzip }) => {
  beforeAll(async () => {
    for (const [index, path] of programs.entries()) {
      // Others signed it, with the hardened runtime and an entitlement: the plist changes, so it is signed anew.
      if (path === 'Contents/MacOS/tool') {
        put(path, await signedMachO())
        continue
      }
      const identifier = `${id}.part${index}`
      const signed = await signAdHoc(fromBytes(unsignedMachO({ type: path.includes('Frameworks') ? 6 : 2, room: 4096 })), { identifier })
      put(path, await collect(signed.chunks(), 1 << 20))
    }
    put('Contents/Info.plist', writePlist({ CFBundleExecutable: 'tool', CFBundleIdentifier: id }))
    for (const [path, name] of [
      ['Contents/Helpers/Helper.app', 'Helper'],
      ['Contents/Library/LoginItems/Login.app', 'Login'],
    ] as const)
      put(`${path}/Contents/Info.plist`, writePlist({ CFBundleExecutable: name, CFBundleIdentifier: `${id}.${name}` }))
    for (const [path, to] of Object.entries(links)) link(path, to)
    const app = { name: 'Tool', id, bin: 'tool', version: '1.0.0', license: 'MIT', date: '2023-11-14' }
    const build = { prebuilt: { from: 'Tool.app', bin: 'Contents/MacOS/tool' } }
    const project = smallProject({ targets: ['macos-arm64'], more: { app, build, packages: ['app.zip'], feeds: [] }, folder })
    const ran = await project.run(['package', '--profile', 'dev'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    execFileSync(unzip, ['-q', join(project.root, 'dist/1.0.0/tool-1.0.0-macos-arm64.app.zip'), '-d', unpacked])
  })
  const entities = (): readonly Entity[] =>
    execFileSync(rcodesign, ['print-signature-info', join(unpacked, 'Tool.app')], { encoding: 'utf8', stdio: 'pipe' })
      .split(/^- path: /m)
      .slice(1)
      .map(text => ({ path: text.slice(0, text.indexOf('\n')), text }))

  it('holds every program and every link, as they went in', () => {
    const found = entities()
    expect(found.filter(one => said(one, 'mach_o') !== undefined).map(one => one.path)).toEqual(programs)
    const targets = found.map(one => [one.path, said(one, 'symlink_target')] as const)
    expect(Object.fromEntries(targets.filter(([, target]) => target !== undefined))).toEqual(links)
  })
  it('is signed ad hoc under its id, each page with its digest; a twin of another byte is not', () => {
    const own = entities().find(one => one.path === 'Contents/MacOS/tool')
    expect(said(own, 'identifier')).toBe(id)
    expect(said(own, 'flags')).toContain('ADHOC')
    expect(said(own, 'flags')).toContain('RUNTIME')
    expect(said(own, 'runtime_version')).toBe('13.1.0')
    expect(own?.text).toContain('com.apple.security.device.audio-input')
    expect(own?.text).toContain('entitlements_der_plist')
    const [program, twin] = [join(unpacked, 'Tool.app/Contents/MacOS/tool'), join(folder, 'twin')]
    const bytes = readFileSync(program)
    bytes.writeUInt8(bytes.readUInt8(3000) ^ 1, 3000)
    writeFileSync(twin, bytes)
    const judged = (path: string): string => spawnSync(rcodesign, ['verify', path], { encoding: 'utf8' }).stdout
    expect(judged(twin)).toContain('code digest mismatch for entry 0')
    // It misses the CMS that an ad-hoc signature has none of, and nothing else.
    expect(judged(program)).not.toContain('mismatch')
  })
})
