// prebuilt: folders, archives, single programs and npm packages from a registry on loopback; and what each must refuse.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { SlipwayError } from '@slipway/core'
import { writePlist } from '@slipway/formats/plist/write'
import { writeTar, type TarFile } from '@slipway/formats/tar'
import { collect } from '@slipway/formats/bytes'
import { deflatedOf, deflatePieces, type DeflatePiece } from '@slipway/formats/deflate'
import { writeZip } from '@slipway/formats/zip/write'
import { gzipSync } from 'node:zlib'
import { machine } from '../io/machine.ts'
import { integrityOf, type BuildJob } from './builder.ts'
import { prebuilt } from './prebuilt.ts'
import { doorWith, elf, jobIn, machO, pe } from './testing/jobs.ts'

const parent = mkdtempSync(join(tmpdir(), 'prebuilt-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'case-'))
  mkdirSync(join(folder, 'project'))
})
const put = (path: string, bytes: string | Uint8Array, mode = 0o644): string => {
  const file = join(folder, 'project', path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, bytes)
  chmodSync(file, mode)
  return file
}
type Options = Parameters<typeof prebuilt.build>[1]
const build = (options: Options, changes: Partial<BuildJob> = {}) => prebuilt.build(jobIn(folder, changes), options)
const paths = async (options: Options, changes: Partial<BuildJob> = {}): Promise<readonly string[]> =>
  (await build(options, changes)).entries.map(one => one.path)
const x64 = elf(62)
const [intel, arm] = [0x01000007, 0x0100000c]

describe('prebuilt from a folder', () => {
  it('finds the executable and marks it', async () => {
    put('out/linux-x64/lib/tool', 'not it', 0o644)
    put('out/linux-x64/tool', x64, 0o644)
    put('out/linux-x64/other', x64, 0o755)
    const tree = await build({ from: 'out/{target}' })
    expect(tree.executable).toBe('tool')
    expect(tree.entries.find(one => one.path === 'tool')).toMatchObject({ mode: 0o755 })
  })
  it('takes the path of its option, or the only executable', async () => {
    put('out/program', x64, 0o755)
    put('out/data', 'x')
    expect((await build({ from: 'out' })).executable).toBe('program')
    put('out/second-1.2.3', x64, 0o755)
    await expect(build({ from: 'out' })).rejects.toThrow('prebuilt/no-executable')
    expect((await build({ from: 'out', bin: 'second-{version}' })).executable).toBe('second-1.2.3')
    await expect(build({ from: 'out', bin: 'none' })).rejects.toThrow('prebuilt/no-executable')
    await expect(build({ from: 'out' })).rejects.toThrow('no file in "out" (linux-x64) is named "tool"')
    await expect(build({ from: 'out', bin: 'none' })).rejects.toThrow('"out" (linux-x64) has no file "none"')
  })
  it('says that a folder without a file is empty, and to build first', async () => {
    mkdirSync(join(folder, 'project/out/linux-x64/inner'), { recursive: true })
    await expect(build({ from: 'out/{target}', bin: 'tool' })).rejects.toMatchObject({
      problems: [
        {
          code: 'prebuilt/empty',
          message: '"out/linux-x64", which build.prebuilt.from says for linux-x64, holds no file',
          hint: expect.stringMatching(/^Build the app first/),
          exit: 'input',
        },
      ],
    })
  })
  it('follows a link to the folder', async () => {
    put('real/tool', x64)
    symlinkSync('real', join(folder, 'project/out'))
    expect(await paths({ from: 'out' })).toEqual(['tool'])
  })
  it('takes one entry a target, exact before a pattern', async () => {
    put('a/tool', x64)
    put('b/tool', elf(183))
    const from = { 'linux-*': 'b', 'linux-x64': 'a' }
    expect((await build({ from })).executable).toBe('tool')
    expect((await build({ from }, { target: 'linux-arm64' })).executable).toBe('tool')
    await expect(build({ from }, { target: 'macos-x64' })).rejects.toThrow('prebuilt/missing')
    expect(prebuilt.targets?.({ from })).toEqual([])
    expect(prebuilt.targets?.({ from: { 'linux-x64': 'a', 'linux-arm64': 'b' } })).toEqual(['linux-x64', 'linux-arm64'])
  })
  it('names the target of what is missing', async () => {
    const error = await build({ from: 'none/{target}' }).catch((caught: unknown) => caught)
    expect(error instanceof SlipwayError && error.problems[0]).toMatchObject({
      code: 'prebuilt/missing',
      where: { target: 'linux-x64' },
      exit: 'input',
    })
  })
  it('names its problems before a build', () => {
    expect(prebuilt.check?.(jobIn(folder), {}).map(one => one.code)).toEqual(['prebuilt/no-from'])
    expect(prebuilt.check?.(jobIn(folder), { from: { 'macos-x64': 'x' } }).map(one => one.code)).toEqual(['prebuilt/missing'])
    expect(() => prebuilt.check?.(jobIn(folder), { from: 'out/{wrong}' })).toThrow('builders/unknown-placeholder')
  })
})

