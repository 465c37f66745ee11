// The launcher in every shell that this machine has: found, missing, too old, unreadable, and what a second start costs.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Need } from '@slipway/core'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { launcherText } from './launcher.ts'

const folder = mkdtempSync(join(tmpdir(), 'launcher '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const shells = ['dash', 'bash', 'busybox sh', 'mksh'].filter(one => existsSync(`/usr/bin/${one.replace(' sh', '')}`))

const script = (path: string, text: string): void => {
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
}

interface Place {
  readonly start: (more?: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>>; readonly at?: string }) => {
    readonly status: number | null
    readonly stdout: string
    readonly stderr: string
  }
  readonly root: string
  /** Puts a program on PATH whose --version says this, and counts its calls. */
  readonly put: (name: string, said: string) => void
  readonly calls: () => number
}

const placeFor = (shell: string, needs: readonly Need[]): Place => {
  const root = mkdtempSync(join(folder, 'place '))
  const [bin, app] = [join(root, 'bin'), join(root, 'app dir')]
  for (const one of [bin, app]) mkdirSync(one)
  for (const one of ['readlink', 'printf']) symlinkSync(`/usr/bin/${one}`, join(bin, one))
  for (const one of ['mkdir', 'mv', 'rm']) symlinkSync(`/bin/${one}`, join(bin, one))
  writeFileSync(join(app, 'tool'), launcherText({ bin: 'tool', program: 'tool-program', needs, digest: 'ab'.repeat(32) }))
  script(join(app, 'tool-program'), `printf '%s|' "$@"; exit 7`)
  symlinkSync('../app dir/tool', join(bin, 'tool'))
  const log = join(root, 'calls')
  return {
    root,
    start: ({ args = [], env = {}, at = join(app, 'tool') } = {}) => {
      const [command = '', ...before] = shell.split(' ')
      const path = { PATH: bin, XDG_CACHE_HOME: join(root, 'cache'), ...env }
      return spawnSync(`/usr/bin/${command}`, [...before, at, ...args], { encoding: 'utf8', env: path })
    },
    put: (name, said) => {
      // Renamed over the old one, as a package manager does it.
      rmSync(join(bin, name), { force: true })
      script(join(bin, name), `echo called >>'${log}'; ${said}`)
      // As a package manager leaves it: the file is as old as its build, the folder changed just now.
      utimesSync(join(bin, name), 1_600_000_000, 1_600_000_000)
    },
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0),
  }
}

/** Makes what lies in the past older than the stamp of the next start. */
const age = (place: Place): void => utimesSync(join(place.root, 'bin'), 1_600_000_000, 1_600_000_000)

describe.each(shells)('the launcher in %s', shell => {
  it('starts the program with its arguments and exit code, through links, and looks once', () => {
    const place = placeFor(shell, [{ program: 'git', version: '>=2.40' }])
    place.put('git', 'echo git version 2.47.1.windows.1')
    age(place)
    expect(place.start({ args: ['a b', '', "c'd"] })).toMatchObject({ status: 7, stdout: "a b||c'd|", stderr: '' })
    expect(place.calls()).toBe(1)
    expect(place.start({ args: ['x'], at: join(place.root, 'bin/tool') })).toMatchObject({ status: 7, stdout: 'x|', stderr: '' })
    expect(place.calls()).toBe(1)
  })
  it('says what is missing and how to get it, all at once, and starts nothing', () => {
    const place = placeFor(shell, [
      { program: 'git', version: '>=2.40', get: "see https://git-scm.com, it's free" },
      { program: 'jq', version: '' },
    ])
    const { status, stdout, stderr } = place.start()
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' })
    expect(stderr.split('\n')).toEqual([
      'tool needs git >=2.40, which was not found.',
      "  To get it: see https://git-scm.com, it's free",
      'tool needs jq, which was not found.',
      '  Install it, and start tool again.',
      '',
    ])
    script(join(place.root, 'bin/apk'), 'exit 1')
    expect(place.start().stderr).toContain('  Install it, if this system has it for example by: apk add jq\n')
  })
  it('refuses a version out of range with the one it found, and sees when that changes', () => {
    const place = placeFor(shell, [{ program: 'git', version: '>=2.40 <3' }])
    place.put('git', 'echo git version 2.39.5')
    const { status, stderr } = place.start()
    expect(status).toBe(69)
    expect(stderr).toContain(`tool needs git >=2.40 <3; version 2.39.5 was found (${join(place.root, 'bin/git')}).\n`)
    place.put('git', 'echo git version 2.40')
    age(place)
    expect(place.start().status).toBe(7)
    place.put('git', 'echo git version 3.0.0')
    expect(place.start().status).toBe(69)
  })
  it.each([
    ['2.40', '>=2.40', 7],
    ['2.40.0', '>=2.40', 7],
    ['2.9', '>=2.40', 69],
    ['10.0', '>9', 7],
    ['9.0', '>9', 69],
    ['9.0.1', '>9', 7],
    ['1.2.3', '=1.2.3', 7],
    ['1.2.3.4', '=1.2.3', 69],
    ['1.2', '<=1.2', 7],
    ['1.2.0.1', '<=1.2', 69],
    ['08.09', '>=8.9', 7],
    ['20261121123456789012345.1', '>=7', 7],
  ])('compares %s with %s by number', (found, version, status) => {
    const place = placeFor(shell, [{ program: 'git', version }])
    place.put('git', `echo 'git release-7 v${found}, built 1999'`)
    expect(place.start().status).toBe(status)
  })
  it('reads a number without a dot where there is no other, and goes on where there is none', () => {
    const plain = placeFor(shell, [{ program: 'less', version: '>=600' }])
    plain.put('less', 'echo less 590 >&2')
    expect(plain.start().status).toBe(69)
    const silent = placeFor(shell, [{ program: 'git', version: '>=2.40' }])
    silent.put('git', 'echo no such option; exit 1')
    age(silent)
    const first = silent.start()
    expect(first).toMatchObject({ status: 7 })
    expect(first.stderr).toContain('does not say its version, and is tried all the same')
    expect(silent.start()).toMatchObject({ status: 7, stderr: '' })
  })
  it('works without a home to remember anything in', () => {
    const place = placeFor(shell, [{ program: 'git', version: '' }])
    place.put('git', 'exit 0')
    expect(place.start({ env: { XDG_CACHE_HOME: '' } })).toMatchObject({ status: 7, stderr: '' })
    expect(place.start({ env: { XDG_CACHE_HOME: '/proc/none' } })).toMatchObject({ status: 7, stderr: '' })
  })
})

describeWithJudge(['shellcheck'], 'the launcher, to shellcheck', ({ shellcheck }) => {
  it('has no finding', () => {
    const path = join(folder, 'checked')
    const needs = [
      { program: 'git', version: '>=2.40 <99' },
      { program: 'jq', version: '', get: "it's; $(id) `id`" },
    ]
    writeFileSync(path, launcherText({ bin: 'tool', program: 'tool-program', needs, digest: 'ab'.repeat(32) }))
    const { status, stdout } = spawnSync(shellcheck, ['-s', 'sh', path], { encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})
