// What a program says of its own build: our record, what the go command writes, what cargo auditable writes, and who compiled it.
import { inflateSync } from 'node:zlib'
import { decodeBase64 } from '@slipway/formats/base64'
import type { Source } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { type GoBuild, readGoBuild, readGoBuildId } from '@slipway/formats/go-build'
import type { Section } from '@slipway/formats/sections'
import { given } from './report.ts'

/** One shape for all toolchains; what is not known is null. */
export interface BuildFacts {
  /** `go`, `cargo`, `bun`, `node-sea`. */
  readonly tool: string
  readonly version: string | null
  readonly commit: string | null
  /** As it stands in the program; ours is that of the commit. */
  readonly date: string | null
  readonly features: readonly string[]
  /** As `go1.26.0`, `rustc 1.85.0 (…)`. */
  readonly compiler?: string
  /** Go's path of the main package, cargo's root package. */
  readonly module?: string
  /** How many packages it was built from, where that is said. */
  readonly packages?: number
  /** Whether the checkout was changed, where that is said. */
  readonly modified?: boolean
  /** Values that the linker put in, where they are recorded. */
  readonly variables?: Readonly<Record<string, string>>
  readonly settings?: Readonly<Record<string, string>>
}

/** Undefined where nothing is said. A damaged part is as if it was not there. */
export const readBuild = async (source: Source, sections: readonly Section[]): Promise<BuildFacts | undefined> => {
  const found: BuildFacts[] = []
  for (const read of [readRecord, readBun, readSea, readGo, readCargo]) {
    const part = await unlessDamaged(() => read(source, sections))
    if (part !== undefined) found.push(part)
  }
  const [first, ...rest] = found
  // Our record is first; what others of the same tool know better is filled in.
  const whole = rest.reduce<BuildFacts | undefined>((known, part) => (known === undefined ? part : filled(known, part)), first)
  if (whole?.tool !== 'cargo') return whole
  const compiler = await unlessDamaged(() => rustOf(source, sections))
  return compiler === undefined ? whole : { ...whole, compiler }
}

const filled = (whole: BuildFacts, part: BuildFacts): BuildFacts =>
  whole.tool !== part.tool
    ? whole
    : {
        ...part,
        ...whole,
        version: whole.version ?? part.version,
        commit: whole.commit ?? part.commit,
        date: whole.date ?? part.date,
        features: whole.features.length > 0 ? whole.features : part.features,
      }

/** What is beside the point of a file may be damaged; then it is left out. */
export const unlessDamaged = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await read()
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

/** What is there of it; undefined without it, and for one that is too large to be what it should. */
const sectionBytes = async (source: Source, section: Section | undefined, limitBytes: number): Promise<Uint8Array | undefined> =>
  section === undefined || section.sizeBytes > limitBytes ? undefined : source.read(section.offset, section.sizeBytes)

const named = (sections: readonly Section[], name: string): Section | undefined => sections.find(one => one.name === name)

const limitRecordBytes = 1 << 16
const recordBegin = '{"slipway":1,'

/** What our builders leave: a section of its own for cargo, Go's build ID. */
const readRecord = async (source: Source, sections: readonly Section[]): Promise<BuildFacts | undefined> => {
  const bytes = await sectionBytes(source, named(sections, '.slipway'), limitRecordBytes)
  const text = bytes === undefined ? recordInId(await readGoBuildId(source, sections)) : new TextDecoder().decode(bytes)
  return text?.startsWith(recordBegin) === true ? recordFacts(text) : undefined
}

const recordInId = (id: string | undefined): string | undefined => {
  const encoded = /^slipway\/1\/([\w+/]+=*)$/.exec(id ?? '')?.[1]
  return encoded === undefined ? undefined : new TextDecoder().decode(decodeBase64(encoded))
}

const recordFacts = (text: string): BuildFacts | undefined => {
  const record = parsed(text)
  const tool = wordOf(record['tool'])
  return tool === null ? undefined : { tool, ...namedFacts(record) }
}

const namedFacts = (record: Readonly<Record<string, unknown>>): Omit<BuildFacts, 'tool'> => ({
  version: wordOf(record['version']),
  commit: wordOf(record['commit']),
  date: wordOf(record['date']),
  features: listOf(wordOf(record['features']) ?? ''),
})

const wordOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const listOf = (text: string): string[] => text.split(',').filter(one => one !== '')

const parsed = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Bun keeps what it bundled in a section; our record is a comment at the top of the bundle. */
const readBun = async (source: Source, sections: readonly Section[]): Promise<BuildFacts | undefined> => {
  const section = sections.find(({ name }) => name === '.bun' || name === '__bun')
  if (section === undefined) return undefined
  const text = await textBehind(source, section, recordBegin)
  const record = text === undefined ? undefined : recordFacts(upToBrace(`${recordBegin}${text}`))
  // Bun itself has the section too, and nothing in it.
  const isFilled = record !== undefined || (await textBehind(source, section, '\n---- Bun! ----\n')) !== undefined
  return record ?? (isFilled ? { tool: 'bun', version: null, commit: null, date: null, features: [] } : undefined)
}

/** The record has no object inside. */
const upToBrace = (text: string): string => text.slice(0, text.indexOf('}') + 1)

const seaAsset = 'slipway/build.json'
const seaSections = ['.note.node.sea', '__NODE_SEA_BLOB', '.rsrc']

