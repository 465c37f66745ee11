// Strict base64 against Node's own encoder, and the spellings that must be refused.
import { describe, expect, it } from 'vitest'
import { decodeBase64, encodeBase64 } from './base64.ts'

describe('base64', () => {
  it('agrees with Node for every length up to 200', () => {
    for (let size = 0; size < 200; size++) {
      const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 73 + size * 31) & 0xff)
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
    }
  })

  it.each(['A', 'AB', 'ABC', 'AB==\n', 'AB=C', 'A===', '====', 'QQ', 'Q-_=', 'QR==', 'QUF=', 'QQ= ', ' QQ=', 'QQ==QQ=='])(
    'refuses %j',
    text => {
      expect(() => decodeBase64(text)).toThrow(expect.objectContaining({ code: 'base64/malformed' }))
    },
  )
})
