// What `npm run check` says about texts, links and the lock file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { breachesIn } from '../../scripts/check/texts.ts'
import { anchorsOf, brokenLinks } from '../../scripts/docs/links.ts'
import { lockProblems } from '../../scripts/lock.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-checks-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('texts', () => {
  const code = 'packages/slipway/src/run/x.ts'
  it.each([
    ['README.md', ['see /', 'work/main'].join('')],
    ['README.md', ['"/', 'root/.cache"'].join('')],
    ['README.md', ['https://registry.npmjs', '.org/x'].join('')],
    ['package-lock.json', '"resolved": "https://example.org/x.tgz"'],
    [code, 'const a = process.env'],
    [code, "process['env']"],
  ])('refuses in %s: %s', (file, text) => {
    expect(breachesIn(file, `one\n${text}`)).toEqual([expect.stringContaining(`${file}:2: `)])
  })
  it.each([
    ['README.md', 'keys/root/now and ${place}/work/x'],
    ['packages/slipway/src/io/secrets.ts', 'process.env'],
    ['packages/slipway/src/run/x.test.ts', 'process.env'],
    [code, 'the process. Environment'],
  ])('lets pass in %s: %s', (file, text) => {
    expect(breachesIn(file, text)).toEqual([])
  })
})

describe('links', () => {
  it('names links to absent files and headings, not those in code', () => {
    writeFileSync(
      join(root, 'a.md'),
      '# One `two`!\n[ok](b.md#x) [self](#one-two) [web](https://example.org)\n```\n[no](gone.md)\n```\n`[no](gone.md)`\n[bad](gone.md)\n[worse](b.md#y)\n',
    )
    writeFileSync(join(root, 'b.md'), '# X\n')
    expect(brokenLinks(root)).toEqual(['a.md:7: gone.md leads nowhere', 'a.md:8: b.md has no heading #y'])
  })
  it('counts headings of the same name', () => {
    expect([...anchorsOf('# A\n## A\n## B-c d\n')]).toEqual(['a', 'a-1', 'b-c-d'])
  })
})

describe('lock', () => {
  const lock = (packages: object): void => {
    mkdirSync(root, { recursive: true })
    writeFileSync(join(root, 'package.json'), JSON.stringify({ devDependencies: { a: '1.0.0' } }))
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': { devDependencies: { a: '1.0.0' } }, ...packages } }))
  }
  it('wants an entry for every platform package, in the version that its owner asks for', () => {
    lock({
      'node_modules/a': { optionalDependencies: { 'a-darwin-arm64': '1.0.0', 'a-linux-x64-musl': '1.0.0' } },
      'node_modules/a-linux-x64-musl': { version: '1.0.0' },
      'node_modules/b/node_modules/a': { optionalDependencies: { 'a-linux-x64-musl': '0.9.0' } },
    })
    expect(lockProblems(root)).toEqual([
      expect.stringContaining('node_modules/a-darwin-arm64'),
      expect.stringContaining('node_modules/b/node_modules/a/node_modules/a-linux-x64-musl'),
    ])
  })
  it('wants no optional package that an older Node would leave out in silence', () => {
    lock({
      'node_modules/a-linux-x64': { version: '1.0.0', optional: true, engines: { node: '>=24' } },
      'node_modules/b-linux-x64': { version: '1.0.0', optional: true, dev: true, engines: { node: '>=24' } },
    })
    expect(lockProblems(root)).toEqual([expect.stringContaining('node_modules/a-linux-x64 would be left out')])
  })
  it('wants the versions of package.json', () => {
    lock({})
    expect(lockProblems(root)).toEqual([])
    writeFileSync(join(root, 'package.json'), JSON.stringify({ devDependencies: { a: '1.0.1' } }))
    expect(lockProblems(root)).toEqual([expect.stringContaining('devDependencies')])
  })
})
