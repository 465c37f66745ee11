// Programs that an app needs: ranges, pins, where a shipped one lies.
import { expect, it } from 'vitest'
import type { Need } from './app.ts'
import { isExactVersion, isNamedLike, parseRange, pinFor, shippedPath } from './need.ts'

it('reads ranges, and says of anything else that it is none', () => {
  expect(parseRange('>=2.40 <3')).toEqual([
    { comparator: '>=', version: '2.40' },
    { comparator: '<', version: '3' },
  ])
  expect([parseRange(''), parseRange('  ')]).toEqual([[], []])
  expect(parseRange('=1.2.3')).toEqual([{ comparator: '=', version: '1.2.3' }])
  for (const bad of ['^1.0', '>=', '2.40', '>= 2', '>=1.0 || <3', '>=1.2.3-rc.1', `>=${'1.'.repeat(7)}1`])
    expect(parseRange(bad), bad).toBeNull()
})
it('knows one exact version from a range', () => {
  expect(['0.15.0', '3', '1.2.3-rc.1', '1.2.3+build.4'].map(isExactVersion)).toEqual([true, true, true, true])
  expect(['', '>=1', 'v1', '1.', 'latest'].map(isExactVersion)).toEqual([false, false, false, false, false])
})
it('takes the pin of the exact target, then of its system, or the one for all', () => {
  const [digest, other] = ['a'.repeat(64), 'b'.repeat(64)]
  const bundle = { from: { 'linux-x64': 'x64', 'linux-*': 'linux' }, sha256: { 'linux-x64': digest, 'linux-*': other } }
  expect(pinFor(bundle, 'linux-x64')).toEqual({ from: 'x64', sha256: digest })
  expect(pinFor(bundle, 'linux-arm64')).toEqual({ from: 'linux', sha256: other })
  expect(pinFor(bundle, 'windows-x64')).toEqual({ from: undefined, sha256: undefined })
  expect(pinFor({ from: 'tools/git', sha256: digest }, 'macos-arm64')).toEqual({ from: 'tools/git', sha256: digest })
  expect(pinFor({ from: 'tools/git', sha256: 'A'.repeat(64) }, 'macos-arm64').sha256).toBeUndefined()
})
it('puts a shipped program beside the app’s own, with the ending of its system', () => {
  const need = { program: 'git', version: '2.40' } as Need
  expect(shippedPath(need, { executable: 'bin/tool', target: 'linux-x64' })).toBe('bin/git')
  expect(shippedPath(need, { executable: 'tool.exe', target: 'windows-x64' })).toBe('git.exe')
  expect(shippedPath(need, { executable: 'tool', target: 'nowhere' })).toBe('git')
})
it('sees a program by its name, and by what Windows would start', () => {
  expect(['git', 'bin/git', 'bin/git.EXE', 'git.cmd'].map(path => isNamedLike(path, 'git'))).toEqual([true, true, true, true])
  expect(['gitk', 'git.txt', 'git/readme', 'legit'].map(path => isNamedLike(path, 'git'))).toEqual([false, false, false, false])
})
