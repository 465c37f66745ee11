// minisign: a detached signature for each package, SHA256SUMS and its signature for the release (TRUST 3; trusted comment: CONTRACTS 7).
import { createHash } from 'node:crypto'
import { fail } from '@slipway/core'
import { digestOf, signDigestWith } from '@slipway/formats/minisign'
import * as z from 'zod'
import type { Key } from '../keys/key.ts'
import { signer, type ReleaseSubject } from './signer.ts'

/** Signs every package and SHA256SUMS. Codes: `minisign/bad-key-id`, `minisign/bad-name`. */
export const minisign = signer({
  id: 'minisign',
  title: 'minisign signatures of packages and of SHA256SUMS',
  form: 'detached',
  os: ['any'],
  main: 'key',
  options: {
    key: z.string().optional().describe('Reference to a minisign secret key, as env:NAME or file:PATH; default: the keyring'),
    password: z.string().optional().describe('Reference to the password of that key'),
  },
  package: ({ app, file, date, blake2b512 }, key) => sign(key, { digest: blake2b512, file, version: app.version, date }),
  release: async (subject, key) => {
    const bytes = sumsOf(subject)
    const { app, date } = subject
    const signature = await sign(key, { digest: await digestOf([bytes]), file: sumsFile, version: app.version, date })
    return [
      { file: sumsFile, bytes },
      { file: `${sumsFile}.minisig`, bytes: new TextEncoder().encode(signature) },
    ]
  },
})

const sumsFile = 'SHA256SUMS'

interface Signed {
  readonly digest: Uint8Array
  readonly file: string
  readonly version: string
  readonly date: number
}

const sign = (key: Key, { digest, file, version, date }: Signed): Promise<string> =>
  signDigestWith({ keyId: idBytes(key.keyId), sign: key.sign }, digest, {
    trustedComment: `timestamp:${date}\tfile:${plainName(file)}\tversion:${version}`,
  })

/** minisign prints the id as a number, and keeps it little-endian in its files. */
const idBytes = (keyId: string): Uint8Array => {
  if (!/^[0-9a-f]{16}$/i.test(keyId))
    fail('minisign/bad-key-id', `a minisign key has an id of 16 hex digits, not ${JSON.stringify(keyId)}`, {
      hint: 'Give sign.minisign.key a minisign secret key; `slipway keys generate` makes one.',
      where: { path: 'sign.minisign.key' },
    })
  return Uint8Array.from(keyId.match(/../g) ?? [], pair => Number.parseInt(pair, 16)).toReversed()
}

/** A line end in a name would forge a line of the sums, a tab a field of the trusted comment. */
const plainName = (file: string): string => {
  if (!/[\u0000-\u001f\u007f\\/]/.test(file) && file !== '') return file
  return fail('minisign/bad-name', `${JSON.stringify(file)} cannot stand in a signature: it holds control characters or path parts`, {
    hint: 'Change packages.*.file, or app.bin, to a plain file name.',
    where: { path: 'packages' },
  })
}

/** `<hex>  <file>` for every file and release.json, sorted by code units: what `sha256sum -c` reads. */
const sumsOf = ({ artifacts, record }: ReleaseSubject): Uint8Array => {
  const recordSum = createHash('sha256').update(record).digest('hex')
  const sums = [...artifacts.map(({ file, sha256 }) => ({ file, sha256 })), { file: 'release.json', sha256: recordSum }]
  sums.sort((a, b) => (a.file < b.file ? -1 : 1))
  return new TextEncoder().encode(sums.map(({ file, sha256 }) => `${sha256}  ${plainName(file)}\n`).join(''))
}
