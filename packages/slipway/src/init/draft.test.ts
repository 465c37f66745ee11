// The written text gives exactly the values, whatever they are: in TypeScript and in YAML, with comments from anywhere.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../config/load.ts'
import { folderOf } from '../config/testing/project.ts'
import { machine } from '../io/machine.ts'
import { comment, draft, entry, treeOf, writeCode, writeYaml, type Draft } from './draft.ts'

const io = machine()

const load = async (file: string, text: string): Promise<unknown> => {
  const folder = folderOf({ [file]: text })
  try {
    return (await loadConfig(io, { cwd: folder })).tree
  } finally {
    rmSync(join(folder), { recursive: true })
  }
}

const hostile = [
  "'",
  '\\',
  "\\'",
  '`${process.exit(9)}`',
  "'})\nprocess.exit(9)//",
  'a\nb\r\nc',
  '\u2028\u2029\u0085\ufeff\u202e\u0000\u007f\u001b[2J',
  '*/ // # : - {}[] & ! % @ "',
  'true',
  '~',
  '0x1f',
  '1e3',
  ' lead and trail ',
  '',
  '\ud800',
  '\udc00\ud800 🦊 \u{e0041}',
  'é ü 漢字',
]
const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map(codes => String.fromCharCode(...codes))
const samples = [...hostile, ...fc.sample(units, 400), ...fc.sample(fc.string({ unit: 'grapheme', maxLength: 20 }), 200)]

const whole = (texts: readonly string[]): Draft =>
  draft(
    ...texts.map((text, at) => entry(`k${at}`, text, `from ${text}`)),
    entry('list', texts, ...texts),
    comment(...texts),
    entry('deep', draft(entry('empty', draft(comment(...texts))), entry('flag', true), entry('count', 3), entry('none', []))),
  )

describe.each([
  ['slipway.config.ts', writeCode],
  ['slipway.yaml', writeYaml],
])('%s', (file, write) => {
  it('holds every text as it is', async () => {
    expect(await load(file, write(samples, whole(samples)))).toEqual(treeOf(whole(samples)))
  })
  it('shows every hidden character as an escape', () => {
    expect(write(hostile, whole(hostile))).not.toMatch(/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u)
  })
  it('holds keys of any kind', async () => {
    const keys = ['tar.gz', 'linux-x64', 'yes', 'null', '1', "it's", 'a b', '${x}', '#', 'é']
    const tree = draft(...keys.map(key => entry(key, 'x')))
    expect(await load(file, write([], tree))).toEqual(treeOf(tree))
  })
  it('cannot set a prototype', async () => {
    await expect(load(file, write([], draft(entry('__proto__', draft(entry('x', 'y'))))))).rejects.toThrow('config/not-data')
  })
})

it('an empty config is still one', async () => {
  expect(await load('slipway.yaml', writeYaml(['nothing'], draft()))).toEqual({})
  expect(await load('slipway.config.ts', writeCode(['nothing'], draft()))).toEqual({})
})
