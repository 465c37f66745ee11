// Finds and reads the config file: one of seven names; the same tree whatever its form (CONFIG 1.3).
import { basename, relative, resolve } from 'node:path'
import { fail, type Where } from '@slipway/core'
import type { ParseError } from 'jsonc-parser'
import type { Io } from '../io/io.ts'
import { positionAt, type ConfigPath, type Locator } from './position.ts'
import { plainTree, type PlainObject } from './plain.ts'

export const configNames = [
  'slipway.config.ts',
  'slipway.config.js',
  'slipway.config.mjs',
  'slipway.jsonc',
  'slipway.json',
  'slipway.yaml',
  'slipway.yml',
] as const

export interface Loaded {
  /** Absolute. */
  readonly file: string
  /** As errors show it: from the working folder where it lies below it. */
  readonly shown: string
  readonly tree: PlainObject
  /** Line and column of a path in it, or of its nearest ancestor; only asked for errors. */
  readonly locate: Locator
}

const limitBytes = 4 * 1024 * 1024

/** Codes: `config/none`, `config/several`, `config/unknown-form`, and those of the forms. */
export const loadConfig = async (io: Io, { cwd, config }: { readonly cwd: string; readonly config?: string }): Promise<Loaded> => {
  const file = config === undefined ? await findConfig(io, cwd) : resolve(cwd, config)
  if ((await io.files.stat(file)) === null)
    fail('config/none', `${config ?? file} is not there`, { hint: 'Give --config an existing file.', where: { file } })
  const text = await io.files.readText(file, limitBytes)
  const below = relative(cwd, file)
  const shown = below.startsWith('..') ? file : below
  if (/\.(ts|js|mjs)$/.test(file)) return fromCode({ file, shown, text })
  if (/\.jsonc?$/.test(file)) return fromJson({ file, shown, text })
  if (/\.ya?ml$/.test(file)) return fromYaml({ file, shown, text })
  return fail('config/unknown-form', `${basename(file)} is no form of config`, {
    hint: `Name it as one of ${configNames.join(', ')}.`,
    where: { file },
  })
}

const findConfig = async (io: Io, cwd: string): Promise<string> => {
  const there = new Set((await io.files.list(cwd)).map(entry => entry.name))
  const [first, second] = configNames.filter(name => there.has(name))
  if (first === undefined)
    return fail('config/none', `There is no config in ${cwd}`, {
      hint: 'Run: slipway init. Or give --cwd or --config.',
      where: { file: cwd },
    })
  if (second !== undefined)
    fail('config/several', `There are two configs: ${first} and ${second}`, {
      hint: 'Keep one of them, or name the one you mean with --config.',
      where: { file: resolve(cwd, second) },
    })
  return resolve(cwd, first)
}

interface Source {
  readonly file: string
  readonly shown: string
  readonly text: string
}

const fromCode = async ({ file, shown, text }: Source): Promise<Loaded> => {
  const { importConfig } = await import('./import-config.ts')
  const { locateInCode } = await import('./locate-code.ts')
  const made = importConfig(file, { shown, text })
  const locate: Locator = path => locateInCode(text, path)
  const at = (path: ConfigPath): Where => ({ file: shown, ...locate(path) })
  return { file, shown, tree: plainTree(objectOf(made, at([]), 'Write: export default defineConfig({ … })'), at), locate }
}

