// join: a universal app through the whole command, and what cannot be one.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { smallProject } from '../../../../test/kit/project.ts'
import type { SmallProject } from '../../../../test/kit/project.ts'

const targets = ['macos-x64', 'macos-arm64', 'macos-universal']
const project = (given: readonly string[] = targets): SmallProject =>
  smallProject({ targets: given, more: { build: { prebuilt: 'bin/{target}', join: true }, packages: ['tar.gz'], feeds: {} } })
const put = ({ root }: SmallProject, path: string, text: string | Uint8Array): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text, { mode: 0o755 })
}
const codes = async (made: SmallProject, args: readonly string[] = ['package']): Promise<readonly unknown[]> => {
  const { errors, exitCode } = await made.json(args)
  return [exitCode, ...errors.map(one => one.code)]
}

describe('join', () => {
  it('makes programs of two architectures, keeps equal files, links and folders, and narrows', async () => {
    const made = project()
    for (const target of ['macos-x64', 'macos-arm64']) put(made, `bin/${target}/data/words.txt`, 'words')
    const ran = await made.run(['package', '--target', 'macos-universal'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const out = join(made.root, 'dist/1.0.0')
    expect(readdirSync(out)).toEqual(['tiny-1.0.0-macos-universal.tar.gz'])
    const { data } = await made.json(['inspect', join(out, 'tiny-1.0.0-macos-universal.tar.gz')])
    expect(data['arch']).toBe('arm64 + x64')
    execFileSync('tar', ['-xzf', 'tiny-1.0.0-macos-universal.tar.gz'], { cwd: out })
    const whole = readFileSync(join(out, 'tiny-1.0.0-macos-universal/tiny'))
    for (const target of ['macos-x64', 'macos-arm64'])
      expect(whole.includes(readFileSync(join(made.root, 'bin', target, 'tiny')))).toBe(true)
    expect(readFileSync(join(out, 'tiny-1.0.0-macos-universal/data/words.txt'), 'utf8')).toBe('words')
  })
  it('refuses what only one has, what differs and is no program, and one architecture twice', async () => {
    const lonely = project()
    put(lonely, 'bin/macos-x64/only.txt', 'x')
    expect(await codes(lonely)).toEqual([2, 'join/only-in-one'])
    const different = project()
    put(different, 'bin/macos-x64/stamp', 'x')
    put(different, 'bin/macos-arm64/stamp', 'y')
    expect(await codes(different)).toEqual([2, 'join/differs'])
    const same = project()
    put(same, 'bin/macos-x64/lib', readFileSync(join(same.root, 'bin/macos-x64/tiny')))
    put(same, 'bin/macos-arm64/lib', Buffer.concat([readFileSync(join(same.root, 'bin/macos-x64/tiny')), Buffer.from('.')]))
    expect(await codes(same)).toEqual([2, 'join/not-joinable'])
  })
  it('refuses without the parts', async () => {
    expect(await codes(project(['macos-universal', 'linux-x64']))).toEqual([2, 'build/no-parts'])
  })
})
