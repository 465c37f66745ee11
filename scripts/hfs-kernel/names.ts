// Names that a volume finds hard: composition, case, order, length, and enough of them for a tree of several levels.

interface File {
  readonly type: 'file'
  readonly path: string
  readonly mode: number
  readonly content: string
}
type Entry =
  | File
  | { readonly type: 'folder'; readonly path: string; readonly mode: number }
  | { readonly type: 'link'; readonly path: string; readonly linkTarget: string }

const names = [
  ...['.hidden', '-dash', ' space ', 'two  spaces', 'trailing.', 'tab\tbed', 'new\nline', '"quoted"', "it's", '*?<>|', '$HOME `id`'],
  ...['größe', 'é', 'Ångström', 'ñandú', 'ﬁ', 'Ω Ohm', '한글', '日本語', 'ЙЁ', 'ệ', 'ǅ', 'ｆｕｌｌ', 'שלום', 'ไทย', '\u{2126}', '\u{f900}'],
  ...['aux', 'CON', 'nul.txt', 'index', 'INDEX2', '_', '~', '%41', '..a', 'a..', 'x'.repeat(255), 'ж'.repeat(120)],
]
const alphabets = ['abcxyzABCXYZ', 'äöüéèàÄÖÜÉ', 'абвйёАБВЙЁ', 'αβγάέΑΒΓ', '가각힣', '一二三', '0123456789', '-_ .~']

export const hostileTree = (): readonly Entry[] => {
  const entries: Entry[] = names.map((path, index) => ({ type: 'file', path, mode: index % 3 === 0 ? 0o755 : 0o644, content: `${index}` }))
  entries.push(
    { type: 'folder', path: 'empty', mode: 0o755 },
    { type: 'folder', path: 'many', mode: 0o755 },
    { type: 'folder', path: 'private', mode: 0o700 },
    { type: 'file', path: 'private/none', mode: 0o600, content: '' },
    { type: 'file', path: 'private/large', mode: 0o400, content: 'large '.repeat(300_000) },
    { type: 'link', path: 'link', linkTarget: 'größe' },
    { type: 'link', path: 'broken', linkTarget: 'nowhere/at all' },
    { type: 'link', path: 'private/up', linkTarget: '../many' },
  )
  const seen = new Set<string>()
  let state = 7
  const random = (below: number): number => (state = (state * 48_271) % 0x7fffffff) % below
  while (seen.size < 3000) {
    const letters = [...(alphabets[random(alphabets.length)] ?? '')]
    const name = Array.from({ length: 2 + random(12) }, () => letters[random(letters.length)]).join('')
    // Names that differ in case or composition alone are one on such a volume.
    const key = name.normalize('NFC').toLowerCase()
    if (name === '..' || seen.has(key)) continue
    seen.add(key)
    entries.push({ type: 'file', path: `many/${name}`, mode: 0o644, content: name })
  }
  return entries
}
