// The console blocks of a guide: `$ command` lines, and the output that the page shows below each (`…` stands for anything).
export interface Shown {
  readonly argv: readonly string[]
  /** As the page shows it, for messages. */
  readonly text: string
  readonly line: number
  /** Lines of output that must come, in this order. */
  readonly output: readonly string[]
  /** What `(exit N)` in the shown output says; else 0. */
  readonly exitCode: number
}
/** A file that the page gives in full: a block whose info string is `<language> <path>`. */
export interface ShownFile {
  readonly path: string
  readonly text: string
  readonly line: number
}
export type GuideStep = { readonly kind: 'command'; readonly command: Shown } | { readonly kind: 'file'; readonly file: ShownFile }

/** In the order of the page. */
export const stepsOfGuide = (markdown: string): readonly GuideStep[] =>
  blocksOf(markdown).flatMap(({ info, body, line }): readonly GuideStep[] => {
    const [language = '', path] = info.split(' ')
    if (language === 'console') return commandsIn(body, line).map(command => ({ kind: 'command', command }))
    return path === undefined ? [] : [{ kind: 'file', file: { path, text: `${body.join('\n')}\n`, line } }]
  })

interface Block {
  readonly info: string
  readonly body: readonly string[]
  /** Of its first line inside. */
  readonly line: number
}

export const blocksOf = (markdown: string): readonly Block[] => {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const info = /^```(.*)$/.exec(lines[at] ?? '')?.[1]
    if (info === undefined) continue
    const end = lines.indexOf('```', at + 1)
    blocks.push({ info: info.trim(), body: lines.slice(at + 1, end), line: at + 2 })
    at = end
  }
  return blocks
}

const commandsIn = (body: readonly string[], firstLine: number): readonly Shown[] => {
  const starts = body.flatMap((text, index) => (text.startsWith('$ ') ? [index] : []))
  return starts.map((start, index) => {
    const output = body.slice(start + 1, starts[index + 1])
    const text = (body[start] ?? '').slice(2)
    const exit = /\(exit (\d+)\)/.exec(output.join('\n'))?.[1]
    return { argv: wordsOf(text), text, line: firstLine + start, output, exitCode: exit === undefined ? 0 : Number(exit) }
  })
}

/** Split at spaces and quotes; guides need no more of a shell. */
export const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'))

/** The first shown line that the real output does not have, in order; undefined when it has all. Runs of spaces are one. */
export const firstMissing = (shown: readonly string[], real: string): string | undefined => {
  const lines = real.split('\n').map(flat)
  let at = 0
  for (const pattern of shown) {
    if (pattern.trim() === '…') continue
    const expression = new RegExp(`^${flat(pattern).split('…').map(escapeRegExp).join('.*')}$`)
    const found = lines.findIndex((line, index) => index >= at && expression.test(line))
    if (found < 0) return pattern
    at = found + 1
  }
  return undefined
}

const flat = (text: string): string =>
  text
    .trim()
    .replaceAll(/ {1,}…/g, '…')
    .replaceAll(/… {1,}/g, '…')
    .replaceAll(/ +/g, ' ')
const escapeRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
