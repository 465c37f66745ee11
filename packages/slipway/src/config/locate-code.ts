// Line and column of a config path in a .ts or .js config: acorn over `module.stripTypeScriptTypes`, which keeps offsets; follows
// constants and spreads (CONFIG 5). Only on the error path, hence loaded there.
import { createRequire, stripTypeScriptTypes } from 'node:module'
import type { Expression, ObjectExpression, Program } from 'acorn'
import { positionAt, type ConfigPath, type Position } from './position.ts'

/** The place of the path, or of its nearest ancestor that stands in the text. */
export const locateInCode = (source: string, path: ConfigPath): Position => positionAt(source, offsetOf(source, path))

interface Scope {
  readonly constants: ReadonlyMap<string, Expression>
  readonly root: Expression | undefined
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
    const next = member(node, String(key), scope, 0)
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
  return { constants, root }
}

/** Loaded here and not above: only an error needs a parser, and `Project.locate` is synchronous. */
const parsed = (source: string): Program | undefined => {
  try {
    const { parse } = createRequire(import.meta.url)('acorn') as typeof import('acorn')
    return parse(quietly(() => stripTypeScriptTypes(source)), { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true })
  } catch {
    return undefined
  }
}

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

/** Through constants, `defineConfig(…)`, `Object.freeze(…)` and parentheses, to the value itself. */
const resolve = (node: Expression, scope: Scope, depth = 0): Expression => {
  if (depth > 16) return node
  if (node.type === 'Identifier') {
    const value = scope.constants.get(node.name)
    return value === undefined ? node : resolve(value, scope, depth + 1)
  }
  if (node.type === 'CallExpression' && node.arguments[0] !== undefined && node.arguments[0].type !== 'SpreadElement')
    return resolve(node.arguments[0], scope, depth + 1)
  if (node.type === 'ParenthesizedExpression') return resolve(node.expression, scope, depth + 1)
  if (node.type === 'MemberExpression' && node.object.type !== 'Super' && node.property.type !== 'PrivateIdentifier') {
    const key = nameOf(node.property, node.computed)
    const found = key === undefined ? undefined : member(resolve(node.object, scope, depth + 1), key, scope, depth + 1)
    return found === undefined ? node : resolve(found.value, scope, depth + 1)
  }
  return node
}

const member = (node: Expression, key: string, scope: Scope, depth: number): Found | undefined => {
  if (node.type === 'ObjectExpression') return property(node, key, scope, depth)
  if (node.type !== 'ArrayExpression') return undefined
  if (!/^\d+$/.test(key)) {
    const named = node.elements.find(one => one?.type === 'Literal' && one.value === key)
    return named && named.type !== 'SpreadElement' ? { offset: named.start, value: named } : undefined
  }
  const item = node.elements[Number(key)]
  // After a spread the count is off: stay with the list.
  if (!item || item.type === 'SpreadElement' || node.elements.slice(0, Number(key)).some(one => one?.type === 'SpreadElement')) return undefined
  return { offset: item.start, value: item }
}

/** The last one wins, as at run time. */
const property = (node: ObjectExpression, key: string, scope: Scope, depth: number): Found | undefined => {
  for (const one of node.properties.toReversed()) {
    if (one.type === 'SpreadElement') {
      const found = depth > 16 ? undefined : member(resolve(one.argument, scope, depth + 1), key, scope, depth + 1)
      if (found !== undefined) return found
    } else if (nameOf(one.key as Expression, one.computed) === key) return { offset: one.start, value: one.value as Expression }
  }
  return undefined
}

const nameOf = (node: Expression, computed: boolean): string | undefined => {
  if (!computed && node.type === 'Identifier') return node.name
  return node.type === 'Literal' ? String(node.value) : undefined
}
