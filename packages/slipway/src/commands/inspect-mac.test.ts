// inspect on what macOS has besides packages: icons, property lists, provisioning profiles, and bundles in whatever holds them.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { concat, encodeText } from '@slipway/formats/bytes'
import { writeIcns } from '@slipway/formats/icns'
import { writePlist } from '@slipway/formats/plist/write'
import { writeBinaryPlist } from '@slipway/formats/plist/write-binary'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { unsignedMachO } from '../../../formats/src/testing/binaries.ts'
import { machine } from '../io/machine.ts'
import { runCommandLine } from './frame.ts'
import type { Change } from './inspect/diff.ts'
import type { Report } from './inspect/report.ts'
import { fakeStreams } from './testing/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-inspect-mac-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Doc = Report & { errors: { code: string; hint: string }[]; diff: { changes: Change[] } }
const inspect = async (...args: readonly string[]) => {
  const fake = fakeStreams()
  const code = await runCommandLine(['inspect', '--json', '--cwd', folder, ...args], machine(), fake.streams)
  return { code, doc: JSON.parse(fake.stdout()) as Doc }
}
const text = async (...args: readonly string[]): Promise<string> => {
  const fake = fakeStreams()
  expect(await runCommandLine(['inspect', '--cwd', folder, ...args], machine(), fake.streams)).toBe(0)
  return fake.stdout()
}
const put = (path: string, content: Uint8Array | string, mode = 0o644): void => {
  const place = join(folder, path)
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, content)
  chmodSync(place, mode)
}
const icns = (side: number): Uint8Array => writeIcns({ width: side, height: side, pixels: new Uint8Array(side * side * 4).fill(0x55) })
const profileList = (more: Readonly<Record<string, string | Date>> = {}): string =>
  writePlist({
    Name: 'Tool for the store',
    UUID: '1234-5678',
    AppIDName: 'Tool',
    TeamName: 'Example Team',
    TeamIdentifier: ['ABCDE12345'],
    Platform: ['OSX'],
    CreationDate: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
    ExpirationDate: new Date(Date.UTC(2099, 0, 2, 3, 4, 5)),
    ProvisionedDevices: ['one', 'two'],
    DeveloperCertificates: [Uint8Array.of(1, 2, 3)],
    Entitlements: { 'com.apple.application-identifier': 'ABCDE12345.dev.example.tool', 'com.apple.security.app-sandbox': true },
    ...more,
  })

