// Every signer against the conformance of its kind; what foreign programs say of their bytes stands beside each.
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { sign } from '@slipway/formats/ed25519'
import { createKey, digestOf, keyIdText, verifyDigest, type MinisignKey } from '@slipway/formats/minisign'
import type { Key } from '../keys/key.ts'
import { signerConformance, type SignerFixture } from './conformance.ts'
import * as signers from './index.ts'
import type { AnySigner } from './signer.ts'

const pairs = [createKey({ random: size => randomBytes(size) }), createKey({ random: size => randomBytes(size) })] as const
const keyOf = (pair: MinisignKey): Key => ({
  keyId: keyIdText(pair.keyId),
  public: pair.publicKey,
  sign: message => Promise.resolve(sign(pair.seed, message)),
})
const seed = Buffer.from(pairs[0].seed)

const fixtures: Readonly<Record<string, SignerFixture>> = {
  minisign: {
    key: keyOf(pairs[0]),
    otherKey: keyOf(pairs[1]),
    secrets: [seed.toString('hex'), seed.toString('base64'), seed.join(',')],
    judge: async (signature, bytes, key) => {
      const pair = pairs.find(one => keyIdText(one.keyId) === key.keyId) ?? pairs[0]
      return verifyDigest(pair, await digestOf([bytes]), signature).trustedComment
    },
    releaseFiles: [{ file: 'SHA256SUMS', signature: 'SHA256SUMS.minisig' }],
  },
}

const skips = Object.values(signers as unknown as Record<string, AnySigner>).map(unit => {
  const fixture = fixtures[unit.id]
  if (fixture === undefined) throw new Error(`signers/${unit.id} has no conformance fixture`)
  return signerConformance(unit, fixture)
})

it('skips only what has a reason, and says how much', () => {
  const skipped = skips.flat()
  process.stdout.write(`signer conformance: ${skipped.length} cases skipped\n${skipped.join('\n')}\n`)
  expect(skipped).toHaveLength(Object.values(fixtures).reduce((sum, { skip = {} }) => sum + Object.keys(skip).length, 0))
})
