// Tests of GUIDs made of names.
import { describe, expect, it } from 'vitest'
import { guidBytes, guidOf, isGuid, readGuid } from './guid.ts'

const dns = '{6BA7B810-9DAD-11D1-80B4-00C04FD430C8}'

describe('guidOf', () => {
  it('is version 5, as in the appendix of RFC 9562', () => {
    expect(guidOf(dns, 'www.example.com')).toBe('{2ED6657D-E927-568B-95E1-2665A8AEA6A2}')
    expect(guidOf(dns, 'größe')).not.toBe(guidOf(dns, 'grosse'))
  })
  it('refuses a namespace that is none', () => {
    expect(() => guidOf('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'a')).toThrow(expect.objectContaining({ code: 'guid/bad-guid' }))
    expect(isGuid('{6ba7b810-9dad-11d1-80b4-00c04fd430c8}')).toBe(false)
  })
})

describe('guidBytes', () => {
  it('has the first three parts little-endian, there and back', () => {
    expect(Buffer.from(guidBytes('{000C1084-0000-0000-C000-000000000046}')).toString('hex')).toBe('84100c0000000000c000000000000046')
    expect(readGuid(guidBytes(dns))).toBe(dns)
  })
})
