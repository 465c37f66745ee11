// Edits of files that are the user's: package.json and .gitignore. Something is put in, and every other byte stays as it was.
import { SlipwayError } from '@slipway/core'
import { applyEdits, parseTree, type Node } from 'jsonc-parser'
import { unreadable } from './repository.ts'

export interface Edited {
  readonly text: string
  /** What was not done, and why. */
  readonly notes: readonly string[]
}

/** CONTRACTS 5. */
export const scripts = { 'dist:dev': 'slipway package --profile dev', 'dist:release': 'slipway sign' } as const

/** Adds the two scripts unless they are there, in the layout that the file has. Code: `init/unreadable`. */
export const withScripts = (text: string): Edited => {
  const root = parseTree(text.replace(/^\uFEFF/, ' '), [], { disallowComments: true })
  if (root?.type !== 'object') throw new SlipwayError([unreadable('package.json', 'it is no JSON object')])
  // Of two equal keys the last one counts for JSON.parse.
  const place = lastProperty(root, 'scripts')?.children?.[1]
  if (place === undefined) return { text: putIn(text, root, [['scripts', scripts]]), notes: [] }
  if (place.type !== 'object') return { text, notes: ['package.json: scripts is no object, so dist:dev and dist:release are not added.'] }
  const there = Object.entries(scripts).map(([name, line]) => ({
    name,
    line,
    old: lastProperty(place, name)?.children?.[1]?.value as unknown,
  }))
  const missing = there.filter(one => one.old === undefined).map(({ name, line }) => [name, line] as const)
  const other = there.filter(one => one.old !== undefined && one.old !== one.line)
  return {
    text: missing.length === 0 ? text : putIn(text, place, missing),
    notes: other.map(
      ({ name, line }) => `package.json: the script ${name} is there with another text and stays as it is; Slipway's would be: ${line}`,
    ),
  }
}

const lastProperty = (node: Node, key: string): Node | undefined => node.children?.filter(one => one.children?.[0]?.value === key).at(-1)

/** After the last member, separated as the members before it are. */
const putIn = (text: string, parent: Node, members: readonly (readonly [string, unknown])[]): string => {
  const layout = layoutOf(text)
  const last = parent.children?.at(-1)
  const depth = depthOf(parent)
  if (last === undefined) {
    const inner = members.map(member => `${layout.line(depth + 1)}${memberText(member, layout, depth + 1)}`).join(',')
    return applyEdits(text, [{ offset: parent.offset + 1, length: parent.length - 2, content: `${inner}${layout.line(depth)}` }])
  }
  const between = text.slice(beforeOf(text, last.offset), last.offset)
  const content = members.map(member => `,${between}${memberText(member, layout, depth + 1)}`).join('')
  return applyEdits(text, [{ offset: last.offset + last.length, length: 0, content }])
}

/** Where the white space before an offset begins. */
const beforeOf = (text: string, offset: number): number => offset - (/[ \t\r\n]*$/.exec(text.slice(0, offset))?.[0].length ?? 0)

const depthOf = (node: Node): number => (node.parent === undefined ? 0 : depthOf(node.parent) + (node.type === 'property' ? 0 : 1))

interface Layout {
  /** A line end and the white space of a depth; a space or nothing where all stands on one line. */
  readonly line: (depth: number) => string
  readonly colon: string
}

const layoutOf = (text: string): Layout => {
  const [, end, indent = ''] = /(\r?\n)([ \t]+)"/.exec(text) ?? []
  const colon = /"[^"]*"\s*:(\s?)/.exec(text)?.[1] === '' ? ':' : ': '
  if (end !== undefined) return { line: depth => `${end}${indent.repeat(depth)}`, colon }
  const gap = /^\uFEFF?\{\S/.test(text) && colon === ':' ? '' : ' '
  return { line: () => gap, colon }
}

const memberText = ([key, value]: readonly [string, unknown], layout: Layout, depth: number): string => {
  if (typeof value !== 'object' || value === null) return `${JSON.stringify(key)}${layout.colon}${JSON.stringify(value)}`
  const inner = Object.entries(value).map(member => `${layout.line(depth + 1)}${memberText(member, layout, depth + 1)}`)
  return `${JSON.stringify(key)}${layout.colon}{${inner.join(',')}${layout.line(depth)}}`
}

/** Adds the folders that Slipway writes and nobody commits, unless a line ignores them already. */
export const withIgnored = (text: string, folders: readonly string[]): string => {
  const lines = text.split(/\r?\n/).map(line => line.trim())
  const spellings = (folder: string): readonly string[] => [
    folder,
    `${folder}/`,
    `/${folder}`,
    `/${folder}/`,
    `**/${folder}`,
    `**/${folder}/`,
    `${folder}/*`,
    `${folder}/**`,
    `/${folder}/*`,
  ]
  const missing = folders.filter(folder => !spellings(folder).some(one => lines.includes(one)))
  if (missing.length === 0) return text
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const gap = text === '' || text.endsWith('\n') ? '' : end
  return `${text}${gap}${missing.map(folder => `/${folder}/${end}`).join('')}`
}
