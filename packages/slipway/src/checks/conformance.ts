// What every check must do: the same findings for the same subject, none for a sound one, each planted fault found and fully said (CONTRACTS 10).
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { AnyCheck, CheckResult, CheckSubject } from './check.ts'
import { soundSubject } from './testing/subjects.ts'

export interface CheckFixture {
  /** Finding code -> a subject with that fault in it. */
  readonly plants: Readonly<Record<string, (sound: CheckSubject) => CheckSubject>>
  /** Cases that cannot hold for it, with the reason. */
  readonly skip?: Readonly<Record<string, string>>
}

const severities = ['info', 'low', 'medium', 'high', 'critical']

/** Registers the cases of one unit; the list of skips is filled when they are collected. */
export const checkConformance = (unit: AnyCheck, { plants, skip = {} }: CheckFixture): readonly string[] => {
  const options = z.strictObject(unit.options).parse({}) as never
  const examine = (subject: CheckSubject): Promise<CheckResult> => unit.check(subject, options)
  const skipped: string[] = []
  const test = (name: string, body: () => Promise<void>): void => {
    const reason = skip[name]
    if (reason !== undefined) skipped.push(`${unit.id}: ${name}: ${reason}`)
    it.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (${reason})`, body)
  }

  describe(`checks/${unit.id}`, () => {
    test('finds nothing in a sound release, and says what it looked at', async () => {
      const { tested, findings } = await examine(soundSubject())
      expect(findings).toEqual([])
      expect(tested).not.toHaveLength(0)
      expect(new Set(tested).size).toBe(tested.length)
    })
    test('is pure: the same subject, the same findings, and nothing changed', async () => {
      for (const plant of [(sound: CheckSubject) => sound, ...Object.values(plants)]) {
        const subject = plant(soundSubject())
        const before = JSON.stringify(subject)
        const first = await examine(subject)
        expect(await examine(subject)).toEqual(first)
        expect(await examine(plant(soundSubject()))).toEqual(first)
        expect(JSON.stringify(subject)).toBe(before)
      }
    })
    for (const [code, plant] of Object.entries(plants))
      test(`finds ${code}, with all that a person needs`, async () => {
        const { findings } = await examine(plant(soundSubject()))
        expect(findings.map(one => one.code)).toContain(code)
        for (const one of findings) {
          expect(one.code.startsWith(`${unit.id}/`)).toBe(true)
          expect(severities).toContain(one.severity)
          expect(Object.values(one.where)).not.toHaveLength(0)
          for (const text of [one.message, one.why, one.fix]) expect(text.length).toBeGreaterThan(10)
          expect(JSON.parse(JSON.stringify(one))).toEqual(one)
        }
      })
    test('has a planted fault for each code that it can find', async () => {
      const source = readFileSync(new URL(`${unit.id}.ts`, import.meta.url), 'utf8')
      const codes = [...source.matchAll(new RegExp(`'(${unit.id}/[a-z-]+)'`, 'g'))].map(([, code = '']) => code)
      expect([...new Set(codes)].toSorted()).toEqual(Object.keys(plants).toSorted())
    })
  })
  return skipped
}