const fromJson = async ({ file, shown, text }: Source): Promise<Loaded> => {
  const { findNodeAtLocation, getNodeValue, parseTree, printParseErrorCode } = await import('jsonc-parser')
  const errors: ParseError[] = []
  const jsonc = file.endsWith('c')
  const root = parseTree(text.replace(/^\uFEFF/, ' '), errors, {
    disallowComments: !jsonc,
    allowTrailingComma: jsonc,
    allowEmptyContent: false,
  })
  const [error] = errors
  if (error !== undefined || root === undefined)
    return fail(
      'config/syntax',
      `This is no ${jsonc ? 'JSON with comments' : 'JSON'}: ${error === undefined ? 'it is empty' : printParseErrorCode(error.error)}`,
      {
        hint: 'Correct the text at this place.',
        where: { file: shown, ...positionAt(text, error?.offset ?? 0) },
      },
    )
  const at = (offset: number) => ({ file: shown, ...positionAt(text, offset) })
  const locate: Locator = path => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = findNodeAtLocation(root, [...path.slice(0, length)])
      if (node !== undefined) return positionAt(text, (node.parent?.type === 'property' ? node.parent : node).offset)
    }
    return positionAt(text, root.offset)
  }
  refuseTwice(root, at)
  return { file, shown, tree: withoutSchema(getNodeValue(root), path => ({ file: shown, ...locate(path) })), locate }
}

interface JsonNode {
  readonly type: string
  readonly offset: number
  readonly value?: unknown
  readonly children?: readonly JsonNode[]
}

/** JSON lets the last of two equal keys win in silence: here it is refused. */
const refuseTwice = (node: JsonNode, at: (offset: number) => object): void => {
  const seen = new Set<unknown>()
  for (const child of node.children ?? []) {
    if (node.type === 'object') {
      const key = child.children?.[0]?.value
      if (seen.has(key))
        fail('config/duplicate-key', `${JSON.stringify(key)} stands here twice`, { hint: 'Keep one of them.', where: at(child.offset) })
      seen.add(key)
    }
    refuseTwice(child, at)
  }
}

const fromYaml = async ({ file, shown, text }: Source): Promise<Loaded> => {
  const { isCollection, isMap, isNode, parseDocument } = await import('yaml')
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, strict: true, version: '1.2' })
  const error = document.errors[0] ?? document.warnings[0]
  if (error !== undefined) refuseYaml(error, { file: shown, ...positionAt(text, error.pos[0]) })
  const locate: Locator = path => {
    let [node, offset]: [unknown, number] = [document.contents, document.contents?.range?.[0] ?? 0]
    for (const key of path) {
      if (!isCollection(node)) break
      const pair = isMap(node)
        ? node.items.find(item => String((item.key as { readonly value?: unknown } | null)?.value) === String(key))
        : undefined
      const next: unknown = pair === undefined ? node.get(key, true) : pair.value
      const start: unknown = pair === undefined ? next : pair.key
      if (!isNode(start)) break
      offset = start.range?.[0] ?? offset
      node = next
    }
    return positionAt(text, offset)
  }
  const where = { file: shown, ...positionAt(text, 0) }
  return { file, shown, tree: withoutSchema(yamlValue(document, where), path => ({ file: shown, ...locate(path) })), locate }
}

const refuseYaml = ({ code, message }: { readonly code: string; readonly message: string }, where: Where): never =>
  code === 'DUPLICATE_KEY'
    ? fail('config/duplicate-key', 'A key stands here twice', { hint: 'Keep one of them.', where })
    : fail('config/syntax', `This is no YAML: ${message}`, { hint: 'Correct the text at this place.', where })

const yamlValue = (document: { readonly toJS: (options: { readonly maxAliasCount: number }) => unknown }, where: object): unknown => {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    return fail('config/syntax', 'The aliases of this YAML unfold to too much, or to nothing', {
      hint: 'Write the values out.',
      where,
      cause,
    })
  }
}

/** `$schema` is for editors. */
const withoutSchema = (value: unknown, at: (path: ConfigPath) => Where): PlainObject => {
  const { $schema: _schema, ...tree } = plainTree(objectOf(value, at([]), 'Write keys such as app, build and packages at the top.'), at)
  return tree
}

const objectOf = (value: unknown, where: Where, hint: string): object => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  const what = value === undefined ? 'The config exports or holds nothing' : 'The config is no object'
  // explain: The config file was read, but what it exports or holds is not one object with keys such as app and build.
  return fail('config/no-object', what, { hint, where })
}
