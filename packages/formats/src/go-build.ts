// What the go command writes into its programs: version, module, settings (debug/buildinfo), and the build ID (cmd/internal/buildid).
import { decodeText, exactReader, fieldsOf, type Source } from './bytes.ts'
import { FormatError } from './format-error.ts'
import type { Section } from './sections.ts'

export interface GoBuild {
  /** As `go1.26.0`. */
  readonly goVersion: string
  /** Import path of the main package. */
  readonly path: string | undefined
  readonly module: { readonly path: string; readonly version: string } | undefined
  readonly dependencies: number
  /** As `-tags`, `GOOS`, `vcs.revision`. */
  readonly settings: ReadonlyMap<string, string>
}

const limitBlobBytes = 1 << 20
const magic = [0xff, ...' Go buildinf:'].map(one => (typeof one === 'number' ? one : one.charCodeAt(0)))
const startBytes = 32
const inlineFlag = 2
// Written around the module's text, so that it is found in memory too.
const sentinelBytes = 16

/** Undefined where there is none, and for Go before 1.18, which kept it behind pointers. Throws `go-build/truncated`. */
export const readGoBuild = async (source: Source, sections: readonly Section[]): Promise<GoBuild | undefined> => {
  const section = ['.go.buildinfo', '__go_buildinfo', '.data'].flatMap(name => sections.find(one => one.name === name) ?? [])[0]
  if (section === undefined || section.sizeBytes < startBytes) return undefined
  const bytes = await exactReader(source, torn)(section.offset, Math.min(section.sizeBytes, limitBlobBytes))
  const at = findMagic(bytes)
  if (at === undefined || ((bytes[at + 15] ?? 0) & inlineFlag) === 0) return undefined
  const version = textAt(bytes, at + startBytes)
  const module = textAt(bytes, version.end)
  return { goVersion: decodeText(version.bytes), ...moduleOf(decodeModule(module.bytes)) }
}

const torn = (message: string, offset: number): FormatError => new FormatError('go-build/truncated', message, offset)

/** It stands at a multiple of 16. */
const findMagic = (bytes: Uint8Array): number | undefined => {
  for (let at = 0; at + startBytes <= bytes.length; at += 16) {
    if (bytes[at] === 0xff && magic.every((byte, index) => bytes[at + index] === byte)) return at
  }
  return undefined
}

/** A length in groups of seven bits, then the bytes. */
const textAt = (bytes: Uint8Array, start: number): { readonly bytes: Uint8Array; readonly end: number } => {
  let [length, at] = [0, start]
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[at++]
    if (byte === undefined || shift > 2 ** 28) throw torn('the length of a text does not end', at)
    length += (byte & 0x7f) * shift
    if (byte < 0x80) break
  }
  if (at + length > bytes.length) throw torn(`a text of ${length} bytes is cut off`, at)
  return { bytes: bytes.subarray(at, at + length), end: at + length }
}

const decodeModule = (bytes: Uint8Array): string =>
  bytes.length < 2 * sentinelBytes + 1 ? '' : new TextDecoder().decode(bytes.subarray(sentinelBytes, bytes.length - sentinelBytes))

const moduleOf = (text: string): Omit<GoBuild, 'goVersion'> => {
  const settings = new Map<string, string>()
  let path: string | undefined
  let module: GoBuild['module']
  let dependencies = 0
  for (const line of text.split('\n')) {
    const [kind, first = '', second = ''] = line.split('\t')
    if (kind === 'path') path = first
    else if (kind === 'mod') module = { path: first, version: second }
    else if (kind === 'dep') dependencies += 1
    else if (kind === 'build') {
      const [, key, value] = /^("(?:[^"\\]|\\.)*"|[^=]*)=(.*)$/.exec(line.slice('build\t'.length)) ?? []
      if (key !== undefined && value !== undefined) settings.set(unquoted(key), unquoted(value))
    }
  }
  return { path, module, dependencies, settings }
}

/** Go's quotes around a text of plain characters are those of JSON, or backticks. */
const unquoted = (text: string): string => {
  if (/^`[^`]*`$/.test(text)) return text.slice(1, -1)
  if (!/^".*"$/.test(text)) return text
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : text
  } catch {
    return text
  }
}

const limitIdBytes = 1 << 14
const idBegin = '\u00ff Go build ID: "'

/** What `-buildid` was, a note in ELF and else the first text of the code; undefined without one. Throws `go-build/truncated`. */
export const readGoBuildId = async (source: Source, sections: readonly Section[]): Promise<string | undefined> => {
  const read = exactReader(source, torn)
  const note = sections.find(({ name }) => name === '.note.go.buildid')
  if (note !== undefined) {
    const bytes = await read(note.offset, Math.min(note.sizeBytes, limitIdBytes))
    const fields = fieldsOf(bytes, 'little')
    if (bytes.length < 16 || fields.u32(0) !== 4 || fields.u32(8) !== 4) return undefined
    return new TextDecoder().decode(bytes.subarray(16, 16 + fields.u32(4)))
  }
  const code = sections.find(({ name }) => name === '.text' || name === '__text')
  if (code === undefined) return undefined
  const bytes = await read(code.offset, Math.min(code.sizeBytes, limitIdBytes))
  const at = positionOf(bytes, idBegin)
  const end = at === -1 ? -1 : bytes.subarray(at).findIndex((byte, index) => byte === 0x0a && bytes[at + index - 1] === 0x22)
  return end === -1 ? undefined : unquoted(new TextDecoder().decode(bytes.subarray(at + idBegin.length - 1, at + end)))
}

/** Of a text of single bytes. */
const positionOf = (bytes: Uint8Array, text: string): number => {
  const wanted = Array.from(text, one => one.charCodeAt(0))
  for (let at = bytes.indexOf(wanted[0] ?? 0); at !== -1; at = bytes.indexOf(wanted[0] ?? 0, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at
  }
  return -1
}
