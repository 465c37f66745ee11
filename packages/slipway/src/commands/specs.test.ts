// The specs, and the reference page that is generated from them.
import { describe, expect, it } from 'vitest'
import { page } from '../../../../scripts/gen/commands.ts'
import { helpText } from './help.ts'
import { specs } from './specs.ts'

describe('the specs', () => {
  it('are the commands of the contract', () => {
    expect(specs.map(spec => spec.name).toSorted()).toEqual(
      'build completion doctor explain gate init inspect keys man package plan promote publish release rollback rollout sign status verify'.split(
        ' ',
      ),
    )
  })
  it('have examples that name known commands and flags', () => {
    for (const spec of specs) {
      for (const example of spec.examples ?? []) {
        expect(example.startsWith(`slipway ${spec.name}`)).toBe(true)
        for (const [, flag] of example.matchAll(/ --([a-z]+)/g)) expect(spec.flags.map(one => one.name)).toContain(flag)
      }
    }
  })
  it('fit into 80 columns of help', () => {
    for (const subject of [specs, ...specs]) {
      for (const line of helpText(subject, 80).split('\n'))
        expect(line.startsWith('Usage:') || line.startsWith('  slipway') || line.length <= 80, line).toBe(true)
    }
  })
})

describe('the reference', () => {
  it('has every command, its flags, and no cell that a flag breaks', () => {
    const text = page()
    for (const spec of specs) {
      expect(text).toContain(`### ${spec.name}\n`)
      for (const flag of spec.flags) expect(text).toContain(`| \`--${flag.name}`)
    }
    expect(text).toContain('`--plan FILE\\|DIGEST`')
    for (const row of text.split('\n').filter(line => line.startsWith('|'))) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(4)
  })
})
