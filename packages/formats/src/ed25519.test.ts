// Ed25519 against RFC 8032, Project Wycheproof and the edge cases of CCTV.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { generate, isStrictPoint, publicOf, sign, verify } from './ed25519.ts'

const vectors = new URL('../../../test/vectors/', import.meta.url)
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('Ed25519', () => {
  it('signs the second vector of RFC 8032 section 7.1', () => {
    const seed = bytesOf('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
    expect(hexOf(publicOf(seed))).toBe('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
    expect(hexOf(sign(seed, Uint8Array.of(0x72)))).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    )
  })

  it('verifies what a generated key signed, and nothing else', () => {
    const asked: number[] = []
    const key = generate(size => {
      asked.push(size)
      return new Uint8Array(size).fill(7)
    })
    const message = new TextEncoder().encode('a message')
    const signature = sign(key.seed, message)
    expect(asked).toEqual([32])
    expect(verify(key.publicKey, message, signature)).toBe(true)
    expect(verify(key.publicKey, message.subarray(1), signature)).toBe(false)
    expect(verify(key.publicKey.subarray(1), message, signature)).toBe(false)
    expect(verify(key.publicKey, message, signature.subarray(1))).toBe(false)
  })

  it('refuses a seed of another length', () => {
    expect(() => publicOf(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'ed25519/bad-key' }))
    expect(() => sign(new Uint8Array(64), new Uint8Array())).toThrow(expect.objectContaining({ code: 'ed25519/bad-key' }))
  })

  it('agrees with all 151 vectors of Wycheproof', () => {
    const file = JSON.parse(readFileSync(new URL('wycheproof/ed25519_test.json', vectors), 'utf8')) as {
      testGroups: { publicKey: { pk: string }; tests: { tcId: number; msg: string; sig: string; result: string }[] }[]
    }
    const wrong: number[] = []
    let count = 0
    for (const group of file.testGroups) {
      for (const test of group.tests) {
        count++
        const accepted = verify(bytesOf(group.publicKey.pk), bytesOf(test.msg), bytesOf(test.sig))
        if (accepted !== (test.result === 'valid')) wrong.push(test.tcId)
      }
    }
    expect({ count, wrong }).toEqual({ count: 151, wrong: [] })
  })

  it('accepts exactly the 43 vectors of CCTV without a refused property', () => {
    const refused = new Set(['low_order_A', 'low_order_R', 'low_order_residue', 'non_canonical_A', 'non_canonical_R'])
    const file = JSON.parse(readFileSync(new URL('cctv/ed25519vectors.json', vectors), 'utf8')) as {
      number: number
      key: string
      sig: string
      msg: string
      flags: string[] | null
    }[]
    const accepted = file.filter(row => verify(bytesOf(row.key), new TextEncoder().encode(row.msg), bytesOf(row.sig)))
    const expected = file.filter(row => !(row.flags ?? []).some(flag => refused.has(flag)))
    expect(file.length).toBe(914)
    expect(accepted.map(row => row.number)).toEqual(expected.map(row => row.number))
    expect(accepted.length).toBe(43)
    const badKeys = file.filter(row => row.flags?.some(flag => flag === 'low_order_A' || flag === 'non_canonical_A'))
    expect(badKeys.filter(row => isStrictPoint(bytesOf(row.key)))).toEqual([])
  })
})
