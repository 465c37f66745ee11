// The forms of a config file, what is wrong with the file itself, and its place in the text.
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { locateInCode } from './locate-code.ts'
import { folderOf, ioWith, least, problemsOf, read } from './testing/project.ts'

const only = async (files: Readonly<Record<string, string>>, options = {}) => {
  const problems = await problemsOf(read(folderOf(files), options))
  expect(problems).toHaveLength(1)
  return problems[0]
}

describe('a config that cannot be read', () => {
  it('is not there, is there twice, or has no known form', async () => {
    expect(await only({})).toMatchObject({ code: 'config/none' })
    expect(await only({ 'slipway.yml': 'app: {}' }, { config: 'other.yml' })).toMatchObject({ code: 'config/none' })
    const twice = await only({ 'slipway.json': '{}', 'slipway.config.ts': '' })
    expect(twice).toMatchObject({ code: 'config/several' })
    expect(twice?.message).toContain('slipway.config.ts and slipway.json')
    expect(await only({ 'slipway.ini': '' }, { config: 'slipway.ini' })).toMatchObject({ code: 'config/unknown-form' })
  })

  it('throws: with its line', async () => {
    expect(await only({ 'slipway.config.ts': "const a: number = 1\nthrow new Error('no ' + a)\n" })).toMatchObject({
      code: 'config/threw',
      message: 'The config could not be loaded: no 1',
      where: { file: 'slipway.config.ts', line: 2 },
    })
    expect(await only({ 'slipway.config.mjs': 'export default {\n  app: {,}\n}\n' })).toMatchObject({
      code: 'config/threw',
      where: { file: 'slipway.config.mjs', line: 2, column: 9 },
    })
    expect(await only({ 'slipway.config.ts': 'export default {\n  app: {,}\n}\n' })).toMatchObject({
      code: 'config/threw',
      where: { file: 'slipway.config.ts', line: 2 },
    })
    expect(await only({ 'slipway.config.ts': "import x from 'not-there'\nexport default x\n" })).toMatchObject({ code: 'config/threw' })
  })

  it('is no object', async () => {
    for (const files of [
      { 'slipway.config.ts': 'export const a = 1' },
      { 'slipway.config.js': 'export default 5' },
      { 'slipway.json': '[]' },
      { 'slipway.yaml': '- a' },
      { 'slipway.yml': '' },
    ])
      expect(await only(files)).toMatchObject({ code: 'config/no-object' })
  })

  it('is no data', async () => {
    const files = {
      'slipway.config.ts': 'const loop: Record<string, unknown> = {}\nloop.app = loop\nexport default {\n  app: { name: () => 1 },\n}',
    }
    expect(await only(files)).toMatchObject({
      code: 'config/not-data',
      message: 'app.name is a function',
      where: { path: 'app.name', line: 4, column: 10 },
    })
    expect(await only({ 'slipway.config.ts': 'const a: Record<string, unknown> = {}\na.app = a\nexport default a' })).toMatchObject({
      code: 'config/not-data',
    })
    expect(await only({ 'slipway.config.ts': 'export default { app: { date: new Date() } }' })).toMatchObject({ code: 'config/not-data' })
    expect(await only({ 'slipway.json': '{"app": {"__proto__": {"name": "x"}}}' })).toMatchObject({ code: 'config/not-data' })
  })

  it('is no JSON or YAML, or says a key twice', async () => {
    expect(await only({ 'slipway.json': '{\n  "app": {} // no\n}' })).toMatchObject({
      code: 'config/syntax',
      where: { line: 2, column: 13 },
    })
    expect(await only({ 'slipway.jsonc': '{"app":' })).toMatchObject({ code: 'config/syntax' })
    expect(await only({ 'slipway.yaml': 'app: [a\nb: c' })).toMatchObject({ code: 'config/syntax' })
    expect(await only({ 'slipway.jsonc': '{\n"app": {},\n"app": {}}' })).toMatchObject({
      code: 'config/duplicate-key',
      where: { line: 3, column: 1 },
    })
    expect(await only({ 'slipway.yaml': 'app: {}\napp: {}' })).toMatchObject({ code: 'config/duplicate-key', where: { line: 2 } })
    const bomb = `a0: &a0 [x]\n${Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`).join('\n')}\n`
    expect(await only({ 'slipway.yaml': bomb })).toMatchObject({ code: 'config/syntax' })
  })

  it('has a bad date or lock', async () => {
    const cwd = folderOf({ 'slipway.json': JSON.stringify(least) })
    expect(await problemsOf(read(cwd, {}, ioWith({ SOURCE_DATE_EPOCH: 'soon' })))).toMatchObject([{ code: 'config/bad-date' }])
    expect((await read(cwd, {}, ioWith({ SOURCE_DATE_EPOCH: '1700000000' }))).date).toBe(1_700_000_000)
    expect(await only({ 'slipway.json': JSON.stringify({ ...least, app: { ...least.app, date: '2026-02-99' } }) })).toMatchObject({
      code: 'config/bad-date',
    })
    expect((await read(folderOf({ 'slipway.json': JSON.stringify({ ...least, app: { ...least.app, date: '2026-11-21' } }) }))).date).toBe(
      Date.parse('2026-11-21') / 1000,
    )
    expect(await only({ 'slipway.json': JSON.stringify(least), 'slipway.lock': '{}' })).toMatchObject({ code: 'lock/unreadable' })
  })
})

it("answers import 'slipway' by the running package, without node_modules, and without a word on stderr", () => {
  const cwd = folderOf({
    'slipway.config.ts': `import { defineConfig } from 'slipway'\nimport { name } from './name.ts'\nexport default defineConfig({ app: { name } satisfies object, oops: 1 } as never)\n`,
    'name.ts': "export const name: string = 'tool'\n",
  })
  const here = new URL('.', import.meta.url).href
  const script = `const { machine } = await import('${here}../io/machine.ts'); const { readProject } = await import('${here}read.ts')
    await readProject(machine(), { cwd: ${JSON.stringify(cwd)}, profile: 'release', set: [] }).catch(error => console.log(JSON.stringify(error.problems ?? String(error))))
    console.log(await import('slipway').then(() => 'left', () => 'gone'))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '' },
    encoding: 'utf8',
  })
  const [problems = '', hook] = stdout.split('\n')
  expect([stderr, hook]).toEqual(['', 'gone'])
  expect(JSON.parse(problems)).toMatchObject([{ code: 'config/unknown-key', where: { path: 'oops', line: 3, column: 63 } }])
})

it('follows constants, members, calls and spreads to the place in the text', () => {
  const source = `const base = { deb: { section: 'utils' } } as const
const all = { packages: { ...base, zip: true } }
export default wrap({ ...all, app: { ['name']: 'x' }, build: all.packages, list: ['a', 'b'] })`
  expect(locateInCode(source, ['packages', 'deb', 'section'])).toEqual({ line: 1, column: 23 })
  expect(locateInCode(source, ['packages', 'zip'])).toEqual({ line: 2, column: 36 })
  expect(locateInCode(source, ['build', 'zip'])).toEqual({ line: 2, column: 36 })
  expect(locateInCode(source, ['app', 'name'])).toEqual({ line: 3, column: 38 })
  expect(locateInCode(source, ['list', 'b'])).toEqual({ line: 3, column: 88 })
  expect(locateInCode(source, ['app', 'gone', 'deeper'])).toEqual({ line: 3, column: 31 })
  expect(locateInCode('export default (', ['app'])).toEqual({ line: 1, column: 1 })
  expect(locateInCode('const a = { ...a }\nexport default a', ['x'])).toEqual({ line: 1, column: 11 })
})
