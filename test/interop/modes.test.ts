// Setuid files: refused unless the config declares them, and then kept by the formats that can, as their own listers show (rule of every packager).
import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../kit/judges.ts'
import { smallProject } from '../kit/project.ts'
import type { SmallProject } from '../kit/project.ts'

const made: string[] = []
afterAll(() => made.forEach(folder => rmSync(folder, { recursive: true, force: true })))
const projectOf = (modes: Readonly<Record<string, string>>): SmallProject => {
  const project = smallProject({
    targets: ['linux-x64'],
    more: {
      app: {
        name: 'tiny',
        version: '1.0.0',
        license: 'MIT',
        publisher: 'Tiny <tiny@example.org>',
        summary: 'Tiny',
        date: '2023-11-14',
        modes,
      },
      packages: ['deb', 'rpm', 'apk', 'pacman', 'tar.gz', 'tar.zst', 'zip', 'appimage', 'snap'],
      feeds: {},
    },
  })
  made.push(dirname(project.root))
  for (const [name, mode] of [
    ['sandbox', 0o4755],
    ['secret.conf', 0o644],
  ] as const) {
    writeFileSync(join(project.root, 'bin/linux-x64', name), name)
    chmodSync(join(project.root, 'bin/linux-x64', name), mode)
  }
  return project
}
const codes = async (project: SmallProject): Promise<readonly string[]> => (await project.json(['package'])).errors.map(one => one.code)

describe('a setuid file', () => {
  it('is refused where nobody declared it', async () => {
    expect(await codes(projectOf({}))).toEqual(['tree/setuid'])
  })
  it('is not declared for a file that is not there', async () => {
    const found = await projectOf({ sandbox: '4755', 'no-such': '4755' }).json(['package'])
    expect(found.exitCode).toBe(2)
    expect(new Set(found.errors.map(one => one.code))).toEqual(new Set(['packagers/unused-mode']))
    expect(found.errors[0]?.where).toMatchObject({ path: 'app.modes', file: 'no-such' })
  })
  it('is declared in octal', async () => {
    expect(await codes(projectOf({ sandbox: 'u+s' }))).toEqual(['config/wrong-type'])
  })
})

describeWithJudge(['dpkg-deb', 'rpm', 'tar', 'bsdtar', 'unsquashfs'], 'declared modes', () => {
  let out = ''
  beforeAll(async () => {
    const project = projectOf({ sandbox: '4755', 'secret.conf': '0640' })
    const ran = await project.run(['package'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    out = join(project.root, 'dist/1.0.0')
  })
  it.each([
    ['.deb', ['dpkg-deb', '-c'], true],
    ['.rpm', ['rpm', '-qlvp', '--nosignature'], true],
    ['.apk', ['tar', '--warning=no-unknown-keyword', '-tvzf'], true],
    ['.pkg.tar.zst', ['bsdtar', '-tvf'], true],
    ['.tar.gz', ['tar', '-tvzf'], true],
    ['x64.tar.zst', ['bsdtar', '-tvf'], true],
    ['.zip', ['bsdtar', '-tvf'], false],
    ['.snap', ['unsquashfs', '-ll'], false],
  ] as const)('are in %s as it can have them', (ending, [tool, ...args], isKept) => {
    const file = readdirSync(out).find(name => name.endsWith(ending)) ?? ''
    const lines = execFileSync(tool, [...args, join(out, file)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
    const modeOf = (name: string): string | undefined => lines.find(line => line.endsWith(`/${name}`))?.slice(0, 10)
    expect([modeOf('sandbox'), modeOf('secret.conf')]).toEqual([isKept ? '-rwsr-xr-x' : '-rwxr-xr-x', '-rw-r-----'])
  })
})
