// What every source of secrets must do: say what is there, name what is missing, and keep the secret out of every later text (CONFIG 3).
import { afterEach, describe, expect, it } from 'vitest'
import { forgetSecrets, problem, redact, SlipwayError, type Problem } from '@slipway/core'
import type { Io } from '../io/io.ts'
import type { KeySource } from './key.ts'
import { readSecret, secretPresent } from './reference.ts'

export interface KeyFixture {
  readonly io: () => Io
  /** Puts a secret there; the rest of the reference that names it. */
  readonly put: (secret: string) => Promise<string>
  /** A rest that names nothing. */
  readonly missing: string
  /** The code for that. */
  readonly code: string
  /** Puts a secret there that must not be read, for each way in which it fails; the rests. */
  readonly broken: (secret: string) => Promise<readonly string[]>
  /** Cases that cannot hold for it, with the reason. */
  readonly skip?: Readonly<Record<string, string>>
}

const secrets = ['canary-4c1d', 'two words and = signs', 'ümläut-日本語-🚀', '$(id) `id` ; | & "quoted"']
const pem = 'canary-line-one\ncanary-line-two\ncanary-line-three'

/** Registers the cases of one unit; the list of skips is filled when they are collected. */
export const keyConformance = (unit: KeySource, fixture: KeyFixture): readonly string[] => {
  const { put, missing, code, broken, skip = {} } = fixture
  const problemOf = async (work: Promise<unknown>): Promise<Problem> => {
    const error: unknown = await work.then(
      () => undefined,
      (caught: unknown) => caught,
    )
    if (!(error instanceof SlipwayError) || error.problems[0] === undefined) throw new Error(`no SlipwayError: ${String(error)}`)
    for (const secret of [...secrets, 'canary'])
      expect(`${error.message} ${error.stack ?? ''} ${JSON.stringify(error.problems)}`).not.toContain(secret)
    return error.problems[0]
  }
  const skipped: string[] = []
  const test = (name: string, body: () => Promise<void>): void => {
    const reason = skip[name]
    if (reason !== undefined) skipped.push(`${unit.id}: ${name}: ${reason}`)
    it.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (${reason})`, body)
  }

  describe(`keys/${unit.id}`, () => {
    afterEach(forgetSecrets)
    for (const secret of secrets)
      test(`is present, gives ${secret}, and hides it from then on`, async () => {
        const reference = `${unit.id}:${await put(secret)}`
        expect(redact(secret)).toBe(secret)
        expect(await secretPresent(reference, fixture.io())).toBe(true)
        expect(redact(secret)).toBe(secret)
        expect(await readSecret(reference, fixture.io())).toBe(secret)
        expect(redact(`x ${secret} y`)).toBe('x [secret] y')
        expect(
          JSON.stringify(problem('x/y', `bad ${secret}`, { hint: secret, facts: { secret }, cause: new Error(secret) })),
        ).not.toContain(secret)
      })
    test('gives a secret of several lines, and hides each of them', async () => {
      expect(await readSecret(`${unit.id}:${await put(pem)}`, fixture.io())).toBe(pem)
      for (const line of pem.split('\n')) expect(redact(line)).toBe('[secret]')
    })
    test('gives the same secret twice', async () => {
      const reference = `${unit.id}:${await put('canary-4c1d')}`
      expect(await readSecret(reference, fixture.io())).toBe(await readSecret(reference, fixture.io()))
    })
    test('says that nothing is there, by its own code', async () => {
      expect(code.startsWith(`${unit.id}/missing`)).toBe(true)
      expect(await unit.present(missing, fixture.io())).toBe(false)
      const found = await problemOf(unit.read(missing, fixture.io()))
      expect(found).toMatchObject({ code, exit: 'machine' })
      expect(found.hint.length).toBeGreaterThan(10)
    })
    test('shows nothing of a secret that it refuses', async () => {
      const rests = await broken('canary-refused')
      expect(rests).not.toHaveLength(0)
      for (const rest of rests) expect(await problemOf(unit.read(rest, fixture.io()))).toMatchObject({ exit: 'machine' })
    })
  })
  return skipped
}
