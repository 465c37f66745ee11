// The gathering of error codes (DESIGN 2): what it reads out of the calls, and each reason to refuse.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { generate } from '../../scripts/gen.ts'
import { errors } from '../../scripts/gen/errors.ts'
import { findErrorCalls } from '../../scripts/gen/error-calls.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-gen-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
const source = 'packages/slipway/src/a.ts'
const test = 'packages/slipway/src/a.test.ts'

describe('gen errors', () => {
  it('reads code, message, hint and exit code, with names for what is filled in', () => {
    write(
      source,
      "const fix = 'Say it'\nexport const f = (a: { file: string }): never =>\n  fail('a/one', `no ${a.file} in ${names.join(', ')}` + '!', { hint: `${fix} again`, exit: 'corrupt' })",
    )
    expect(findErrorCalls(root)).toEqual({
      problems: [],
      calls: [{ code: 'a/one', message: 'no <file> in <names>!', hint: 'Say it again', exit: 5, file: source, line: 3, isFormat: false }],
    })
  })

  it('finds the hint that a function puts into the detail', () => {
    write(source, "fail('a/one', 'm', at(place, 'Do this'))")
    expect(findErrorCalls(root).calls.map(call => call.hint)).toEqual(['Do this'])
  })

  it('takes a code of formats for one class of damage, in however many files', () => {
    for (const [name, text] of [
      ['a', 'torn'],
      ['b', 'cut'],
    ] as const)
      write(`packages/formats/src/zip/${name}.ts`, `throw new FormatError('zip/bad', '${text}')`)
    write(test, "'zip/bad'")
    return expect(errors.run(root)).resolves.toBeDefined()
  })

  it('lets a code pass that is handed on, and needs no hint from formats', () => {
    write(source, "problem(error.code, error.message, { hint: 'x' })\nthrow new FormatError('zip/bad', 'torn')")
    write(test, "expect('zip/bad')")
    expect(findErrorCalls(root).calls.map(call => call.code)).toEqual(['zip/bad'])
    return expect(errors.run(root)).resolves.toBeDefined()
  })

  it.each([
    ['a computed code', 'fail(`a/${x}`, "m", { hint: "h" })', 'not a string literal'],
    ['a code without a unit', "fail('one', 'm', { hint: 'h' })", 'not <unit>/<reason>'],
    ['no hint', "problem('a/one', 'm', {})", 'a/one has no hint'],
    ['no test', "fail('a/two', 'm', { hint: 'h' })", 'a/two has no test'],
    ['a test of a longer code only', "fail('a/on', 'm', { hint: 'h' })", 'a/on has no test'],
  ])('refuses %s', async (_title, text, complaint) => {
    write(source, text)
    write(test, "expect('a/one')")
    await expect(errors.run(root)).rejects.toThrow(complaint)
  })

  it('demands a written sentence where the message is nearly all filled in, and reads it from above the call', async () => {
    write(test, "'a/one'")
    write(source, "const f = () =>\n  fail('a/one', `${key} is ${what}`, { hint: 'h' })")
    await expect(errors.run(root)).rejects.toThrow('packages/slipway/src/a.ts:2: a/one says nothing of its own')
    write(source, "// Why.\n\n// explain: A key is unknown:\n// misspelt.\nfail('a/one', `${key} is ${what}`, { hint: 'h' })")
    expect(findErrorCalls(root).calls[0]?.explain).toBe('A key is unknown: misspelt.')
    const texts = await errors.run(root)
    expect(texts.get('docs/errors/a.md')).toContain('A key is unknown: misspelt.\n\n- \\<key\\> is \\<what\\>')
    expect(texts.get('packages/slipway/src/explanations.gen.ts')).toContain('"explain":"A key is unknown: misspelt."')
  })

  it('refuses one code with two meanings in two files, not the same thing twice', async () => {
    write(test, "'a/one'")
    write(source, "fail('a/one', 'this is wrong', { hint: 'h' })")
    write('packages/slipway/src/b.ts', "fail('a/one', 'this is wrong', { hint: 'h' })")
    await expect(errors.run(root)).resolves.toBeDefined()
    write('packages/slipway/src/b.ts', "fail('a/one', 'other', { hint: 'h' })")
    await expect(errors.run(root)).rejects.toThrow('means different things')
  })

  it('names what is not fresh, writes it, then finds nothing', async () => {
    write(source, "fail('a/one', 'a <b> | c is wrong', { hint: 'h' })")
    write(test, "'a/one'")
    write('docs/errors/gone.md', 'old')
    const stale = await generate(errors, root, true)
    expect(stale).toEqual([
      expect.stringContaining('docs/errors/a.md'),
      expect.stringContaining('docs/errors/README.md'),
      expect.stringContaining('explanations.gen.ts'),
      expect.stringContaining('docs/errors/gone.md is left over'),
    ])
    expect(await generate(errors, root, false)).toEqual([])
    expect(await generate(errors, root, true)).toEqual([])
    expect(readFileSync(join(root, 'docs/errors/a.md'), 'utf8')).toContain(
      '## a/one\n\n- a \\<b\\> \\| c is wrong\n\n**Fix:** h\n\nExit code: 2.',
    )
    const { explanations } = (await import(join(root, 'packages/slipway/src/explanations.gen.ts'))) as {
      explanations: Record<string, unknown>
    }
    expect(explanations['a/one']).toEqual({ message: 'a <b> | c is wrong', hint: 'h', exit: 2, file: source })
  })
})
