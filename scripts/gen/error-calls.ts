// Finds where errors are declared: `fail('x/y', …)`, `problem('x/y', …)`, `new FormatError('x/y', …)` (DESIGN 2, Errors).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exitCodes } from '../../packages/core/src/error.ts'
import { typeScriptFiles } from '../lib/files.ts'
import { isNode, parseFile, type SyntaxNode, walkTree } from '../lib/parse.ts'

export interface ErrorCall {
  readonly code: string
  readonly message: string
  /** Empty where the call gives none. */
  readonly hint: string
  /** Absent for errors of formats: who meets them decides. */
  readonly exit?: number
  /** Relative to the root, with `/`. */
  readonly file: string
  readonly line: number
  readonly isFormat: boolean
  /** A written sentence: `// explain: …` right above the call, for a message that is nearly all filled in. */
  readonly explain?: string
}
export interface ErrorCalls {
  readonly calls: readonly ErrorCall[]
  /** Calls whose code is no literal. */
  readonly problems: readonly string[]
}

/** All declarations below `root`/packages, in the order of files and lines. */
export const findErrorCalls = (root: string): ErrorCalls => {
  const calls: ErrorCall[] = []
  const problems: string[] = []
  for (const file of typeScriptFiles(root, 'packages').filter(isSource)) {
    const tree = parseFile(join(root, file))
    const constants = constantsOf(tree)
    const lines = readFileSync(join(root, file), 'utf8').split('\n')
    for (const node of walkTree(tree)) {
      const name = calleeOf(node)
      if (name === undefined) continue
      const found = readCall(node, { name, file, constants, lines })
      if (typeof found === 'string') problems.push(found)
      else if (found !== undefined) calls.push(found)
    }
  }
  return { calls, problems }
}

interface Context {
  readonly name: string
  readonly file: string
  readonly constants: ReadonlyMap<string, SyntaxNode>
  readonly lines: readonly string[]
}

// error.ts defines them; tests provoke them.
const isSource = (file: string): boolean => !/\.(test|gen|d)\.ts$|conformance\.ts$|core\/src\/error\.ts$/.test(file)

const calleeOf = (node: SyntaxNode): string | undefined => {
  const callee = node['callee']
  if (!isNode(callee) || callee.type !== 'Identifier') return undefined
  const name = callee['name'] as string
  if (node.type === 'CallExpression' && (name === 'fail' || name === 'problem')) return name
  return node.type === 'NewExpression' && name === 'FormatError' ? name : undefined
}

const readCall = (node: SyntaxNode, context: Context): ErrorCall | string | undefined => {
  const [code, message, detail] = node['arguments'] as SyntaxNode[]
  const line = (node.loc?.start.line ?? 0) as number
  const at = `${context.file}:${line}`
  if (code === undefined || isPassedOn(code)) return undefined
  if (code.type !== 'Literal' || typeof code['value'] !== 'string') return `${at}: the code of ${context.name}() is not a string literal`
  if (!/^[a-z][a-z0-9-]*\/[a-z0-9-]+$/.test(code['value'])) return `${at}: ${code['value']} is not <unit>/<reason>`
  const isFormat = context.name === 'FormatError'
  const explain = explainAbove(context.lines, line)
  const hint = propertyOf(detail, 'hint', context.constants) ?? hintGiven(detail)
  return {
    code: code['value'],
    message: message === undefined ? '' : textOf(message, context.constants),
    hint: isFormat || hint === undefined ? '' : textOf(hint, context.constants),
    ...(isFormat ? {} : { exit: exitOf(propertyOf(detail, 'exit', context.constants)) }),
    file: context.file,
    line,
    isFormat,
    ...(explain === undefined ? {} : { explain }),
  }
}

/** The comment that ends right above a line (from 1) and begins with `explain:`. */
const explainAbove = (lines: readonly string[], line: number): string | undefined => {
  const texts: string[] = []
  for (let at = line - 2; at >= 0; at--) {
    const text = /^\s*\/\/ ?(.*)$/.exec(lines[at] ?? '')?.[1]
    if (text === undefined) return undefined
    texts.unshift(text.replace(/^explain: /, ''))
    if (text.startsWith('explain: ')) return texts.join(' ')
  }
  return undefined
}

