// Links between the project's own pages: every relative link in a Markdown file leads to a file, and every #anchor to a heading.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { ownFiles } from '../lib/files.ts'

/** One line a broken link. */
export const brokenLinks = (root: string): readonly string[] =>
  ownFiles(root)
    .filter(file => file.endsWith('.md'))
    .flatMap(file => linksOf(readFileSync(join(root, file), 'utf8')).flatMap(link => complain(root, file, link)))

interface Link {
  readonly to: string
  readonly line: number
}

/** Inline links and images, code left out. */
export const linksOf = (markdown: string): readonly Link[] => {
  const text = withoutCode(markdown)
  return [...text.matchAll(/!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)].map(match => ({
    to: match[1] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }))
}

/** The anchors that a page offers, as GitHub makes them from headings. */
export const anchorsOf = (markdown: string): ReadonlySet<string> => {
  const seen = new Map<string, number>()
  const anchors = [...withoutFences(markdown).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map(match => {
    const plain = (match[1] ?? '').replaceAll(/[`*]|\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-')
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
  return new Set(anchors)
}

const complain = (root: string, file: string, { to, line }: Link): readonly string[] => {
  if (/^[a-z][a-z0-9+.-]*:/i.test(to)) return []
  const [path = '', anchor] = to.split('#')
  const target = path === '' ? file : path.startsWith('/') ? path.slice(1) : normalize(join(dirname(file), decodeURIComponent(path)))
  if (target.startsWith('..') || !existsSync(join(root, target))) return [`${file}:${line}: ${to} leads nowhere`]
  if (anchor === undefined || !target.endsWith('.md') || !statSync(join(root, target)).isFile()) return []
  const anchors = anchorsOf(readFileSync(join(root, target), 'utf8'))
  return anchors.has(anchor.toLowerCase()) ? [] : [`${file}:${line}: ${target} has no heading #${anchor}`]
}

// Blank instead of gone, so that lines keep their numbers.
const withoutFences = (markdown: string): string =>
  markdown.replaceAll(/^( {0,3})(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ {0,3}\2[`~]*[ \t]*$/gm, block => block.replaceAll(/[^\n]/g, ' '))

const withoutCode = (markdown: string): string => withoutFences(markdown).replaceAll(/(`+)[^`\n]+\1/g, code => ' '.repeat(code.length))
