// Programs that are not for their target, through the public command: each target of one run is said, with what the file is instead.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { smallProject } from '../../../../test/kit/project.ts'
import type { SmallProject } from '../../../../test/kit/project.ts'
import { elf } from '../builders/testing/jobs.ts'

const made: string[] = []
afterEach(() => made.splice(0).forEach(folder => rmSync(folder, { recursive: true, force: true })))
const projectOf = (targets: readonly string[]): SmallProject => {
  const project = smallProject({ targets: ['linux-x64', 'linux-arm64', 'windows-x64', 'macos-arm64'] })
  made.push(dirname(project.root))
  const narrowed = smallProject({ folder: dirname(project.root), targets, more: { packages: ['tar.gz'], feeds: {} } })
  return narrowed
}
const program = (project: SmallProject, target: string): string =>
  join(project.root, 'bin', target, target.startsWith('windows') ? 'tiny.exe' : 'tiny')
const said = async (project: SmallProject): Promise<readonly string[]> =>
  (await project.json(['package'])).errors.map(one => `${one.code} ${String(one.where['target'])}: ${one.message}`).sort()

describe('a program that is not for its target', () => {
  it('is said for every target of the run', async () => {
    const project = projectOf(['linux-x64', 'linux-arm64', 'linux-armv7'])
    const [x64, arm64] = ['linux-x64', 'linux-arm64'].map(target => program(project, target)) as [string, string]
    copyFileSync(x64, `${x64}.kept`)
    copyFileSync(arm64, x64)
    copyFileSync(`${x64}.kept`, arm64)
    rmSync(`${x64}.kept`)
    mkdirSync(dirname(program(project, 'linux-armv7')), { recursive: true })
    copyFileSync(program(project, 'windows-x64'), program(project, 'linux-armv7'))
    expect(await said(project)).toEqual([
      'prebuilt/wrong-binary linux-arm64: tiny is a program for linux-x64, not one for linux-arm64',
      'prebuilt/wrong-binary linux-armv7: tiny is a program for windows-x64, not one for linux-armv7',
      'prebuilt/wrong-binary linux-x64: tiny is a program for linux-arm64, not one for linux-x64',
    ])
  })
  it.each([
    ['linux-x64', '/lib/ld-musl-x86_64.so.1', '(musl)'],
    ['linux-x64-musl', '/lib64/ld-linux-x86-64.so.2', '(glibc)'],
  ])('is said by its libc for %s', async (target, interpreter, libc) => {
    const project = projectOf([target])
    mkdirSync(dirname(program(project, target)), { recursive: true })
    writeFileSync(program(project, target), elf(62, interpreter), { mode: 0o755 })
    const [first = ''] = await said(project)
    expect(first).toContain(`prebuilt/wrong-binary ${target}: tiny is a program for linux-x64 ${libc}`)
  })
})