/** `problem(error.code, …)` hands on what was declared elsewhere. */
const isPassedOn = (code: SyntaxNode): boolean =>
  code.type === 'MemberExpression' && isNode(code['property']) && code['property']['name'] === 'code'

const exitOf = (node: SyntaxNode | undefined): number => {
  const name = node?.type === 'Literal' ? node['value'] : undefined
  return typeof name === 'string' && name in exitCodes ? exitCodes[name as keyof typeof exitCodes] : exitCodes.input
}

const propertyOf = (detail: SyntaxNode | undefined, name: string, constants: ReadonlyMap<string, SyntaxNode>): SyntaxNode | undefined => {
  if (detail?.type === 'Identifier') return propertyOf(constants.get(detail['name'] as string), name, constants)
  if (detail?.type !== 'ObjectExpression') return undefined
  for (const property of detail['properties'] as SyntaxNode[]) {
    if (property.type === 'SpreadElement') {
      const inner = propertyOf(property['argument'] as SyntaxNode, name, constants)
      if (inner !== undefined) return inner
    } else if (isNode(property['key']) && (property['key']['name'] ?? property['key']['value']) === name) {
      return property['value'] as SyntaxNode
    }
  }
  return undefined
}

/** `detail(scan, 'Flatten it.')`: a function makes the detail, and the hint is the text that it is given. */
const hintGiven = (detail: SyntaxNode | undefined): SyntaxNode | undefined =>
  detail?.type === 'CallExpression'
    ? (detail['arguments'] as SyntaxNode[]).find(
        one => one.type === 'TemplateLiteral' || (one.type === 'Literal' && typeof one['value'] === 'string'),
      )
    : undefined

/** Constants of the file by name, so that a hint may stand in one. */
const constantsOf = (tree: SyntaxNode): ReadonlyMap<string, SyntaxNode> => {
  const found = new Map<string, SyntaxNode>()
  for (const node of walkTree(tree)) {
    if (node.type !== 'VariableDeclaration' || node['kind'] !== 'const') continue
    for (const { id, init } of node['declarations'] as { id: SyntaxNode; init: unknown }[]) {
      if (isNode(init) && ['Literal', 'TemplateLiteral', 'ObjectExpression'].includes(init.type)) found.set(String(id['name']), init)
    }
  }
  return found
}

/** A text as far as it is known without running: `<name>` stands for what is not. */
const textOf = (node: SyntaxNode, constants: ReadonlyMap<string, SyntaxNode>): string => {
  const inner = (key: string): string => textOf(node[key] as SyntaxNode, constants)
  if (node.type === 'Literal') return String(node['value'])
  if (node.type === 'BinaryExpression' && node['operator'] === '+') return inner('left') + inner('right')
  if (node.type === 'ConditionalExpression') return [inner('consequent'), inner('alternate')].filter(text => text !== '').join(' | ')
  if (node.type === 'TemplateLiteral') return templateOf(node, constants)
  if (node.type === 'Identifier') {
    const constant = constants.get(node['name'] as string)
    return constant === undefined || constant.type === 'ObjectExpression' ? `<${String(node['name'])}>` : textOf(constant, constants)
  }
  return `<${nameOf(node)}>`
}

const templateOf = (node: SyntaxNode, constants: ReadonlyMap<string, SyntaxNode>): string => {
  const expressions = node['expressions'] as SyntaxNode[]
  return (node['quasis'] as { readonly value: { readonly cooked: string } }[])
    .map((quasi, index) => quasi.value.cooked + (expressions[index] === undefined ? '' : textOf(expressions[index], constants)))
    .join('')
}

/** The most telling name in an expression: `<file>` for `artifact.file`, `<names>` for `names.join(', ')`. */
const nameOf = (node: SyntaxNode): string => {
  if (node.type === 'Identifier') return node['name'] as string
  if (node.type === 'CallExpression') {
    const callee = node['callee'] as SyntaxNode
    const first = (node['arguments'] as SyntaxNode[])[0]
    if (callee.type === 'MemberExpression') return nameOf(callee['object'] as SyntaxNode)
    return first === undefined ? nameOf(callee) : nameOf(first)
  }
  if (node.type === 'MemberExpression' || node.type === 'ChainExpression')
    return nameOf((node['property'] ?? node['expression']) as SyntaxNode)
  const operand = node['left'] ?? node['argument'] ?? node['expression']
  return isNode(operand) ? nameOf(operand) : 'value'
}
