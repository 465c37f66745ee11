// SHA-256 and UTF-8 against node:crypto and TextEncoder.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { isSha256, lendSha256, sha256, sha256Text, utf8 } from './digest.ts'

const judge = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('sha256', () => {
  it('hashes the examples of FIPS 180-4', () => {
    expect(sha256Text('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(sha256Text('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })
  it('agrees with OpenSSL at every length around the block', () => {
    for (let length = 0; length < 260; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 151 + length) & 0xff)
      expect(sha256(bytes)).toBe(judge(bytes))
    }
  })
  it('agrees with OpenSSL on any bytes, also a view into a larger buffer', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 500 }),
        fc.nat(20),
        (bytes, from) => sha256(bytes.subarray(from)) === judge(bytes.subarray(from)),
      ),
    )
  })
  it('is fast enough: 1 MB in under 50 ms', () => {
    // In a process of its own: counting coverage makes the loop several times slower.
    const program = `
      const { sha256 } = await import(process.argv[1])
      const bytes = new Uint8Array(1_000_000)
      const times = Array.from({ length: 10 }, () => { const start = performance.now(); sha256(bytes); return performance.now() - start })
      console.log(Math.min(...times))`
    const ms = execFileSync(process.execPath, ['--input-type=module', '-e', program, new URL('./digest.ts', import.meta.url).href], {
      encoding: 'utf8',
    })
    expect(Number(ms)).toBeGreaterThan(0)
    expect(Number(ms)).toBeLessThan(50)
  })
})

describe('a lent SHA-256', () => {
  afterEach(() => lendSha256(undefined))
  it('takes the place of our own, for bytes and for texts', () => {
    const asked: (Uint8Array | string)[] = []
    lendSha256(data => {
      asked.push(data)
      return typeof data === 'string' ? 'of a text' : 'of bytes'
    })
    expect([sha256(Uint8Array.of(1)), sha256Text('ä')]).toEqual(['of bytes', 'of a text'])
    expect(asked).toEqual([Uint8Array.of(1), 'ä'])
    lendSha256(undefined)
    expect(sha256Text('ä')).toBe(judge(new TextEncoder().encode('ä')))
  })
  it('is never asked for a text that UTF-8 cannot carry', () => {
    lendSha256(() => 'asked')
    expect(() => sha256Text('a\ud800')).toThrow('core/lone-surrogate')
  })
})

describe('utf8', () => {
  it('agrees with TextEncoder on any well-formed text', () => {
    const edges = '\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}'
    const sameBytes = (text: string): void => {
      expect([...utf8(text)]).toEqual([...new TextEncoder().encode(text)])
    }
    sameBytes(edges)
    fc.assert(fc.property(fc.string({ unit: 'binary' }), sameBytes))
  })
  it('refuses half a surrogate pair', () => {
    expect(() => sha256Text('a\ud800')).toThrow('core/lone-surrogate')
    expect(() => utf8('\udc00b')).toThrow('core/lone-surrogate')
  })
})

it('knows a digest by its form', () => {
  expect(isSha256(sha256Text('x'))).toBe(true)
  expect(isSha256(sha256Text('x').toUpperCase())).toBe(false)
  expect(isSha256(`${sha256Text('x')}\n`)).toBe(false)
})
