// Line and column of a config path in a .ts or .js config: acorn over `module.stripTypeScriptTypes`, which keeps offsets; follows
// constants and spreads (CONFIG 5). Only on the error path, hence loaded there.
import { stripTypeScriptTypes } from 'node:module'
import { parse } from 'acorn'
import type { Expression, ObjectExpression, Program } from 'acorn'
import { positionAt, type ConfigPath, type Position } from './position.ts'

/** The place of the path, or of its nearest ancestor that stands in the text. */
export const locateInCode = (source: string, path: ConfigPath): Position => positionAt(source, offsetOf(source, path))

/** Where JavaScript stops being JavaScript: Node keeps the place of such an error to itself. */
export const syntaxErrorIn = (source: string): Position | undefined => {
  try {
    parseScript(source)
    return undefined
  } catch (error) {
    const { pos } = error as { readonly pos?: unknown }
    return typeof pos === 'number' ? positionAt(source, pos) : undefined
  }
}

interface Scope {
  readonly constants: ReadonlyMap<string, Expression>
  readonly root: Expression | undefined
  /** How many constants were followed: they may lead in a circle. */
  readonly depth: number
}
interface Found {
  /** Where it is written: the key of a property, the start of a list item. */
  readonly offset: number
  readonly value: Expression
}

const offsetOf = (source: string, path: ConfigPath): number => {
  const scope = scopeOf(source)
  if (scope?.root === undefined) return 0
  let node = resolve(scope.root, scope)
  let offset = node.start
  for (const key of path) {
    const next = member(node, String(key), scope)
    if (next === undefined) break
    offset = next.offset
    node = resolve(next.value, scope)
  }
  return offset
}

const scopeOf = (source: string): Scope | undefined => {
  const program = parsed(source)
  if (program === undefined) return undefined
  const constants = new Map<string, Expression>()
  let root: Expression | undefined
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declaration?.type === 'VariableDeclaration')
      for (const { id, init } of declaration.declarations) if (id.type === 'Identifier' && init) constants.set(id.name, init)
    if (statement.type === 'ExportDefaultDeclaration') root = statement.declaration as Expression
  }
  return { constants, root, depth: 0 }
}

const parsed = (source: string): Program | undefined => {
  try {
    return parseScript(quietly(() => stripTypeScriptTypes(source)))
  } catch {
    return undefined
  }
}

const parseScript = (source: string): Program => parse(source, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true })

/** Node says that stripTypeScriptTypes is experimental; nobody who reads a config error wants to know. */
const quietly = <T>(run: () => T): T => {
  const emitWarning = process.emitWarning
  process.emitWarning = () => undefined
  try {
    return run()
  } finally {
    process.emitWarning = emitWarning
  }
}

const deepest = 16
const deeper = (scope: Scope): Scope => ({ ...scope, depth: scope.depth + 1 })

/** Through constants, `defineConfig(…)`, `Object.freeze(…)` and parentheses, to the value itself. */
const resolve = (node: Expression, scope: Scope): Expression => {
  if (scope.depth > deepest) return node
  if (node.type === 'Identifier') {
    const value = scope.constants.get(node.name)
    return value === undefined ? node : resolve(value, deeper(scope))
  }
  if (node.type === 'CallExpression' && node.arguments[0] !== undefined && node.arguments[0].type !== 'SpreadElement')
    return resolve(node.arguments[0], deeper(scope))
  if (node.type === 'ParenthesizedExpression') return resolve(node.expression, deeper(scope))
  if (node.type === 'MemberExpression' && node.object.type !== 'Super' && node.property.type !== 'PrivateIdentifier') {
    const key = nameOf(node.property, node.computed)
    const found = key === undefined ? undefined : member(resolve(node.object, deeper(scope)), key, deeper(scope))
    return found === undefined ? node : resolve(found.value, deeper(scope))
  }
  return node
}

const member = (node: Expression, key: string, scope: Scope): Found | undefined => {
  if (node.type === 'ObjectExpression') return property(node, key, scope)
  if (node.type !== 'ArrayExpression') return undefined
  if (!/^\d+$/.test(key)) {
    const named = node.elements.find(one => one?.type === 'Literal' && one.value === key)
    return named && named.type !== 'SpreadElement' ? { offset: named.start, value: named } : undefined
  }
  const item = node.elements[Number(key)]
  // After a spread the count is off: stay with the list.
  if (!item || item.type === 'SpreadElement' || node.elements.slice(0, Number(key)).some(one => one?.type === 'SpreadElement'))
    return undefined
  return { offset: item.start, value: item }
}

/** The last one wins, as at run time. */
const property = (node: ObjectExpression, key: string, scope: Scope): Found | undefined => {
  for (const one of node.properties.toReversed()) {
    if (one.type === 'SpreadElement') {
      const found = scope.depth > deepest ? undefined : member(resolve(one.argument, deeper(scope)), key, deeper(scope))
      if (found !== undefined) return found
    } else if (nameOf(one.key as Expression, one.computed) === key) return { offset: one.start, value: one.value as Expression }
  }
  return undefined
}

const nameOf = (node: Expression, computed: boolean): string | undefined => {
  if (!computed && node.type === 'Identifier') return node.name
  return node.type === 'Literal' ? String(node.value) : undefined
}
