// mtree(5): one line a file with its mode, size and digest, in libarchive's form with whole paths, as pacman keeps it.
import { decodeText, encodeText } from './bytes.ts'
import { FormatError } from './format-error.ts'

export interface MtreeEntry {
  /** Without `./` in front and without a slash behind. */
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'other'
  /** Permission bits only. */
  readonly mode?: number
  /** Seconds since 1970. */
  readonly mtime?: number
  readonly sizeBytes?: number
  /** 64 hex digits. */
  readonly sha256?: string
  /** 32 hex digits: pacman before 6.1 checks it, and takes a missing one for a wrong one. */
  readonly md5?: string
  readonly linkTarget?: string
}

const typeNames = { file: 'file', folder: 'dir', symlink: 'link' } as const
const defaultMode = 0o644

export const mtreeHead = `#mtree\n/set type=file uid=0 gid=0 mode=${defaultMode.toString(8)}\n`

/** Behind the head. Throws `mtree/bad-entry` for an entry that is no file, folder or symlink, or whose path is none. */
export const mtreeLine = (entry: MtreeEntry): string => {
  if (entry.type === 'other' || entry.path === '' || entry.path.includes('\0') || /^\/|\/$/.test(entry.path))
    throw new FormatError('mtree/bad-entry', `${JSON.stringify(entry.path)} cannot be listed`)
  const isFile = entry.type === 'file'
  const words = [
    `./${quote(entry.path)}`,
    entry.mtime === undefined ? '' : `time=${entry.mtime}.0`,
    entry.mode === undefined || entry.mode === defaultMode ? '' : `mode=${entry.mode.toString(8)}`,
    isFile ? '' : `type=${typeNames[entry.type]}`,
    isFile && entry.sizeBytes !== undefined ? `size=${entry.sizeBytes}` : '',
    isFile && entry.md5 !== undefined ? `md5digest=${entry.md5}` : '',
    isFile && entry.sha256 !== undefined ? `sha256digest=${entry.sha256}` : '',
    entry.linkTarget === undefined ? '' : `link=${quote(entry.linkTarget)}`,
  ]
  return `${words.filter(word => word !== '').join(' ')}\n`
}

/** What is not plain is three octal digits a byte. */
const quote = (text: string): string =>
  Array.from(encodeText(text), byte => {
    const character = String.fromCharCode(byte)
    return /[A-Za-z0-9/._+@%,:-]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`
  }).join('')

/** Throws `mtree/bad-line` and `mtree/unsupported` (paths that are relative to the line before). */
export const parseMtree = (bytes: Uint8Array): readonly MtreeEntry[] => {
  const defaults = new Map<string, string>()
  const entries: MtreeEntry[] = []
  const lines = textOf(bytes).split('\n')
  if (!(lines[0] ?? '').startsWith('#mtree')) throw new FormatError('mtree/bad-line', 'the first line is not #mtree', 0)
  for (const [index, text] of lines.entries()) {
    if (text.trim() === '' || text.startsWith('#')) continue
    const [first = '', ...words] = text.trim().split(/ +/)
    const keywords = words.map(word => [word.split('=', 1)[0] ?? '', word.slice(word.indexOf('=') + 1)] as const)
    if (first === '/set') for (const [key, value] of keywords) defaults.set(key, value)
    else if (first === '/unset') for (const [key] of keywords) defaults.delete(key)
    else entries.push(readEntry(first, new Map([...defaults, ...keywords]), index + 1))
  }
  return entries
}

const textOf = (bytes: Uint8Array): string => {
  try {
    return decodeText(bytes)
  } catch {
    throw new FormatError('mtree/bad-line', 'the list is not UTF-8')
  }
}

const types: Readonly<Record<string, MtreeEntry['type']>> = { file: 'file', dir: 'folder', link: 'symlink' }

const readEntry = (path: string, keywords: ReadonlyMap<string, string>, lineNumber: number): MtreeEntry => {
  const refuse = (message: string): FormatError => new FormatError('mtree/bad-line', `line ${lineNumber}: ${message}`)
  if (!path.startsWith('./') || path === './') throw new FormatError('mtree/unsupported', `line ${lineNumber}: a path without ./ in front`)
  const value = (key: string, pattern: RegExp): string | undefined => {
    const text = keywords.get(key)
    if (text !== undefined && !pattern.test(text)) throw refuse(`${key} is ${JSON.stringify(text)}`)
    return text
  }
  const mode = value('mode', /^[0-7]{1,7}$/)
  const mtime = value('time', /^\d{1,15}(\.\d*)?$/)
  const sizeBytes = value('size', /^\d{1,15}$/)
  const digest = value('sha256digest', /^[0-9a-f]{64}$/i) ?? value('sha256', /^[0-9a-f]{64}$/i)
  const md5 = value('md5digest', /^[0-9a-f]{32}$/i) ?? value('md5', /^[0-9a-f]{32}$/i)
  const link = keywords.get('link')
  const type = keywords.get('type')
  if (type === undefined) throw refuse('an entry without a type')
  return {
    path: unquote(path.slice(2), refuse),
    type: types[type] ?? 'other',
    ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) & 0o7777 }),
    ...(mtime === undefined ? {} : { mtime: Number(mtime) }),
    ...(sizeBytes === undefined ? {} : { sizeBytes: Number(sizeBytes) }),
    ...(digest === undefined ? {} : { sha256: digest.toLowerCase() }),
    ...(md5 === undefined ? {} : { md5: md5.toLowerCase() }),
    ...(link === undefined ? {} : { linkTarget: unquote(link, refuse) }),
  }
}

const unquote = (text: string, refuse: (message: string) => FormatError): string => {
  if (!text.includes('\\')) return text
  const bytes: number[] = []
  for (const [part, octal] of text.matchAll(/\\([0-3][0-7]{2})|[^\\]+|\\/gu)) {
    if (part === '\\') throw refuse(`a backslash that begins nothing in ${JSON.stringify(text)}`)
    if (octal === undefined) bytes.push(...encodeText(part))
    else bytes.push(Number.parseInt(octal, 8))
  }
  try {
    return decodeText(Uint8Array.from(bytes))
  } catch {
    throw refuse(`${JSON.stringify(text)} is not UTF-8`)
  }
}