/** Node's blob holds assets as name and bytes, each behind its length of 8 bytes (node:sea, src/node_sea.cc). */
const readSea = async (source: Source, sections: readonly Section[]): Promise<BuildFacts | undefined> => {
  const key = `${String.fromCharCode(seaAsset.length)}\0\0\0\0\0\0\0${seaAsset}`
  for (const section of sections.filter(({ name }) => seaSections.includes(name))) {
    const text = await textBehind(source, section, key)
    if (text !== undefined) return { tool: 'node-sea', ...namedFacts(parsed(upToBrace(text.slice(8)))) }
    if (section.name !== '.rsrc') return { tool: 'node-sea', version: null, commit: null, date: null, features: [] }
  }
  return undefined
}

const pieceBytes = 1 << 20
const limitSearchBytes = 256 * 2 ** 20
const behindBytes = 4096

/** The bytes behind the first place of a text in a section, as UTF-8; reads the section piece by piece. */
const textBehind = async (source: Source, section: Section, text: string): Promise<string | undefined> => {
  const wanted = Uint8Array.from(text, one => one.charCodeAt(0))
  const end = section.offset + Math.min(section.sizeBytes, limitSearchBytes)
  for (let offset = section.offset; offset < end; offset += pieceBytes) {
    const piece = await source.read(offset, Math.min(pieceBytes + wanted.length - 1, end - offset))
    if (piece.length < wanted.length) return undefined
    const at = positionOf(piece, wanted)
    if (at === -1) continue
    const from = offset + at + wanted.length
    return new TextDecoder().decode(await source.read(from, Math.min(behindBytes, section.offset + section.sizeBytes - from)))
  }
  return undefined
}

const positionOf = (bytes: Uint8Array, wanted: Uint8Array): number => {
  const first = wanted[0] ?? 0
  for (let at = bytes.indexOf(first); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at
  }
  return -1
}

const readGo = async (source: Source, sections: readonly Section[]): Promise<BuildFacts | undefined> => {
  const build = await readGoBuild(source, sections)
  if (build === undefined) {
    // Some take the text out; the runtime's own table stays.
    const isGo = sections.some(({ name }) => name === '.gopclntab' || name === '__gopclntab')
    return isGo ? { tool: 'go', version: null, commit: null, date: null, features: [] } : undefined
  }
  const { settings } = build
  const variables = variablesOf(settings.get('-ldflags') ?? '')
  const valueOf = (name: string): string | null =>
    Object.entries(variables).find(([variable]) => variable.toLowerCase().endsWith(`.${name}`))?.[1] ?? null
  const modified = settings.get('vcs.modified')
  return {
    tool: 'go',
    version: valueOf('version') ?? moduleVersion(build),
    commit: settings.get('vcs.revision') ?? valueOf('commit'),
    date: settings.get('vcs.time') ?? valueOf('date'),
    features: listOf(settings.get('-tags') ?? ''),
    ...given({
      compiler: build.goVersion,
      module: build.path ?? build.module?.path,
      packages: build.dependencies + 1,
      modified: modified === undefined ? undefined : modified === 'true',
      variables: Object.keys(variables).length === 0 ? undefined : variables,
      settings: Object.fromEntries(settings),
    }),
  }
}

/** A program of the checkout itself is of no version. */
const moduleVersion = ({ module }: GoBuild): string | null =>
  module === undefined || module.version === '' || module.version === '(devel)' ? null : module.version

/** `-X name=value`, in quotes or not. */
const variablesOf = (ldflags: string): Record<string, string> =>
  Object.fromEntries(
    [...ldflags.matchAll(/(?:^|\s)-X[=\s]\s*(?:'([^']*)'|"([^"]*)"|(\S+))/g)].flatMap(([, single, double, bare]) => {
      const text = single ?? double ?? bare ?? ''
      const cut = text.indexOf('=')
      return cut < 1 ? [] : [[text.slice(0, cut), text.slice(cut + 1)]]
    }),
  )

const limitListBytes = 8 * 2 ** 20

/** The list of packages that cargo auditable links in: JSON, deflated (its format, PARSING.md). */
const readCargo = async (source: Source, sections: readonly Section[]): Promise<BuildFacts | undefined> => {
  const bytes = await sectionBytes(source, named(sections, '.dep-v0'), limitListBytes)
  if (bytes === undefined) return undefined
  const { packages } = parsed(inflated(bytes))
  if (!Array.isArray(packages)) return undefined
  const root = (packages as unknown[]).map(one => (typeof one === 'object' && one !== null ? (one as Record<string, unknown>) : {}))
  const main = root.find(one => one['root'] === true)
  const name = wordOf(main?.['name'])
  const version = wordOf(main?.['version'])
  return {
    tool: 'cargo',
    version,
    commit: null,
    date: null,
    features: [],
    packages: packages.length,
    ...(name === null ? {} : { module: name }),
  }
}

const inflated = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder().decode(inflateSync(bytes, { maxOutputLength: limitListBytes }))
  } catch {
    return ''
  }
}

/** Compilers sign in `.comment`, one text each. It alone says nothing of the program: Node and Bun have Rust in them too. */
const rustOf = async (source: Source, sections: readonly Section[]): Promise<string | undefined> => {
  const bytes = await sectionBytes(source, named(sections, '.comment'), limitRecordBytes)
  const texts = new TextDecoder().decode(bytes ?? new Uint8Array(0)).split('\0')
  return texts.find(text => text.startsWith('rustc version '))?.replace('rustc version', 'rustc')
}
