// Tests of the ELF reader: against readelf on real programs, and on small files that lie.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { concat, fieldsOf, fromBytes, packLittle } from './bytes.ts'
import { readElf } from './elf.ts'
import { codeOf, itWith, mutate } from './testing/archives.ts'
import { tinyElf } from './testing/binaries.ts'

const fileOf = (path: string) => fromBytes(new Uint8Array(readFileSync(path)))

describe('readElf', () => {
  itWith('readelf')('says of /bin/ls and of node what readelf says', async () => {
    for (const path of ['/bin/ls', process.execPath]) {
      const elf = await readElf(fileOf(path))
      const printed = execFileSync('readelf', ['-W', '-d', '-l', '-V', '-h', path], { encoding: 'utf8', maxBuffer: 1 << 28 })
      const found = (pattern: RegExp): string[] => [...printed.matchAll(pattern)].map(match => match[1] ?? '')
      expect(elf.interpreter).toBe(found(/interpreter: ([^\]]+)\]/g)[0])
      expect(elf.needed).toEqual(found(/\(NEEDED\).*\[(.+)\]/g))
      expect(elf.soname).toBe(undefined)
      const numbers = found(/Name: GLIBC_([0-9.]+)/g).map(text => text.split('.').map(Number))
      const newest = numbers.sort((left, right) => (left[0] ?? 0) - (right[0] ?? 0) || (left[1] ?? 0) - (right[1] ?? 0)).at(-1)
      expect(newest?.slice(0, 2)).toEqual(elf.glibcFloor?.split('.').map(Number).slice(0, 2))
      expect(elf).toMatchObject({ bits: 64, order: 'little', isStatic: false, libc: 'glibc' })
      expect(printed).toContain(elf.type === 'dyn' ? 'DYN' : 'EXEC')
    }
  })

  it('tells glibc, musl, static and library apart', async () => {
    const glibc = tinyElf({
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libm.so.6', 'libc.so.6'],
      versions: ['GLIBC_2.9', 'GLIBC_2.17', 'GLIBC_2.2.5', 'GLIBC_PRIVATE'],
    })
    expect(await readElf(fromBytes(glibc))).toEqual({
      bits: 64,
      order: 'little',
      arch: 'x64',
      type: 'dyn',
      osAbi: 0,
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libm.so.6', 'libc.so.6'],
      soname: undefined,
      isStatic: false,
      libc: 'glibc',
      versions: { 'libc.so.6': ['GLIBC_2.9', 'GLIBC_2.17', 'GLIBC_2.2.5', 'GLIBC_PRIVATE'] },
      glibcFloor: '2.17',
    })
    const musl = await readElf(
      fromBytes(tinyElf({ machine: 183, interpreter: '/lib/ld-musl-aarch64.so.1', needed: ['libc.musl-aarch64.so.1'] })),
    )
    expect(musl).toMatchObject({ arch: 'arm64', libc: 'musl', glibcFloor: undefined, isStatic: false })
    expect(await readElf(fromBytes(tinyElf({ soname: 'libx.so.1' })))).toMatchObject({
      soname: 'libx.so.1',
      isStatic: false,
      libc: undefined,
    })
    expect(await readElf(fromBytes(tinyElf({ pie: true })))).toMatchObject({ isStatic: true, type: 'dyn' })
    expect(await readElf(fromBytes(tinyElf({ type: 2, machine: 243 })))).toMatchObject({ isStatic: true, type: 'exec', arch: 'other:243' })
    expect((await readElf(fromBytes(tinyElf({ versions: ['GLIBC_2.17', 'GLIBC_ABI_DT_RELR'] })))).glibcFloor).toBe('2.36')
  })

  it('reads 32 bits and the other byte order', async () => {
    const small = new Uint8Array(52)
    small.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 40, 0])
    expect(await readElf(fromBytes(small))).toMatchObject({ bits: 32, arch: 'armv7', type: 'exec', osAbi: 3, isStatic: true })
    const big = new Uint8Array(64)
    big.set([0x7f, 0x45, 0x4c, 0x46, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 22])
    expect(await readElf(fromBytes(big))).toMatchObject({ order: 'big', arch: 'other:22' })
  })

  it('says what is wrong', async () => {
    const good = tinyElf({ interpreter: '/lib/ld.so', needed: ['libc.so.6'], versions: ['GLIBC_2.4'] })
    const dynamicAt = fieldsOf(good, 'little').u64(64 + 2 * 56 + 8)
    const changed =
      (at: number, ...bytes: number[]) =>
      () => {
        const copy = good.slice()
        copy.set(bytes, at)
        return readElf(fromBytes(copy))
      }
    const cases: [string, () => Promise<unknown>][] = [
      ['elf/bad-magic', changed(0, 0)],
      ['elf/truncated', () => readElf(fromBytes(new Uint8Array(3)))],
      ['elf/truncated', () => readElf(fromBytes(good.subarray(0, 63)))],
      ['elf/truncated', () => readElf(fromBytes(good.subarray(0, good.length - 1)))],
      ['elf/bad-header', changed(4, 3)],
      ['elf/bad-header', changed(54, 8)],
      ['elf/bad-header', changed(56, 0xff, 0xff)],
      ['elf/bad-header', changed(64 + 56 + 32, 1, 0)],
      ['elf/bad-dynamic', changed(64 + 2 * 56 + 32 + 2, 0x20)],
      ['elf/bad-dynamic', changed(dynamicAt + 8, 0xff)],
      ['elf/bad-dynamic', changed(dynamicAt + 16, 9)],
      ['elf/bad-dynamic', changed(dynamicAt + 24, 0, 0, 0, 0x70)],
      ['elf/bad-dynamic', changed(64 + 2 * 56 + 32, 16)],
    ]
    for (const [index, [code, act]] of cases.entries()) expect([index, await codeOf(act)]).toEqual([index, code])
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    const good = tinyElf({ interpreter: '/lib/ld.so', needed: ['libc.so.6', 'libm.so.6'], versions: ['GLIBC_2.4', 'GLIBC_2.5'] })
    const { strange, refused, slowestMs } = await mutate(good, bytes => readElf(fromBytes(bytes)))
    expect(strange).toEqual([])
    expect(refused).toBeGreaterThan(500)
    expect(slowestMs).toBeLessThan(2000)
  })

  it('ends when the lists of versions walk through each other', async () => {
    // 65536 records, each the head of a list of 65535 names that is made of the records behind it.
    const record = packLittle([
      [2, 1],
      [2, 0xffff],
      [4, 0],
      [4, 16],
      [4, 16],
    ])
    const good = tinyElf({ versions: ['GLIBC_2.4'] })
    const dynamicAt = fieldsOf(good, 'little').u64(64 + 2 * 56 + 8)
    const lists = concat(Array.from({ length: 65_536 }, () => record))
    const endless = concat([good, lists])
    endless.set(packLittle([[8, endless.length]]), 64 + 32)
    endless.set(packLittle([[8, 0x400000 + good.length]]), dynamicAt + 40)
    endless.set(packLittle([[8, 65_536]]), dynamicAt + 56)
    const started = performance.now()
    expect(await codeOf(() => readElf(fromBytes(endless)))).toBe('elf/bad-dynamic')
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