describe('prebuilt, the header of the executable', () => {
  const glibc = '/lib64/ld-linux-x86-64.so.2'
  const musl = '/lib/ld-musl-x86_64.so.1'
  const right: readonly (readonly [string, Uint8Array])[] = [
    ['linux-x64', x64],
    ['linux-x64', elf(62, glibc)],
    ['linux-x64-musl', elf(62, musl)],
    ['linux-x64-musl', x64],
    ['linux-arm64', elf(183)],
    ['windows-x64', pe(0x8664)],
    ['windows-arm64', pe(0xaa64)],
    ['macos-x64', machO(intel)],
    ['macos-arm64', machO(arm)],
    ['macos-arm64', new TextEncoder().encode('#!/bin/sh\n')],
  ]
  it.each(right)('takes the right one for %s', async (target, bytes) => {
    put('tool', bytes)
    expect((await build({ from: 'tool' }, { target })).entries).toHaveLength(1)
  })
  const wrong: readonly (readonly [string, Uint8Array, string])[] = [
    ['linux-x64', elf(183), 'linux-arm64'],
    ['linux-x64', elf(62, musl), 'linux-x64 (musl)'],
    ['linux-x64-musl', elf(62, glibc), 'linux-x64 (glibc)'],
    ['macos-x64', x64, 'linux-x64'],
    ['linux-x64', pe(0x8664), 'windows-x64'],
    ['windows-x64', pe(0xaa64), 'windows-arm64'],
    ['windows-x64', machO(intel), 'macos-x64'],
    ['macos-arm64', machO(intel), 'macos-x64'],
    ['macos-universal', machO(arm), 'macos-arm64'],
    ['linux-x64', new Uint8Array(0), 'an empty file'],
    ['linux-x64', new TextEncoder().encode('hello'), 'no program'],
    ['linux-x64', x64.subarray(0, 30), 'a damaged program'],
  ]
  it.each(wrong)('refuses the wrong one for %s', async (target, bytes, words) => {
    put('tool', bytes)
    const error = await build({ from: 'tool' }, { target }).catch((caught: unknown) => caught)
    expect(error instanceof SlipwayError && error.problems[0]).toMatchObject({ code: 'prebuilt/wrong-binary', where: { target } })
    expect(String(error)).toContain(words)
  })
})

const entry = (path: string, changes: Partial<TarFile> = {}): TarFile => ({
  type: 'file',
  path,
  mode: 0o755,
  mtime: 0,
  sizeBytes: x64.length,
  bytes: async function* () {
    yield x64
  },
  ...changes,
})
const tarOf = (...entries: readonly TarFile[]): Promise<Uint8Array> => collect(writeTar(entries), 1 << 24)
const link = (path: string, linkTarget: string): TarFile => ({ type: 'symlink', path, mode: 0o777, mtime: 0, sizeBytes: 0, linkTarget })