describe('an icon', () => {
  it('is shown by size, screen and form', async () => {
    put('own.icns', icns(512))
    const { doc } = await inspect('own.icns')
    expect(doc).toMatchObject({ format: 'icns', facts: { largestPixels: 512, retina: true, others: [expect.stringMatching(/^TOC /)] } })
    const images = doc.facts['images'] as readonly string[]
    expect(images[0]).toMatch(/^16x16 argb \(ic04, \d+ bytes\)$/)
    expect(images.find(one => one.startsWith('256x256@2x'))).toMatch(/^256x256@2x png \(ic14, /)
    expect(await text('own.icns')).toMatch(/images +256x256@2x png/)
  })
  it('of an older system is shown with its masks, and a damaged one refused', async () => {
    const member = (type: string, body: Uint8Array): Uint8Array => {
      const size = new Uint8Array(4)
      new DataView(size.buffer).setUint32(0, 8 + body.length)
      return concat([encodeText(type), size, body])
    }
    const jpeg = Uint8Array.of(0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 13, 10)
    put(
      'old.icns',
      member('icns', concat([member('is32', new Uint8Array(300)), member('s8mk', new Uint8Array(256)), member('ic09', jpeg)])),
    )
    expect((await inspect('old.icns')).doc.facts).toEqual({
      images: ['16x16 packed (is32, 300 bytes)', '512x512 jpeg2000 (ic09, 10 bytes)'],
      largestPixels: 512,
      retina: false,
      others: ['s8mk (256 bytes)'],
    })
    put('cut.icns', icns(64).subarray(0, 200))
    expect(await inspect('cut.icns')).toMatchObject({ code: 5, doc: { errors: [{ code: 'icns/truncated' }] } })
  })
  it('is compared by its pictures', async () => {
    put('small.icns', icns(256))
    put('large.icns', icns(512))
    const { changes } = (await inspect('small.icns', '--diff', 'large.icns')).doc.diff
    expect(changes).toContainEqual(expect.objectContaining({ what: 'facts.largestPixels', from: '256', to: '512' }))
    expect(changes.some(one => one.kind === 'added' && one.to?.includes('512x512 png') === true)).toBe(true)
  })
})

describe('a property list', () => {
  it('is shown by its keys, as XML and binary', async () => {
    const value = { CFBundleShortVersionString: '1.2.3', When: new Date(0), Data: Uint8Array.of(1, 2), List: ['a', 1] }
    put('a.plist', writePlist(value))
    put('b.plist', writeBinaryPlist(value))
    const fields = { CFBundleShortVersionString: '1.2.3', When: '"1970-01-01T00:00:00.000Z"', Data: '"2 bytes"', List: '["a",1]' }
    expect((await inspect('a.plist')).doc).toMatchObject({ format: 'plist (XML)', version: '1.2.3', facts: { keys: 4, fields } })
    expect((await inspect('b.plist')).doc).toMatchObject({ format: 'plist (binary)', facts: { fields } })
    expect((await inspect('a.plist', '--diff', 'b.plist')).doc.diff.changes.map(one => one.what)).toEqual(['format', 'sizeBytes'])
    put('list.plist', writePlist(['x']))
    expect((await inspect('list.plist')).doc.facts).toEqual({ value: '["x"]' })
    put('bad.plist', '<?xml version="1.0"?><plist><dict><key>a</key></dict></plist>')
    expect(await inspect('bad.plist')).toMatchObject({ code: 5, doc: { errors: [{ code: 'plist/bad-xml' }] } })
  })
})

describeWithJudge(['openssl'], 'a provisioning profile', ({ openssl }) => {
  const signed = (name: string, list: string, ...more: readonly string[]): void => {
    const run = (...args: readonly string[]) => execFileSync(openssl, args, { cwd: folder, stdio: 'pipe' })
    run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=Tester', '-days', '2')
    put('list', list)
    run('cms', '-sign', '-binary', ...more, '-outform', 'DER', '-signer', 'cert.pem', '-inkey', 'key.pem', '-in', 'list', '-out', name)
  }
  it('says whom it is for, until when, and what it allows', async () => {
    signed('a.provisionprofile', profileList(), '-nodetach')
    const { doc } = await inspect('a.provisionprofile')
    expect(doc).toMatchObject({ format: 'provisioning profile', signatures: ['cms'] })
    expect(doc.facts).toEqual({
      name: 'Tool for the store',
      uuid: '1234-5678',
      appId: 'Tool',
      team: 'Example Team',
      teamIds: ['ABCDE12345'],
      platforms: ['OSX'],
      created: '2026-01-02T03:04:05.000Z',
      expires: '2099-01-02T03:04:05.000Z',
      devices: 2,
      developerCertificates: 1,
      entitlements: ['com.apple.application-identifier = ABCDE12345.dev.example.tool', 'com.apple.security.app-sandbox'],
      signingCertificates: 1,
    })
    signed('plain.provisionprofile', profileList().replace(/<key>DeveloperCertificates<\/key>\s*<array>.*?<\/array>/s, ''), '-nodetach')
    expect((await inspect('plain.provisionprofile')).doc.facts).toMatchObject({ developerCertificates: 0, signingCertificates: 1 })
    signed('b.provisionprofile', profileList({ TeamName: 'Another Team' }), '-nodetach')
    expect((await inspect('a.provisionprofile', '--diff', 'b.provisionprofile')).doc.diff.changes).toContainEqual(
      expect.objectContaining({ what: 'facts.team', from: 'Example Team', to: 'Another Team' }),
    )
  })
  it('says that its time is over, in a bundle too', async () => {
    const old = profileList({ ExpirationDate: new Date(Date.UTC(2020, 0, 2)) })
    signed('old.provisionprofile', old, '-nodetach')
    expect((await inspect('old.provisionprofile')).doc.facts).toMatchObject({ expires: '2020-01-02T00:00:00.000Z', expired: true })
    expect(await text('old.provisionprofile')).toMatch(/expired +true/)
    bundle('Old')
    put('Old/Tool.app/Contents/embedded.provisionprofile', readFileSync(join(folder, 'old.provisionprofile')))
    expect((await inspect('Old/Tool.app')).doc.facts['profile']).toMatchObject({ expired: true })
  })
  it('is no profile where it holds none, and refused where it is cut', async () => {
    signed('other.p7', 'no list')
    expect((await inspect('other.p7')).doc).toMatchObject({ format: 'CMS signed data', facts: { certificates: 1 } })
    put('cut.provisionprofile', readFileSync(join(folder, 'a.provisionprofile')).subarray(0, 900))
    expect(await inspect('cut.provisionprofile')).toMatchObject({ code: 5, doc: { errors: [{ code: 'cms/bad-der' }] } })
  })
  it('is shown with the bundle that it lies in, a damaged one too', async () => {
    bundle('Signed')
    put('Signed/Tool.app/Contents/embedded.provisionprofile', readFileSync(join(folder, 'a.provisionprofile')))
    expect((await inspect('Signed/Tool.app')).doc.facts['profile']).toMatchObject({ team: 'Example Team', devices: 2 })
    put('Signed/Tool.app/Contents/embedded.provisionprofile', readFileSync(join(folder, 'cut.provisionprofile')))
    expect((await inspect('Signed/Tool.app')).doc.facts['profile']).toEqual({ state: 'damaged' })
    put('Signed/Tool.app/Contents/embedded.provisionprofile', 'no profile')
    expect((await inspect('Signed/Tool.app')).doc.facts['profile']).toEqual({ state: 'no provisioning profile' })
  })
})

/** A bundle with a framework, a helper, a plugin and a library. */
function bundle(home: string, version = '1.2.3'): void {
  const root = `${home}/Tool.app/Contents`
  const list = (name: string, more: Readonly<Record<string, string>> = {}): string =>
    writePlist({ CFBundleExecutable: name, CFBundleIdentifier: `dev.example.${name}`, CFBundleShortVersionString: '0.1', ...more })
  const own = { CFBundleShortVersionString: version, CFBundleVersion: '77', LSMinimumSystemVersion: '12.0', CFBundleIconFile: 'Logo' }
  put(`${root}/Info.plist`, list('tool', own))
  put(`${root}/MacOS/tool`, unsignedMachO(), 0o755)
  put(`${root}/_CodeSignature/CodeResources`, 'sealed')
  put(`${root}/Frameworks/F.framework/Versions/A/Resources/Info.plist`, list('F'))
  put(`${root}/Frameworks/F.framework/Versions/A/F`, unsignedMachO(), 0o755)
  symlinkSync('A', join(folder, root, 'Frameworks/F.framework/Versions/Current'))
  put(`${root}/Frameworks/libx.dylib`, unsignedMachO())
  put(`${root}/PlugIns/P.appex/Contents/Info.plist`, list('P'))
  put(`${root}/PlugIns/P.appex/Contents/MacOS/P`, unsignedMachO(), 0o755)
  put(`${root}/Helpers/Other.app/Contents/Info.plist`, list('Other'))
}
const facts = {
  app: {
    path: 'Tool.app',
    id: 'dev.example.tool',
    version: '1.2.3',
    build: '77',
    executable: 'tool',
    minimum: '12.0',
    icon: 'Logo',
    arch: 'arm64',
    sealed: true,
  },
  nested: [
    'Contents/Frameworks/F.framework dev.example.F 0.1 arm64',
    'Contents/Frameworks/libx.dylib arm64',
    'Contents/Helpers/Other.app dev.example.Other 0.1',
    'Contents/PlugIns/P.appex dev.example.P 0.1 arm64',
  ],
}

describe('a bundle', () => {
  bundle('plain')
  it('is a folder that can be looked into', async () => {
    const { doc } = await inspect('plain/Tool.app/')
    expect(doc).toMatchObject({ format: 'app', version: '1.2.3', arch: 'arm64', sha256: null, facts })
    expect(doc.contents).toContainEqual(
      expect.objectContaining({ path: 'Tool.app/Contents/Frameworks/F.framework/Versions/Current', linkTarget: 'A' }),
    )
    expect(await text('plain/Tool.app')).toMatch(/nested +Contents\/Frameworks\/F\.framework dev\.example\.F/)
    expect((await inspect('plain')).doc.errors[0]).toMatchObject({ code: 'inspect/no-file' })
  })
  it.each([
    ['zip', 'a.zip', ['zip', '-qry', '../a.zip', 'Tool.app']],
    ['tar.gz', 'a.tar.gz', ['tar', '-czf', '../a.tar.gz', 'Tool.app']],
  ] as const)('is found in a %s', async (format, file, [tool = '', ...args]) => {
    execFileSync(tool, args, { cwd: join(folder, 'plain') })
    expect((await inspect(file)).doc).toMatchObject({ format, version: '1.2.3', facts })
    expect(
      (await inspect('plain/Tool.app', '--diff', file)).doc.diff.changes.filter(one => one.path !== undefined && one.path !== 'Tool.app'),
    ).toEqual([])
  })
  it('is compared with the next one, whatever its files are called', async () => {
    bundle('next', '1.3.0')
    put('next/Tool.app/Contents/Frameworks/liby.dylib', unsignedMachO())
    const { changes } = (await inspect('plain/Tool.app', '--diff', 'next/Tool.app')).doc.diff
    expect(changes.map(one => `${one.kind} ${one.what} ${one.path ?? one.to ?? ''}`)).toEqual([
      'changed facts.app.version 1.3.0',
      'added facts.nested Contents/Frameworks/liby.dylib arm64',
      expect.stringMatching(/^changed sizeBytes \d+$/),
      'changed version 1.3.0',
      'added contents Tool.app/Contents/Frameworks/liby.dylib',
      'changed contents Tool.app/Contents/Info.plist',
    ])
    expect(await text('plain/Tool.app', '--diff', 'plain/Tool.app')).toMatch(/: the same contents\n$/)
  })
})
