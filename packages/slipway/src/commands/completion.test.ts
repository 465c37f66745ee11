// Completion scripts, judged by the shells that are there.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { completionScript, type Shell } from './completion.ts'
import { globalFlags } from './flags.ts'
import { specs } from './specs.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-completion-'))
const scriptOf = (shell: Shell): string => {
  const file = join(folder, `slipway.${shell}`)
  writeFileSync(file, completionScript(shell, specs))
  return file
}
const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0

/** What bash offers for the last of the words. */
const bash = (...words: readonly string[]): string[] => {
  const code = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slipway; printf "%s\\n" "${COMPREPLY[@]}"'
  const { stdout, stderr } = spawnSync('bash', ['-c', code, 'bash', scriptOf('bash'), ...words], { encoding: 'utf8', cwd: folder })
  expect(stderr).toBe('')
  return stdout.trim().split('\n')
}

describe('bash', () => {
  it('offers commands', () => {
    expect(bash('slipway', 'ro')).toEqual(['rollout', 'rollback'])
    expect(bash('slipway', '--json', '')).toEqual(specs.map(spec => spec.name))
  })
  it('offers the flags of the command, wherever it stands', () => {
    expect(bash('slipway', 'rollout', '--pe')).toEqual(['--percent'])
    expect(bash('slipway', '--cwd', 'plan', 'status', '--')).toEqual(globalFlags.map(flag => `--${flag.name}`))
  })
  it('offers choices and files', () => {
    expect(bash('slipway', 'keys', 'g')).toEqual(['generate'])
    expect(bash('slipway', '--reporter', 'li')).toEqual(['live'])
    expect(bash('slipway', 'inspect', 'slipway.ba')).toEqual(['slipway.bash'])
    expect(bash('slipway', 'man', 'pro')).toEqual(['promote'])
  })
})

describe.each(['zsh', 'fish', 'powershell'] as const)('%s', shell => {
  it('knows every command and flag', () => {
    const script = completionScript(shell, specs)
    for (const spec of specs) {
      expect(script).toContain(spec.name)
      for (const flag of spec.flags) expect(script).toMatch(shell === 'fish' ? `-l ${flag.name}` : `--${flag.name}`)
    }
  })
  const program = shell === 'powershell' ? 'pwsh' : shell
  it.skipIf(shell === 'powershell' || !has(program))(`parses (judge: ${program} -n)`, () => {
    expect(spawnSync(program, ['-n', scriptOf(shell)], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })
})
