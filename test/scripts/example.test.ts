// npm run example: which examples there are, and that each says what the runner has to know.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exampleNames, readAbout } from '../../scripts/demo/about.ts'
import { projectRoot } from '../../scripts/lib/files.ts'

describe('npm run example', () => {
  it('knows every example by its demo.json', () => {
    expect(exampleNames()).toEqual(expect.arrayContaining(['esbuild', 'flet']))
    for (const name of exampleNames()) expect(readAbout(name).versions, name).toHaveLength(2)
  })
  it('releases versions whose inputs are pinned', () => {
    for (const name of ['esbuild', 'flet']) {
      const lock = readFileSync(join(projectRoot, 'examples', name, 'slipway.lock'), 'utf8')
      for (const version of readAbout(name).versions) expect(lock, name).toContain(`@${version}`)
    }
  })
  it.each([[['nope']], [[]], [['esbuild', 'flet']]])('asks which one for %j', words => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/example.ts', ...words], { cwd: projectRoot, encoding: 'utf8' })
    expect([status, stderr]).toEqual([2, expect.stringContaining('esbuild')])
  })
})
