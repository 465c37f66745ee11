// The four configs of CONFIG 4: what each still lacks of units and keys. A list here that is no longer true fails: take the line out.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { folderOf, problemsOf, read } from './testing/project.ts'

const text = (letter: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../test/fixtures/configs/${letter}.ts`, import.meta.url)), 'utf8')

const lacking: Readonly<Record<string, readonly string[]>> = {
  a: ['sign.codesign', 'sign.authenticode', 'feeds.homebrew', 'feeds.scoop'],
  b: [
    ...['codesign', 'notarize', 'authenticode', 'pgp', 'sparkle'].map(id => `sign.${id}`),
    'checks.smoke',
    'feeds.sparkle',
    'feeds.apt',
    'store.s3',
  ],
  c: ['sign.codesign', 'sign.codesign.password', 'sign.notarize', ...['build', 'e2e', 'checklist'].map(id => `checks.${id}`), 'store.s3'],
  d: [
    ...['codesign', 'notarize', 'authenticode'].map(id => `sign.${id}`),
    ...['tests', 'smoke', 'tickets'].map(id => `checks.${id}`),
    'store.github',
    'workflow.github',
  ],
}

/** An id in a list stands at an index: name it as in an object. */
const nameOf = ({ where, message }: { readonly where: { readonly path?: string }; readonly message: string }): string =>
  (where.path ?? '').replace(/^(\w+)\.\d+$/, (_, kind: string) => `${kind}.${/^"([^"]+)"/.exec(message)?.[1] ?? ''}`)

describe.each(Object.keys(lacking))('example %s', letter => {
  it('lacks exactly these units', async () => {
    const problems = await problemsOf(read(folderOf({ 'slipway.config.ts': text(letter) })))
    expect(problems.map(nameOf).toSorted()).toEqual([...(lacking[letter] ?? [])].toSorted())
    expect(new Set(problems.map(one => one.code))).toEqual(
      new Set(
        ['config/unknown-key', 'config/unknown-value', 'config/unknown-scheme'].filter(code => problems.some(one => one.code === code)),
      ),
    )
    for (const { where } of problems)
      expect([where.file, typeof where.line, typeof where.column]).toEqual(['slipway.config.ts', 'number', 'number'])
  })
})

it('the keys of the examples that later parts carry out are questions', async () => {
  const config = `
export default {
  app: { name: 'OpenChamber', version: '1.0.0', needs: { opencode: '>=0.15.0'}, crash: 'off' },
  targets: ['linux-x64'], build: { command: 'true' }, packages: ['deb'],
  people: { bohdan: 'file:keys/bohdan.pub' }, channels: { canary: {}, stable: { signoffs: 1 } },
  sources: { 'autobyteus-ts': { git: 'https://github.com/AutoByteus/autobyteus-ts' } },
}`
  const made = await read(folderOf({ 'slipway.config.mjs': config }))
  expect(made.questions.map(one => `${one.code} ${one.where.path ?? ''}`)).toEqual(['config/later sources', 'config/later people'])
  expect(made.apps[0]?.channels['stable']?.signoffs).toBe(1)
})
