// Ad-hoc signatures: hashed again by Python, read by llvm-objdump, and held against those of Go's linker, byte for byte.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collect, encodeText, fromBytes } from '../bytes.ts'
import { readMachO } from '../macho.ts'
import { cpuArm64, cpuX64, fat, tinyMachO, unsignedMachO as unsigned } from '../testing/binaries.ts'
import { askedFor, signedMachO } from '../testing/signed-macho.ts'
import { asThinFile, joinMachO, splitMachO } from './fat.ts'
import { type FileBytes, readLayout } from './layout.ts'
import { signAdHoc, stripMachO } from './sign-adhoc.ts'
import { readSignature } from './signature.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-macho-'))
const run = (tool: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number } = {}) =>
  spawnSync(tool, args, { cwd: folder, encoding: 'utf8', ...options })
const has = (tool: string, ...args: string[]): boolean => run(tool, args).status === 0
const all = (file: FileBytes): Promise<Uint8Array> => collect(file.chunks(), 2 ** 30)

const code = async (made: Promise<unknown>): Promise<unknown> =>
  made.then(
    () => 'none',
    (error: { code?: unknown }) => error.code,
  )

/** Reads nothing of ours: the pages of every slice against the CodeDirectory, and the special slots against their blobs. */
const python = `
import hashlib, struct, sys
d = open(sys.argv[1], 'rb').read()
slices = [(0, len(d))]
if d[:4] == b'\\xca\\xfe\\xba\\xbe':
    n = struct.unpack('>I', d[4:8])[0]
    slices = [struct.unpack('>5I', d[8+20*i:28+20*i])[2:4] for i in range(n)]
    assert all(o % 16384 == 0 for o, _ in slices)
for base, size in slices:
    s = d[base:base+size]
    n = struct.unpack('<I', s[16:20])[0]
    at = 32; sig = link = None
    for _ in range(n):
        c, l = struct.unpack('<II', s[at:at+8])
        if c == 0x1d: sig = struct.unpack('<II', s[at+8:at+16])
        if c == 0x19 and s[at+8:at+24].rstrip(b'\\0') == b'__LINKEDIT': link = struct.unpack('<4Q', s[at+24:at+56])
        at += l
    off, length = sig
    assert off % 16 == 0 and off + length == size == link[2] + link[3] and link[1] >= link[3], (sig, link, size)
    b = s[off:off+length]
    magic, total, count = struct.unpack('>III', b[:12])
    assert magic == 0xfade0cc0 and total <= length
    blobs = {}
    for i in range(count):
        t, o = struct.unpack('>II', b[12+8*i:20+8*i])
        blobs[t] = b[o:o+struct.unpack('>I', b[o+4:o+8])[0]]
    cd = blobs[0]
    f = struct.unpack('>9I', cd[:36])
    assert f[0] == 0xfade0c02 and f[1] == len(cd) and f[2] in (0x20400, 0x20500) and f[8] == off
    page = 1 << cd[39]
    hashes = [cd[f[4]+32*i:f[4]+32*i+32] for i in range(-f[6], f[7])]
    assert f[7] == -(-off // page)
    for i in range(f[7]):
        assert hashes[f[6]+i] == hashlib.sha256(s[i*page:min((i+1)*page, off)]).digest(), i
    for slot, blob in blobs.items():
        if 0 < slot <= f[6]: assert hashes[f[6]-slot] == hashlib.sha256(blob).digest()
    print(hex(f[3]), page, cd[f[5]:].split(b'\\0')[0].decode(), count, struct.unpack('>3Q', cd[64:88])[2])
`
const judge = (bytes: Uint8Array) => {
  writeFileSync(join(folder, 'judged'), bytes)
  return run('python3', ['-c', python, 'judged'])
}

const signatureIn = async (bytes: Uint8Array) => {
  const [slice] = (await readMachO(fromBytes(bytes))).slices
  return slice && readSignature(fromBytes(bytes), slice, { pages: true })
}

