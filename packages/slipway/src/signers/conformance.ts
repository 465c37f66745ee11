// What every signer must do: same bytes, same signature; what it is for stands in it; another key fails; no secret in any error (DESIGN 6).
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digestOf } from '@slipway/formats/minisign'
import { artifact } from '../feeds/testing/releases.ts'
import type { Key } from '../keys/key.ts'
import { app, date } from '../packagers/testing/trees.ts'
import type { AnySigner, PackageSubject, ReleaseSubject } from './signer.ts'

export interface SignerFixture {
  /** Two keys that it can sign with, and the secret of the first in the forms in which it could leak. */
  readonly key: Key
  readonly otherKey: Key
  readonly secrets: readonly string[]
  /** What a signature vouches for, in words; throws where it does not hold for these bytes and this key. */
  readonly judge: (signature: string, bytes: Uint8Array, key: Key) => Promise<string>
  /** The signed file and the signature among the files that it adds to a release. */
  readonly releaseFiles: readonly { readonly file: string; readonly signature: string }[]
  /** Cases that cannot hold for it, with the reason. */
  readonly skip?: Readonly<Record<string, string>>
}

const bytes = new TextEncoder().encode('the bytes of a package')
const sha256 = createHash('sha256').update(bytes).digest('hex')
const record = new TextEncoder().encode('{"schema":"slipway.release-record/1"}')
const files = ['tool_1.2.3-1_amd64.deb', 'tool-1.2.3-linux-x64.tar.gz']
const hostileNames = ['', 'a\nb', 'a\rb', 'a\tversion:9.9.9', '../a', 'a/b', 'a\\b', 'a\u0000b', 'a\u001b[31mb']

/** Registers the cases of one unit; the list of skips is filled when they are collected. */
export const signerConformance = (unit: AnySigner, fixture: SignerFixture): readonly string[] => {
  const { key, otherKey, secrets, judge, releaseFiles, skip = {} } = fixture
  const signPackage = async (file: string, by = key): Promise<string> => {
    if (unit.package === undefined) throw new Error(`${unit.id} signs no packages: skip the case with this reason`)
    return unit.package(await subjectOf(file), by, {} as never)
  }
  const signRelease = async (changes: Partial<ReleaseSubject> = {}): Promise<Readonly<Record<string, Uint8Array>>> => {
    if (unit.release === undefined) throw new Error(`${unit.id} signs no releases: skip the case with this reason`)
    const artifacts = files.map(file => artifact('deb', 'linux-x64', { file, sha256 }))
    const made = await unit.release({ app, date, artifacts, record, ...changes }, key, {} as never)
    return Object.fromEntries(made.map(one => [one.file, one.bytes]))
  }
  const skipped: string[] = []
  const test = (name: string, body: () => Promise<void>): void => {
    const reason = skip[name]
    if (reason !== undefined) skipped.push(`${unit.id}: ${name}: ${reason}`)
    it.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (${reason})`, body)
  }

  describe(`signers/${unit.id}`, () => {
    test('takes part in a stage', async () => {
      expect([unit.tree, unit.package, unit.release, unit.feed].filter(verb => verb !== undefined)).not.toHaveLength(0)
    })
    test('asks, if it asks, in its own name whether targets go unsigned', async () => {
      for (const targets of [[], ['linux-x64'], ['macos-arm64', 'windows-x64']])
        for (const asked of [unit.undecided?.(targets) ?? []].flat()) expect(asked.code).toBe(`${unit.id}/undecided`)
      expect(unit.undecided?.([])).toBeUndefined()
    })
    test('gives a package the same signature twice, which the judge accepts', async () => {
      const signature = await signPackage('a.deb')
      expect(await signPackage('a.deb')).toBe(signature)
      await expect(judge(signature, bytes, key)).resolves.toBeTypeOf('string')
    })
    test('names file and version in what is signed', async () => {
      for (const file of files) {
        const said = await judge(await signPackage(file), bytes, key)
        expect(said).toContain(file)
        expect(said).toContain(app.version)
      }
    })
    test('does not hold for another key, other bytes or another text', async () => {
      const signature = await signPackage('a.deb')
      await expect(judge(signature, bytes, otherKey)).rejects.toThrow(/./)
      await expect(judge(await signPackage('a.deb', otherKey), bytes, key)).rejects.toThrow(/./)
      await expect(judge(signature, Uint8Array.from([...bytes, 0]), key)).rejects.toThrow(/./)
      await expect(judge(signature.replace('a.deb', 'b.deb'), bytes, key)).rejects.toThrow(/./)
    })
    test('covers every file of a release, the same twice, in files of their own', async () => {
      const made = await signRelease()
      expect(await signRelease()).toEqual(made)
      expect(Object.keys(made)).toEqual(releaseFiles.flatMap(({ file, signature }) => [file, signature]))
      for (const { file, signature } of releaseFiles) {
        const signed = made[file] ?? new Uint8Array()
        for (const one of [...files, 'release.json']) expect(new TextDecoder().decode(signed)).toContain(one)
        expect(await judge(new TextDecoder().decode(made[signature]), signed, key)).toContain(file)
      }
    })
    test('changes with each digest of a release', async () => {
      const [plain, others] = [
        await signRelease(),
        [
          await signRelease({ record: Uint8Array.from([...record, 0x0a]) }),
          await signRelease({ artifacts: files.map(file => artifact('deb', 'linux-x64', { file, sha256: 'ff'.repeat(32) })) }),
        ],
      ]
      for (const other of others) expect(other).not.toEqual(plain)
    })
    for (const name of hostileNames)
      test(`refuses the file name ${JSON.stringify(name)}`, async () => {
        await expect(signPackage(name)).rejects.toThrow(`${unit.id}/`)
      })
    test('shows no secret in an error', async () => {
      const broken = [
        { ...key, keyId: 'no id' },
        { ...key, sign: async () => new Uint8Array(3) },
      ]
      for (const work of [signPackage('a\nb'), ...broken.map(one => signPackage('a.deb', one))]) {
        const error: unknown = await work.then(
          () => undefined,
          (caught: unknown) => caught,
        )
        expect(error).toBeInstanceOf(Error)
        const { message, stack = '' } = error as Error
        for (const secret of secrets) expect(`${message}${stack}${JSON.stringify(error)}`).not.toContain(secret)
      }
    })
  })
  return skipped
}

const subjectOf = async (file: string): Promise<PackageSubject> => ({
  app,
  file,
  target: 'linux-x64',
  date,
  sizeBytes: bytes.length,
  sha256,
  blake2b512: await digestOf([bytes]),
  async *bytes() {
    yield bytes
  },
})
