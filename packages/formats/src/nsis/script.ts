// nsis: the files that the script of an installer unpacks, and where it puts them (NSIS, Source/exehead/fileform.h).
import { fieldsOf } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { type NsisTexts, textAt } from './strings.ts'

export interface NsisFile {
  /** As `$INSTDIR/data/a.txt`. */
  readonly path: string
  /** Where its bytes begin, in the data behind the script. */
  readonly offset: number
}
export interface NsisScript {
  readonly bits: 32 | 64
  readonly isUnicode: boolean
  readonly files: readonly NsisFile[]
}

const [blockCount, entriesBlock, stringsBlock, languagesBlock, entryBytes] = [8, 2, 3, 4, 28]
const [setFolder, extractFile] = [11, 20]
const limitEntries = 4_000_000

/** Throws `nsis/corrupt`. */
export const readNsisScript = (script: Uint8Array): NsisScript => {
  const fields = fieldsOf(script, 'little')
  const bad = (reason: string): FormatError => new FormatError('nsis/corrupt', `its script is damaged: ${reason}`)
  if (script.length < 4 + blockCount * 12) throw bad(`it has ${script.length} bytes`)
  // Places of blocks have the width of an address; no script has 4 GiB.
  const isLarge = Array.from({ length: blockCount }, (_, index) => fields.u32(8 + index * 12)).every(high => high === 0)
  const stride = isLarge ? 12 : 8
  const [entries, strings, languages] = [entriesBlock, stringsBlock, languagesBlock].map(block => ({
    at: fields.u32(4 + block * stride),
    count: fields.u32(4 + block * stride + stride - 4),
  }))
  if (entries === undefined || strings === undefined || languages === undefined) throw bad('it has no blocks')
  if (entries.count > limitEntries || entries.at + entries.count * entryBytes > script.length) throw bad(`${entries.count} instructions`)
  if (strings.at >= languages.at || languages.at > script.length) throw bad('its texts do not fit')
  const isUnicode = strings.at + 1 < script.length && fields.u16(strings.at) === 0
  const texts: NsisTexts = {
    fields,
    at: strings.at,
    end: languages.at,
    isUnicode,
    isOld: !isUnicode && isOld(script, strings.at, languages.at),
  }
  const files: NsisFile[] = []
  const known = new Set<string>()
  let folder = { now: '$INSTDIR', before: '$INSTDIR' }
  for (let index = 0; index < entries.count; index++) {
    const at = entries.at + index * entryBytes
    const [kind, first, second, third] = [fields.u32(at), fields.u32(at + 4), fields.u32(at + 8), fields.u32(at + 12)]
    if (kind === setFolder && second !== 0) {
      const next = textAt(texts, first)
      // A plug-in is called from a folder of its own, and the former is set again.
      folder = next === '$_OUTDIR' ? { now: folder.before, before: folder.before } : { now: next, before: folder.now }
    }
    if (kind !== extractFile) continue
    const path = pathOf(folder.now, textAt(texts, second))
    if (known.has(`${third} ${path}`)) continue
    known.add(`${third} ${path}`)
    files.push({ path, offset: third })
  }
  return { bits: isLarge ? 64 : 32, isUnicode, files }
}

const pathOf = (folder: string, name: string): string =>
  (/^(\$|[A-Za-z]:|\\)/.test(name) ? name : `${folder}\\${name}`).replaceAll('\\', '/').replace(/\/{2,}/g, '/')

/** The codes of NSIS 3 are small numbers before two bytes that have their highest bit. */
const isOld = (script: Uint8Array, at: number, end: number): boolean => {
  for (let place = at; place + 2 < end; place++) {
    const [code = 0, first = 0, second = 0] = script.subarray(place, place + 3)
    if (code >= 1 && code <= 4 && first >= 0x80 && second >= 0x80) return false
  }
  return true
}