describe('signing', () => {
  it.skipIf(!has('python3', '--version'))('hashes every page, as Python sees it; a changed byte is found', async () => {
    const signed = await all(await signAdHoc(fromBytes(unsigned()), { identifier: 'org.example.app' }))
    expect(judge(signed)).toMatchObject({ status: 0, stdout: '0x2 4096 org.example.app 3 1\n' })
    const large = await all(await signAdHoc(fromBytes(unsigned({ type: 6, contentBytes: 70_000 })), { identifier: 'x', pageBytes: 16384 }))
    expect(judge(large)).toMatchObject({ status: 0, stdout: '0x2 16384 x 3 0\n' })
    const linker = await all(await signAdHoc(fromBytes(unsigned()), { identifier: 'a.out', linkerSigned: true }))
    expect(judge(linker)).toMatchObject({ status: 0, stdout: '0x20002 4096 a.out 1 1\n' })
    signed[5000] = (signed[5000] ?? 0) ^ 1
    expect(judge(signed).status).toBe(1)
    const [slice] = (await readMachO(fromBytes(signed))).slices
    expect(slice && (await readSignature(fromBytes(signed), slice, { pages: true }))?.arePagesIntact).toBe(false)
  })
  it('replaces a signature, takes it off, and gives the same bytes again', async () => {
    const first = await all(await signAdHoc(fromBytes(unsigned()), { identifier: 'one' }))
    const second = await all(await signAdHoc(fromBytes(first), { identifier: 'two' }))
    expect(second).toEqual(await all(await signAdHoc(fromBytes(unsigned()), { identifier: 'two' })))
    const bare = await all(await stripMachO(fromBytes(second)))
    expect((await readMachO(fromBytes(bare))).slices[0]?.signature).toBeUndefined()
    expect(await all(await signAdHoc(fromBytes(bare), { identifier: 'two' }))).toEqual(second)
    const [slice] = (await readMachO(fromBytes(second))).slices
    expect(slice && (await readSignature(fromBytes(second), slice, { pages: true }))).toMatchObject({
      kind: 'ad-hoc',
      identifier: 'two',
      hasRuntime: false,
      hashKind: 'sha256',
      arePagesIntact: true,
    })
  })
  it('keeps what an older signature asks of the system, if it is told so, each blob under its hash', async () => {
    const older = await signedMachO()
    if (has('python3', '--version')) expect(judge(older)).toMatchObject({ status: 0, stdout: '0x12002 4096 old 5 65\n' })
    const again = await all(await signAdHoc(fromBytes(older), { identifier: 'new.identifier', keep: true }))
    const said = await signatureIn(again)
    expect(said).toMatchObject({ kind: 'ad-hoc', identifier: 'new.identifier', hasRuntime: true, arePagesIntact: true, handed: askedFor })
    expect(said?.entitlements).toContain('audio-input')
    if (has('python3', '--version')) expect(judge(again)).toMatchObject({ status: 0, stdout: '0x12002 4096 new.identifier 5 65\n' })
    // Else nothing is kept, as of a signature that cannot be read.
    expect((await signatureIn(await all(await signAdHoc(fromBytes(older), { identifier: 'x' }))))?.handed.blobs).toEqual([])
    const damaged = older.slice()
    damaged[(await readLayout(fromBytes(older))).signature?.offset ?? 0] = 0
    expect((await signatureIn(await all(await signAdHoc(fromBytes(damaged), { identifier: 'x', keep: true }))))?.handed.blobs).toEqual([])
  })
  it('signs each slice of a universal file', async () => {
    const thin = await Promise.all([cpuArm64, cpuX64].map(async cpu => splitMachO(fromBytes(unsigned({ cpu })))))
    const universal = await all(joinMachO(thin.flat().map(asThinFile)))
    const signed = await all(await signAdHoc(fromBytes(universal), { identifier: 'fat' }))
    const { isFat, slices } = await readMachO(fromBytes(signed))
    expect([isFat, slices.map(slice => [slice.arch, slice.signature !== undefined])]).toEqual([
      true,
      [
        ['arm64', true],
        ['x64', true],
      ],
    ])
    if (has('python3', '--version')) expect(judge(signed)).toMatchObject({ status: 0, stdout: '0x2 4096 fat 3 1\n'.repeat(2) })
    const [arm] = await splitMachO(fromBytes(signed))
    expect(arm && (await all(asThinFile(arm)))).toEqual(await all(await signAdHoc(fromBytes(unsigned()), { identifier: 'fat' })))
  })
  it.skipIf(!has('llvm-objdump', '--version'))('is read by llvm-objdump', async () => {
    writeFileSync(join(folder, 'objdump'), await all(await signAdHoc(fromBytes(unsigned()), { identifier: 'one' })))
    const { status, stdout } = run('llvm-objdump', ['--macho', '--private-headers', 'objdump'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/cmd LC_CODE_SIGNATURE\n {2}cmdsize 16\n {2}dataoff \d+\n datasize \d+/)
  })
  it('keeps a piece of the file, not the file', async () => {
    const head = unsigned({ contentBytes: 0 })
    const sizeBytes = 400 * 2 ** 20
    new DataView(head.buffer).setBigUint64(32 + 72 + 48, BigInt(sizeBytes - head.length), true)
    const source = {
      sizeBytes,
      read: (offset: number, length: number) => {
        const bytes = new Uint8Array(length)
        if (offset < head.length) bytes.set(head.subarray(offset, offset + length))
        return Promise.resolve(bytes)
      },
    }
    const before = process.memoryUsage().arrayBuffers
    let [most, made] = [0, 0]
    const signed = await signAdHoc(source, { identifier: 'big' })
    for await (const chunk of signed.chunks()) {
      made += chunk.length
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }
    expect(made).toBe(signed.sizeBytes)
    expect(most).toBeLessThan(150 * 2 ** 20)
  })
})

describe('the signature of Go’s linker', () => {
  const isSame = async (path: string): Promise<void> => {
    const linked = readFileSync(path)
    const bare = await all(await stripMachO(fromBytes(linked)))
    for (const from of [linked, bare]) {
      const again = await all(await signAdHoc(fromBytes(from), { identifier: 'a.out', linkerSigned: true }))
      expect(Buffer.compare(again, linked)).toBe(0)
    }
  }
  it.skipIf(!has('go', 'version'))('comes out byte for byte, of a program linked here', { timeout: 240_000 }, async () => {
    writeFileSync(join(folder, 'main.go'), 'package main\n\nfunc main() { println("x") }\n')
    const env = { ...process.env, GOOS: 'darwin', GOARCH: 'arm64', CGO_ENABLED: '0' }
    expect(run('go', ['build', '-o', 'linked', 'main.go'], { env }).stderr).toBe('')
    await isSame(join(folder, 'linked'))
  })
  const packed = run('npm', ['pack', '--silent', '@esbuild/darwin-arm64@0.28.2'], { timeout: 60_000 }).status === 0
  it.skipIf(!packed)('comes out byte for byte, of esbuild 0.28.2 (skipped where npm reaches no registry)', async () => {
    expect(run('tar', ['-xzf', 'esbuild-darwin-arm64-0.28.2.tgz', 'package/bin/esbuild']).status).toBe(0)
    await isSame(join(folder, 'package/bin/esbuild'))
  })
})

describe('refusals', () => {
  it.each([
    ['macho/no-room', unsigned({ room: 12 }), 'x'],
    ['macho/bad-identifier', unsigned(), ''],
    ['macho/bad-identifier', unsigned(), 'a b'],
    ['macho/trailing-data', unsigned({ behind: 5 }), 'x'],
    ['macho/unsupported', tinyMachO(cpuArm64), 'x'],
    ['macho/bad-magic', encodeText('nothing of the kind'), 'x'],
  ])('%s', async (expected, bytes, identifier) => {
    expect(await code(signAdHoc(fromBytes(bytes), { identifier }))).toBe(expected)
  })
  it('of what cannot be joined', async () => {
    const file = (sizeBytes: number, cpuType = cpuArm64) => ({ cpuType, cpuSubtype: 0, sizeBytes, chunks: async function* () {} })
    const join2 = async (...files: ReturnType<typeof file>[]) => joinMachO(files)
    expect(await code(join2())).toBe('macho/bad-fat')
    expect(await code(join2(file(1), file(1)))).toBe('macho/bad-fat')
    expect(await code(join2(file(2 ** 31), file(2 ** 31, cpuX64)))).toBe('macho/too-large')
    expect(await code(all(await join2(file(1))))).toBe('macho/size-changed')
  })
  it('of a file cut anywhere, never by a crash', async () => {
    const whole = await all(await signAdHoc(fromBytes(unsigned()), { identifier: 'x' }))
    for (let length = 0; length < whole.length - 8; length += 97)
      expect(await code(signAdHoc(fromBytes(whole.subarray(0, length)), { identifier: 'x' }))).toMatch(/^macho\//)
  })
  it('of a damaged signature', async () => {
    const bytes = tinyMachO(cpuArm64)
    const [slice] = (await readMachO(fromBytes(bytes))).slices
    expect(slice && (await code(readSignature(fromBytes(bytes), slice)))).toBe('macho/bad-signature')
    const signed = await all(await signAdHoc(fromBytes(unsigned()), { identifier: 'x' }))
    const [sound] = (await readMachO(fromBytes(signed))).slices
    const start = sound?.signature?.offset ?? 0
    for (let at = start; at < start + 130; at++) {
      const changed = signed.slice()
      changed[at] = (changed[at] ?? 0) ^ 0xff
      expect(sound && String(await code(readSignature(fromBytes(changed), sound)))).toMatch(
        /^(none|macho\/bad-signature|bytes\/too-large)$/,
      )
    }
  })
})

it('splits what another tool joined', async () => {
  const slices = await splitMachO(
    fromBytes(
      fat([
        [cpuX64, tinyMachO(cpuX64)],
        [cpuArm64, tinyMachO(cpuArm64)],
      ]),
    ),
  )
  expect(slices.map(({ cpuType, cpuSubtype }) => [cpuType, cpuSubtype])).toEqual([
    [cpuX64, 0x80000003],
    [cpuArm64, 0x80000003],
  ])
  const [first] = slices
  expect(first && (await all(asThinFile(first)))).toEqual(tinyMachO(cpuX64))
})
