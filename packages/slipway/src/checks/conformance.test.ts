// Every check against the conformance of its kind.
import { expect, it } from 'vitest'
import type { AnyCheck, CheckSubject } from './check.ts'
import { checkConformance, type CheckFixture } from './conformance.ts'
import * as checks from './index.ts'

type Artifact = CheckSubject['artifacts'][number]
/** The subject with its first artifact changed. */
const first = (subject: CheckSubject, changes: Partial<Artifact>): CheckSubject => ({
  ...subject,
  artifacts: subject.artifacts.map((one, index) => (index === 0 ? { ...one, ...changes } : one)),
})

const fixtures: Readonly<Record<string, CheckFixture>> = {
  completeness: {
    plants: {
      'completeness/missing-file': sound => ({ ...sound, artifacts: sound.artifacts.slice(1) }),
      'completeness/unplanned-file': sound => first(sound, { file: 'surprise.deb' }),
      'completeness/empty-file': sound => first(sound, { sizeBytes: 0 }),
      'completeness/missing-feed-entry': sound => ({
        ...sound,
        planned: {
          ...sound.planned,
          feeds: sound.planned.feeds.map(feed => ({ ...feed, heads: { 'feeds/stable/tauri/latest.json': [] } })),
        },
      }),
    },
  },
  signatures: {
    plants: {
      'signatures/changed-file': sound => first(sound, { sha256: '0'.repeat(64) }),
      'signatures/missing': sound => first(sound, { signatures: {} }),
      'signatures/bad-signature': sound => first(sound, { signatures: sound.artifacts[1]?.signatures ?? {} }),
      'signatures/no-sums': sound => ({ ...sound, sums: {} }),
      'signatures/bad-sums': sound => ({ ...sound, sums: { ...sound.sums, SHA256SUMS: new TextEncoder().encode('others\n') } }),
    },
  },
}

const skips = Object.values(checks as unknown as Record<string, AnyCheck>).map(unit => {
  const fixture = fixtures[unit.id]
  if (fixture === undefined) throw new Error(`checks/${unit.id} has no conformance fixture`)
  return checkConformance(unit, fixture)
})

it('skips only what has a reason, and says how much', () => {
  const skipped = skips.flat()
  process.stdout.write(`check conformance: ${skipped.length} cases skipped\n${skipped.join('\n')}\n`)
  expect(skipped).toHaveLength(Object.values(fixtures).reduce((sum, { skip = {} }) => sum + Object.keys(skip).length, 0))
})
