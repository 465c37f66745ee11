// msix: a zip that others open, a block map that holds, and what Windows would refuse is refused before.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import type { App } from '@slipway/core'
import type { DeflatePieceOn } from '@slipway/formats/deflate'
import { deflateHere } from '@slipway/formats/deflate-program'
import { pngHeader, readPng, writePng } from '@slipway/formats/png'
import { readPri } from '@slipway/formats/pri/read'
import * as z from 'zod'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { smallProject } from '../../../../test/kit/project.ts'
import { msix } from './msix.ts'
import type { Lend } from './packager.ts'
import { lendFrom } from './testing/lend.ts'
import { app as baseApp, date, noise, treeOf, type Content } from './testing/trees.ts'

const folder = mkdtempSync(join(tmpdir(), 'msix-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const png = (side: number): Uint8Array => writePng({ width: side, height: side, pixels: new Uint8Array(side * side * 4).fill(0x90) })
const svg = (viewBox: string): Uint8Array =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="${viewBox}"><rect width="10" height="5" fill="#f00"/></svg>`)
const app: App = {
  ...baseApp,
  icon: 'icon.png',
  protocols: ['tool'],
  opens: [{ type: 'text/x-tool', extensions: ['tool'], name: 'Tool file' }],
}
const files: Readonly<Record<string, Content>> = {
  tool: 'MZ program',
  'data/big': noise(200_000),
  'data/empty': '',
  'with space & ü.txt': 'text',
}

interface Making {
  readonly options?: Readonly<Record<string, unknown>>
  readonly app?: Partial<App>
  readonly target?: string
  readonly contents?: Readonly<Record<string, Content>>
  readonly icon?: Uint8Array | null
  readonly deflate?: DeflatePieceOn
  readonly lend?: Lend
}
const made = async ({
  options = {},
  app: more = {},
  target = 'windows-x64',
  contents = files,
  icon = png(256),
  deflate,
  lend,
}: Making = {}): Promise<Buffer> => {
  const assets = new Map(icon === null ? [] : ['icon.png', 'icon.svg'].map(path => [path, { bytes: icon, sha256: '' }] as const))
  const parts: Uint8Array[] = []
  const subject = {
    app: { ...app, ...more },
    target,
    tree: treeOf(contents),
    date,
    assets,
    ...(deflate === undefined ? {} : { deflate }),
    ...(lend === undefined ? {} : { lend }),
  }
  for await (const part of msix.pack(subject, z.strictObject(msix.options).parse(options))) parts.push(Uint8Array.from(part))
  return Buffer.concat(parts)
}
const codeOf = (making: Promise<unknown>): Promise<string> =>
  making.then(
    () => 'none',
    (error: { problems?: readonly { code: string }[] }) => error.problems?.[0]?.code ?? 'no code',
  )

/** Reads a zip by its directory: nothing of ours is asked. */
const membersOf = (
  bytes: Buffer,
): ReadonlyMap<string, { readonly headerBytes: number; readonly packed: Buffer; readonly plain: Buffer }> => {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  const members = new Map<string, { headerBytes: number; packed: Buffer; plain: Buffer }>()
  for (let at = bytes.readUInt32LE(end + 16); bytes.readUInt32LE(at) === 0x02014b50;) {
    const [packedBytes, nameBytes, extraBytes, noteBytes, local] = [
      bytes.readUInt32LE(at + 20),
      bytes.readUInt16LE(at + 28),
      bytes.readUInt16LE(at + 30),
      bytes.readUInt16LE(at + 32),
      bytes.readUInt32LE(at + 42),
    ]
    const headerBytes = 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    const packed = bytes.subarray(local + headerBytes, local + headerBytes + packedBytes)
    members.set(bytes.subarray(at + 46, at + 46 + nameBytes).toString(), {
      headerBytes,
      packed,
      plain: bytes.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed),
    })
    at += 46 + nameBytes + extraBytes + noteBytes
  }
  return members
}

describe('msix', () => {
  it('has the same bytes twice', async () => {
    expect(Buffer.compare(await made(), await made())).toBe(0)
  })
  it('has a block map by which each block can be unpacked and checked alone', async () => {
    const members = membersOf(await made())
    expect([...members.keys()].slice(-3)).toEqual(['AppxManifest.xml', 'AppxBlockMap.xml', '[Content_Types].xml'])
    const map = members.get('AppxBlockMap.xml')?.plain.toString() ?? ''
    const listed = [...map.matchAll(/<File Name="([^"]*)" Size="(\d+)" LfhSize="(\d+)">([^]*?)<\/File>/g)]
    expect(listed).toHaveLength(members.size - 2)
    for (const [, name = '', size, header, blocks = ''] of listed) {
      const path = name.replaceAll('&amp;', '&').split('\\').map(encodeURIComponent).join('/')
      const member = members.get(path)
      expect([member?.plain.length, member?.headerBytes], path).toEqual([Number(size), Number(header)])
      let [at, plainAt] = [0, 0]
      for (const [, hash, blockBytes] of blocks.matchAll(/<Block Hash="([^"]*)" Size="(\d+)"\/>/g)) {
        const packed = member?.packed.subarray(at, at + Number(blockBytes)) ?? Buffer.alloc(0)
        const plain = inflateRawSync(Buffer.concat([packed, Buffer.from([3, 0])]))
        expect(createHash('sha256').update(plain).digest('base64')).toBe(hash)
        expect(plain.equals(member?.plain.subarray(plainAt, plainAt + plain.length) ?? Buffer.alloc(0))).toBe(true)
        at += Number(blockBytes)
        plainAt += plain.length
      }
      expect(plainAt).toBe(Number(size))
    }
  })
  it('says in its manifest what the config says', async () => {
    const manifest =
      membersOf(
        await made({ options: { publisher: 'CN=Flet, C=CA', prerelease: 'drop' }, app: { version: '1.2.3-beta.4', name: 'A <Tool>' } }),
      )
        .get('AppxManifest.xml')
        ?.plain.toString() ?? ''
    expect(manifest).toContain(
      '<Identity Name="dev.example.tool" Publisher="CN=Flet, C=CA" Version="1.2.3.0" ProcessorArchitecture="x64"/>',
    )
    expect(manifest).toContain('<DisplayName>A &lt;Tool&gt;</DisplayName>')
    expect(manifest).toContain('<uap:Protocol Name="tool"/>')
    expect(manifest).toContain('<uap:FileType>.tool</uap:FileType>')
    expect(manifest).toContain('Alias="tool.exe"')
  })
  it('holds no version with words unless that was asked for, and takes no other one of the same numbers for newer', async () => {
    expect(await codeOf(made({ app: { version: '1.2.3-beta.4' } }))).toBe('msix/prerelease')
    expect(await codeOf(made({ app: { version: '1.2.3+build-7' } }))).toBe('none')
    const compare = (before: string, after: string): number =>
      msix.compare?.(
        { app: { ...app, version: before }, target: 'windows-x64' },
        { app: { ...app, version: after }, target: 'windows-x64' },
        {} as never,
      ) ?? Number.NaN
    expect([compare('1.9.0', '1.10.0') < 0, compare('2.0.0', '1.9.0') > 0]).toEqual([true, true])
    expect(compare('1.2.3-beta.1', '1.2.3-beta.2')).toBe(0)
  })
  it('has its pictures in all scales and sizes, and an index that leads to each', async () => {
    const members = membersOf(await made({ icon: png(512) }))
    const index = readPri(members.get('resources.pri')?.plain ?? Buffer.alloc(0))
    expect([index.name, index.uniqueName]).toEqual(['dev.example.tool', 'ms-appx://dev.example.tool/'])
    const manifest = members.get('AppxManifest.xml')?.plain.toString() ?? ''
    const named = [...manifest.matchAll(/Assets\\[A-Za-z0-9]+\.png/g)].map(([path]) => `Files/${path.replaceAll('\\', '/')}`)
    expect(named.toSorted()).toEqual(index.resources.map(one => one.name).toSorted())
    const shown = new Map<string, number>()
    for (const { name, candidates } of index.resources)
      for (const { text = '', qualifiers } of candidates) {
        const asked = qualifiers.map(one => `${one.name}=${one.value}`).join(' ')
        const { width, height } = pngHeader(members.get(text.replaceAll('\\', '/'))?.plain ?? Buffer.alloc(0))
        shown.set(`${name.replace(/^.*\/|Logo\.png$/g, '')} ${asked}`, width === height ? width : width * 10_000 + height)
      }
    const sides = (name: string, way: string, values: readonly number[]) =>
      values.map(value => shown.get(`${name} ${way.replace('?', String(value))}`))
    const scales = [100, 125, 150, 200, 400]
    expect(sides('Square44x44', 'Scale=?', scales)).toEqual([44, 55, 66, 88, 176])
    expect(sides('Square150x150', 'Scale=?', scales)).toEqual([150, 188, 225, 300, 600])
    expect(sides('Store', 'Scale=?', scales)).toEqual([50, 63, 75, 100, 200])
    expect(sides('Wide310x150', 'Scale=?', scales)).toEqual([3_100_150, 3_880_188, 4_650_225, 6_200_300, 12_400_600])
    for (const form of ['', ' AlternateForm=UNPLATED', ' AlternateForm=LIGHTUNPLATED'])
      expect(sides('Square44x44', `TargetSize=?${form}`, [16, 24, 32, 48, 256])).toEqual([16, 24, 32, 48, 256])
    // At 400 % it would be half of all pixels.
    expect(sides('Square310x310', 'Scale=?', scales)).toEqual([310, 388, 465, 620, undefined])
    expect(shown.get('Square310x310 ')).toBe(620)
    expect(shown.size).toBe(50)
  })
  it('leaves the scales out for which an icon is too small', async () => {
    const { resources } = readPri(membersOf(await made({ icon: png(256) })).get('resources.pri')?.plain ?? Buffer.alloc(0))
    const scalesOf = (name: string) =>
      resources.find(one => one.name.endsWith(`/${name}.png`))?.candidates.flatMap(one => one.qualifiers.map(({ value }) => value))
    expect(scalesOf('Square150x150Logo')).toEqual(['200', '150', '125', '100'])
    expect(scalesOf('Square310x310Logo')).toEqual(['100'])
  })
  it('packs large files and many small ones in their order, the same on any thread', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`data/${index}`, `file ${index}`]))
    const contents = { ...files, ...many, large: noise(5_000_000) }
    const bytes = await made({ contents })
    const late: DeflatePieceOn = async (block, level) => {
      await new Promise(resolve => setTimeout(resolve, block.length % 7))
      return deflateHere(block, level)
    }
    expect(Buffer.compare(bytes, await made({ contents, deflate: late }))).toBe(0)
    const members = membersOf(bytes)
    expect([...members.keys()].slice(0, 305)).toEqual(
      Object.keys(contents)
        .toSorted()
        .map(path => path.split('/').map(encodeURIComponent).join('/')),
    )
    expect(members.get('large')?.plain.equals(Buffer.from(noise(5_000_000)))).toBe(true)
  })
  it.each([
    ['msix/bad-identity', { app: { id: '' } }],
    ['msix/bad-publisher', { options: { publisher: 'Flet' } }],
    ['msix/bad-version', { app: { version: '70000.0.0' } }],
    ['msix/bad-minimum', { options: { minimum: '11' } }],
    ['msix/bad-target', { target: 'windows-any' }],
    ['msix/no-icon', { icon: null }],
    ['msix/small-icon', { icon: png(128) }],
    ['msix/no-tool', { icon: svg('0 0 10 10'), app: { icon: 'icon.svg' } }],
    ['msix/no-executable', { contents: { other: 'x' } }],
    ['msix/taken-name', { contents: { tool: 'x', 'Resources.pri': 'x' } }],
    ['msix/taken-name', { contents: { tool: 'x', 'assets/StoreLogo.scale-100.png': 'x' } }],
    ['windows/bad-name', { contents: { tool: 'x', 'aux.txt': 'x' } }],
    ['windows/same-name', { contents: { tool: 'x', Tool: 'y' } }],
    ['windows/link', { contents: { tool: 'x', link: { link: 'tool' } } }],
  ] as const)('refuses: %s', async (code, making) => {
    expect(await codeOf(made(making as Making))).toBe(code)
  })
})

describeWithJudge(['rsvg-convert'], 'an icon of SVG', () => {
  const drawn = (viewBox: string): Making => ({ icon: svg(viewBox), app: { icon: 'icon.svg' }, lend: lendFrom(date) })
  it('is drawn in every scale', async () => {
    const members = membersOf(await made(drawn('0 0 10 10')))
    const { width, pixels } = readPng(members.get('Assets/Square44x44Logo.targetsize-256.png')?.plain ?? Buffer.alloc(0))
    // Red above, nothing below.
    expect([width, [...pixels.subarray(0, 4)], pixels.at(-1)]).toEqual([256, [255, 0, 0, 255], 0])
    expect(members.has('Assets/Square150x150Logo.scale-400.png')).toBe(true)
  })
  it('is refused where it is no square', async () => {
    expect(await codeOf(made(drawn('0 0 10 20')))).toBe('msix/svg-icon')
  })
})

describeWithJudge(['unzip', '7z'], 'msix, as others read it', judges => {
  it('is a sound zip, and no longer one with a byte changed', async () => {
    const file = join(folder, 'tool.msix')
    writeFileSync(file, await made())
    expect(execFileSync(judges.unzip, ['-t', file], { encoding: 'utf8' })).toContain('No errors detected')
    execFileSync(judges['7z'], ['x', '-y', `-o${join(folder, 'out')}`, file], { stdio: 'pipe' })
    expect(readdirSync(join(folder, 'out')).toSorted()).toContain('AppxBlockMap.xml')
    expect(readFileSync(join(folder, 'out/data/big')).equals(Buffer.from(noise(200_000)))).toBe(true)
    const damaged = readFileSync(file)
    damaged[5000] = (damaged[5000] ?? 0) ^ 0xff
    writeFileSync(file, damaged)
    expect(spawnSync(judges.unzip, ['-t', file]).status).not.toBe(0)
  })
})

describe('inspect', () => {
  it('says what an MSIX package is', async () => {
    const file = join(folder, 'inspected.msix')
    writeFileSync(file, await made())
    const { data } = await smallProject().json(['inspect', file])
    expect(data).toMatchObject({
      format: 'msix',
      version: '1.2.3.0',
      signatures: [],
      facts: { name: 'dev.example.tool', processor: 'x64', executable: 'tool', minimum: '10.0.17763.0', capabilities: ['runFullTrust'] },
    })
  })
})

describeWithJudge(['osslsigncode'], 'msix, as osslsigncode signs and checks it', ({ osslsigncode }) => {
  it('has the hashes that its block map says, and not with a byte changed', async () => {
    const [key, certificate, file, signed] = ['key.pem', 'certificate.pem', 'to-sign.msix', 'signed.msix'].map(name =>
      join(folder, name),
    ) as [string, string, string, string]
    const request = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=Test',
      '-addext',
      'extendedKeyUsage=codeSigning',
    ]
    execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'pipe' })
    writeFileSync(file, await made({ options: { publisher: 'CN=Test' } }))
    execFileSync(osslsigncode, ['sign', '-certs', certificate, '-key', key, '-h', 'sha256', '-in', file, '-out', signed], { stdio: 'pipe' })
    const verify = () => spawnSync(osslsigncode, ['verify', '-CAfile', certificate, '-in', signed], { encoding: 'utf8' })
    const { status, stdout } = verify()
    expect(status, stdout).toBe(0)
    for (const [, current, calculated] of stdout.matchAll(/Current message digest {4}: (\w+) *\nCalculated message digest : (\w+)/g))
      expect(calculated).toBe(current)
    expect(stdout).toContain('Checking Block Map hashes')
    const damaged = readFileSync(signed)
    damaged[5000] = (damaged[5000] ?? 0) ^ 0xff
    writeFileSync(signed, damaged)
    expect(verify().status).not.toBe(0)
  })
})

describe('appinstaller', () => {
  it('names the package by its address and identity; where updates are looked for, if told', async () => {
    const url = 'https://dl.example.org'
    const tiny = {
      name: 'tiny',
      bin: 'tiny',
      id: 'dev.example.tiny',
      version: '1.0.0',
      license: 'MIT',
      summary: 'A tiny program',
      publisher: 'Tiny',
      icon: 'icon.png',
      date: '2026-01-02',
    }
    const packages = { msix: true, appinstaller: { uri: 'https://dl.example.org/tiny.appinstaller', hours: 0 } }
    const project = smallProject({ url, targets: ['windows-x64'], more: { app: tiny, packages, feeds: {} } })
    writeFileSync(join(project.root, 'icon.png'), png(256))
    const ran = await project.run(['package'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const text = readFileSync(join(project.root, 'dist/1.0.0/tiny-1.0.0-windows-x64.appinstaller'), 'utf8')
    expect(text).toContain('Uri="https://dl.example.org/tiny.appinstaller" Version="1.0.0.0"')
    expect(text).toContain(
      `<MainPackage Name="dev.example.tiny" Publisher="CN=Tiny" Version="1.0.0.0" ProcessorArchitecture="x64" Uri="${url}/releases/1.0.0/tiny-1.0.0-windows-x64.msix"/>`,
    )
    expect(text).toContain('HoursBetweenUpdateChecks="0"')
  })
})
