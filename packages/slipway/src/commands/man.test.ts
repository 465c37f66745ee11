// Man pages, judged by groff.
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { SlipwayError } from '@slipway/core'
import type { CommandSpec, Invocation } from './command.ts'
import { man, manPage } from './man.ts'
import { specs } from './specs.ts'

const named = (name: string): CommandSpec => specs.find(spec => spec.name === name) as CommandSpec
const groff = (page: string) => spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-c'], { input: page, encoding: 'utf8' })
const hasGroff = groff('').status === 0
const shown = (page: string): string => groff(page).stdout.replaceAll(/.\u0008/g, '')

describe('man pages', () => {
  it('have name, synopsis, flags and exit status', () => {
    const page = manPage(named('release'))
    expect(page).toMatch(/^\.TH slipway\\-release|^\.TH SLIPWAY\\-RELEASE 1/)
    for (const part of ['.SH NAME', '.SH SYNOPSIS', '\\-\\-plan FILE|DIGEST', '.SH EXIT STATUS']) expect(page).toContain(part)
  })
  it.skipIf(!hasGroff).each([{ subject: specs }, ...specs.map(subject => ({ subject }))])(
    'of %# are without a warning (judge: groff -ww)',
    ({ subject }) => {
      const { stderr, status } = groff(manPage(subject))
      expect([status, stderr]).toEqual([0, ''])
    },
  )
  it.skipIf(!hasGroff)('show dashes that can be copied', () => {
    expect(shown(manPage(named('rollout')))).toContain('--percent N')
  })
  it('of an unknown command are refused with a suggestion', async () => {
    const refused = man(specs).run({ args: ['relese'] } as unknown as Invocation)
    await expect(refused).rejects.toThrow(SlipwayError)
    await expect(refused).rejects.toMatchObject({
      problems: [{ code: 'man/unknown-command', hint: 'Did you mean "slipway man release"?' }],
    })
  })
})