describe('prebuilt from an archive', () => {
  it('unpacks tar, tar.gz, tar.zst and zip by what they are, without a wrapping folder', async () => {
    const tar = await tarOf(entry('tool-1/bin/tool'), entry('tool-1/data', { mode: 0o600 }), link('tool-1/link', 'data'))
    put('a', tar)
    put('b', gzipSync(tar))
    put('c.tar', tar)
    execFileSync('zstd', ['-q', 'c.tar', '-o', 'd'], { cwd: join(folder, 'project') })
    const pieces: DeflatePiece[] = []
    for await (const piece of deflatePieces([x64], { level: 6 })) pieces.push(piece)
    const zipped = writeZip([
      { type: 'file', path: 'tool-1/bin/tool', mode: 0o755, mtime: 0, deflated: deflatedOf(pieces) },
      { type: 'file', path: 'tool-1/data', mode: 0o644, mtime: 0, deflated: deflatedOf(pieces) },
      { type: 'symlink', path: 'tool-1/link', mode: 0o777, mtime: 0, linkTarget: 'data' },
    ])
    put('e', await collect(zipped, 1 << 20))
    for (const from of ['a', 'b', 'd', 'e']) {
      const tree = await build({ from })
      expect(tree.executable).toBe('bin/tool')
      expect(tree.entries.map(one => `${one.type} ${one.path}`)).toEqual(['folder bin', 'file bin/tool', 'file data', 'link link'])
      expect(tree.entries.find(one => one.path === 'data')).toMatchObject({ mode: 0o644 })
    }
  })
  it('takes the program that the Info.plist of a bundle names, or says which one is not there', async () => {
    const list = (name: string): Uint8Array => new TextEncoder().encode(writePlist({ CFBundleExecutable: name }))
    for (const home of ['Tool.app/', '']) {
      const at = `out${home.length}/${home}Contents`
      put(`${at}/Info.plist`, list('Other'))
      put(`${at}/MacOS/Other`, machO(arm), 0o755)
      put(`${at}/MacOS/second`, machO(arm), 0o755)
      const options = { from: `out${home.length}` }
      expect((await build(options, { target: 'macos-arm64' })).executable).toBe(`${home}Contents/MacOS/Other`)
      put(`${at}/Info.plist`, list('gone'))
      await expect(build(options, { target: 'macos-arm64' })).rejects.toMatchObject({
        problems: [
          {
            code: 'prebuilt/no-executable',
            message: expect.stringContaining(`no "${home}Contents/MacOS/gone", which its Info.plist names`),
            hint: 'Build the bundle again, or correct CFBundleExecutable.',
          },
        ],
      })
    }
  })
  it('keeps a macOS bundle whole', async () => {
    const program = machO(arm)
    put(
      'a.tar',
      await tarOf(
        entry('Tool.app/Contents/MacOS/tool', {
          sizeBytes: program.length,
          bytes: async function* () {
            yield program
          },
        }),
      ),
    )
    expect((await build({ from: 'a.tar' }, { target: 'macos-arm64' })).executable).toBe('Tool.app/Contents/MacOS/tool')
  })
  it.each([
    ['a path outside', (tar: Uint8Array) => renamed(tar, 'xx/evil', '../evil'), [entry('xx/evil')]],
    ['an absolute path', (tar: Uint8Array) => renamed(tar, 'xx/evil', '/x/evil'), [entry('xx/evil')]],
    ['a link outside', (tar: Uint8Array) => tar, [entry('tool'), link('out', '../../etc')]],
    ['an absolute link', (tar: Uint8Array) => tar, [entry('tool'), link('out', '/etc/passwd')]],
    ['a file below a link', (tar: Uint8Array) => tar, [link('d', 'e'), entry('d/tool')]],
    ['a file twice', (tar: Uint8Array) => tar, [entry('tool'), entry('tool')]],
    ['setuid', (tar: Uint8Array) => tar, [entry('tool', { mode: 0o4755 })]],
    ['control characters', (tar: Uint8Array) => tar, [entry('to\nol')]],
    ['a device', (tar: Uint8Array) => typed(tar, '3'), [entry('tool', { sizeBytes: 0, bytes: async function* () {} })]],
  ] as const)('refuses %s', async (_, change, entries) => {
    put('a.tar', change(await tarOf(...entries)))
    await expect(build({ from: 'a.tar' })).rejects.toThrow('builders/unsafe-archive')
    expect(existsSync(join(folder, 'evil'))).toBe(false)
    expect(existsSync(join(folder, 'scratch/evil'))).toBe(false)
  })
  it('refuses a damaged one', async () => {
    const packed = gzipSync(await tarOf(entry('tool')))
    put('a.tgz', packed.subarray(0, packed.length - 20))
    await expect(build({ from: 'a.tgz' })).rejects.toThrow('builders/bad-archive')
  })
})

/** Another name of the same length in the first header. */
const renamed = (tar: Uint8Array, from: string, to: string): Uint8Array => {
  const bytes = Buffer.from(tar)
  expect(bytes.toString('latin1', 0, from.length)).toBe(from)
  bytes.write(to, 0, 'latin1')
  return checksummed(bytes)
}
const typed = (tar: Uint8Array, flag: string): Uint8Array => {
  const bytes = Buffer.from(tar)
  bytes.write(flag, 156, 'latin1')
  return checksummed(bytes)
}
const checksummed = (bytes: Buffer): Uint8Array => {
  bytes.fill(0x20, 148, 156)
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return bytes
}

