// A source file as a tree: types stripped (offsets kept), then parsed, and walked (CONTRACTS 12 reads configs the same way).
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { type Node, parse } from 'acorn'

export type SyntaxNode = Node & Readonly<Record<string, unknown>>

export const parseFile = (path: string): SyntaxNode =>
  parse(stripTypeScriptTypes(readFileSync(path, 'utf8')), {
    ecmaVersion: 'latest',
    sourceType: 'module',
    locations: true,
  }) as unknown as SyntaxNode

/** Every node of the tree, parents first. */
export function* walkTree(node: SyntaxNode): Generator<SyntaxNode> {
  yield node
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(child)) yield* walkTree(child)
  }
}

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