describe('prebuilt from npm', () => {
  const input = 'npm:@acme/tool-linux-x64@1.2.3'
  const withRegistry = async (body: (job: Partial<BuildJob>, requests: string[]) => Promise<void>): Promise<void> => {
    const tarball = gzipSync(
      await tarOf(entry('package/bin/tool'), entry('package/README.md', { mode: 0o644 }), entry('package/package.json', packageJson)),
    )
    const requests: string[] = []
    const server = createServer((request, response) => {
      requests.push(request.url ?? '')
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      if (request.url?.endsWith('.tgz') === true) return void response.end(tarball)
      if (request.url?.toLowerCase() !== '/@acme%2ftool-linux-x64') return void response.writeHead(404).end('{}')
      response.setHeader('content-type', 'application/json')
      const dist = { tarball: `${base}/@acme/tool-linux-x64/-/tool-linux-x64-1.2.3.tgz` }
      const versions = { '1.2.3': { name: '@acme/tool-linux-x64', version: '1.2.3', dist } }
      response.end(JSON.stringify({ name: '@acme/tool-linux-x64', 'dist-tags': { latest: '1.2.3' }, versions }))
    })
    await listening(server)
    const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const io = doorWith({ npm_config_registry: registry, npm_config_cache: join(folder, 'npm-cache'), npm_config_fetch_retries: '0' })
    await body({ io }, requests).finally(() => server.close())
  }
  const listening = (server: Server): Promise<void> => new Promise(resolve => void server.listen(0, '127.0.0.1', resolve))
  const manifest = new TextEncoder().encode('{"name":"@acme/tool-linux-x64","version":"1.2.3"}')
  const packageJson: Partial<TarFile> = {
    mode: 0o644,
    sizeBytes: manifest.length,
    bytes: async function* () {
      yield manifest
    },
  }

  it('says what it fetches, with the version of the app unless one is written', () => {
    expect(prebuilt.inputs?.(jobIn(folder), { from: 'npm:@acme/tool-{npm}' })).toEqual([input])
    expect(prebuilt.inputs?.(jobIn(folder), { from: 'npm:tool@2.0.0-beta.1' })).toEqual(['npm:tool@2.0.0-beta.1'])
    expect(prebuilt.inputs?.(jobIn(folder), { from: 'out' })).toEqual([])
    for (const from of ['npm:', 'npm:-rf', 'npm:../x', 'npm:a b', 'npm:x@--evil', 'npm:git+https://x'])
      expect(() => prebuilt.inputs?.(jobIn(folder), { from })).toThrow('builders/bad-npm-name')
  })
  it('fetches by npm, checks the pin, drops package.json, and fetches once', async () => {
    await withRegistry(async (job, requests) => {
      const pinned = (await prebuilt.pin?.(jobIn(folder, job), input, {})) ?? ''
      expect(pinned).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/)
      const asked = requests.length
      const locked = { [input]: pinned }
      expect(await paths({ from: 'npm:@acme/tool-{npm}' }, { ...job, locked })).toEqual(['README.md', 'bin', 'bin/tool'])
      expect(requests).toHaveLength(asked)
    })
  })
  it('refuses what is not locked, and what is locked otherwise', async () => {
    await withRegistry(async job => {
      const options = { from: 'npm:@acme/tool-{npm}' }
      await expect(build(options, job)).rejects.toThrow('builders/not-locked')
      const locked = { [input]: `sha512-${Buffer.alloc(64).toString('base64')}` }
      const error = await build(options, { ...job, locked }).catch((caught: unknown) => caught)
      expect(error instanceof SlipwayError && error.problems[0]).toMatchObject({ code: 'builders/integrity', exit: 'corrupt' })
      expect(String(error)).toContain(locked[input])
      expect(existsSync(join(folder, 'scratch/tree'))).toBe(false)
    })
  })
  it('says what npm said when there is no such package', async () => {
    await withRegistry(async job => {
      const locked = { 'npm:none@1.2.3': 'sha512-x' }
      const error = await build({ from: 'npm:none' }, { ...job, locked }).catch((caught: unknown) => caught)
      expect(error instanceof SlipwayError && error.problems[0]).toMatchObject({ code: 'builders/npm-failed', exit: 'machine' })
      expect(String(error)).toContain('404')
    })
  })
  it('knows a file by its integrity', async () => {
    const file = put('f', 'abc')
    expect(await integrityOf(machine(), file)).toBe(
      'sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==',
    )
  })
})
