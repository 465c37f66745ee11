// rpm, reading: what a package says of itself (lead, signature header, main header), of ours and of others, back to rpm 3.
import { exactReader, fieldsOf, type Source } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { readHeader, type RpmHeader } from './header-read.ts'
import { columnsOf, filesOf, type RpmColumns, type RpmFound } from './read-files.ts'
import { relationOf, type RpmRelation } from './relation.ts'
import type { RpmChange } from './job.ts'
import type { RpmScript, RpmTrigger } from './scripts.ts'
import { leadBytes, relationTags, type RpmRelationKind, type RpmScriptKind, scriptTags, sense, sigTags, tags } from './tags.ts'

export interface Rpm extends RpmHead {
  readonly files: readonly RpmFound[]
}

export interface RpmHead {
  readonly isSource: boolean
  readonly name: string
  readonly version: string
  readonly release: string
  readonly epoch?: number
  readonly arch: string
  readonly os: string
  readonly summary: string
  readonly description: string
  readonly license: string
  readonly group?: string
  readonly url?: string
  readonly vendor?: string
  readonly packager?: string
  readonly sourceRpm?: string
  readonly buildHost?: string
  /** Seconds since 1970. */
  readonly buildTime?: number
  /** Bytes when installed, as announced. */
  readonly installedBytes: number
  readonly relations: Readonly<Record<RpmRelationKind, readonly RpmRelation[]>>
  readonly scripts: Partial<Readonly<Record<RpmScriptKind, RpmScript>>>
  readonly triggers: readonly RpmTrigger[]
  readonly changelog: readonly RpmChange[]
  readonly columns: RpmColumns
  readonly signatures: readonly RpmSigned[]
  readonly payload: RpmPayloadFound
  readonly signatureHeader: RpmHeader
  readonly header: RpmHeader
}

/** A signature that is there; whether it is good needs the signer's key. */
export interface RpmSigned {
  readonly algorithm: 'rsa' | 'dsa' | 'openpgp'
  /** Over the main header alone, or over header and payload (as before rpm 4.0.4). */
  readonly covers: 'header' | 'header and payload'
  readonly bytes: Uint8Array
}

export interface RpmPayloadFound {
  readonly offset: number
  /** Compressed. */
  readonly sizeBytes: number
  readonly format: string
  readonly compressor: string
  readonly flags: string
  /** Of the archive inside, as announced. */
  readonly archiveBytes?: number
}

/**
 * Reads all but the payload, and judges no digest: that is `verifyRpm`.
 * Throws `rpm/bad-magic`, `rpm/truncated`, `rpm/bad-header` and `rpm/unsupported`.
 */
export const readRpm = async (source: Source): Promise<Rpm> => {
  const head = await readRpmHead(source)
  return { ...head, files: filesOf(head.columns) }
}

/** The same, with the files as they stand in the header. */
export const readRpmHead = async (source: Source): Promise<RpmHead> => {
  const described = await readRpmDescription(source)
  return { ...described, columns: columnsOf(described.header) }
}

/** The same without the files: of a hundred thousand they take more memory than all that is read here. */
export const readRpmDescription = async (source: Source): Promise<Omit<RpmHead, 'columns'>> => {
  const read = exactReader(source, (message, offset) => new FormatError('rpm/truncated', message, offset))
  if (source.sizeBytes < 4 || fieldsOf(await read(0, 4), 'big').u32(0) !== 0xedabeedb) {
    throw new FormatError('rpm/bad-magic', 'not an rpm package', 0)
  }
  const lead = fieldsOf(await read(0, leadBytes), 'big')
  if (lead.u8(4) < 3 || lead.u16(78) !== 5) throw new FormatError('rpm/unsupported', 'a package of rpm 2, without a signature header', 4)
  const signatureHeader = await readHeader(source, leadBytes)
  const signatureEnd = leadBytes + signatureHeader.sizeBytes
  const header = await readHeader(source, signatureEnd + (-signatureEnd & 7))
  const { texts, numbers } = header
  return {
    isSource: lead.u16(6) === 1,
    ...describe(header),
    installedBytes: numbers(tags.longSize)[0] ?? numbers(tags.size)[0] ?? 0,
    relations: relationsOf(header),
    scripts: scriptsOf(header),
    triggers: triggersOf(header),
    changelog: numbers(tags.changelogTime).map((time, index) => ({
      time,
      author: texts(tags.changelogName)[index] ?? '',
      text: texts(tags.changelogText)[index] ?? '',
    })),
    signatures: signaturesOf(signatureHeader),
    payload: payloadOf({ signatureHeader, header }, source.sizeBytes),
    signatureHeader,
    header,
  }
}

type Description = Omit<
  RpmHead,
  | 'isSource'
  | 'installedBytes'
  | 'relations'
  | 'scripts'
  | 'triggers'
  | 'changelog'
  | 'columns'
  | 'signatures'
  | 'payload'
  | 'signatureHeader'
  | 'header'
>

const describe = (header: RpmHeader): Description => {
  const needed = (tag: number, what: string): string => {
    const text = header.text(tag)
    if (text !== undefined && text !== '') return text
    throw new FormatError('rpm/bad-header', `the package has no ${what}`, header.offset)
  }
  const optional = <Key extends string>(key: Key, tag: number): Partial<Record<Key, string>> => {
    const text = header.text(tag)
    return text === undefined ? {} : ({ [key]: text } as Record<Key, string>)
  }
  const [epoch] = header.numbers(tags.epoch)
  const [buildTime] = header.numbers(tags.buildTime)
  return {
    name: needed(tags.name, 'name'),
    version: needed(tags.version, 'version'),
    release: needed(tags.release, 'release'),
    ...(epoch === undefined ? {} : { epoch }),
    arch: header.text(tags.arch) ?? '',
    os: header.text(tags.os) ?? '',
    summary: header.text(tags.summary) ?? '',
    description: header.text(tags.description) ?? '',
    license: header.text(tags.license) ?? '',
    ...optional('group', tags.group),
    ...optional('url', tags.url),
    ...optional('vendor', tags.vendor),
    ...optional('packager', tags.packager),
    ...optional('sourceRpm', tags.sourceRpm),
    ...optional('buildHost', tags.buildHost),
    ...(buildTime === undefined ? {} : { buildTime }),
  }
}

const relationsOf = (header: RpmHeader): Rpm['relations'] => {
  const of = (kind: RpmRelationKind): readonly RpmRelation[] => {
    const [nameTag, flagsTag, versionTag] = relationTags[kind]
    const [flags, versions] = [header.numbers(flagsTag), header.texts(versionTag)]
    return header.texts(nameTag).map((name, index) => relationOf(name, flags[index] ?? 0, versions[index] ?? ''))
  }
  return {
    provides: of('provides'),
    requires: of('requires'),
    conflicts: of('conflicts'),
    obsoletes: of('obsoletes'),
    recommends: of('recommends'),
    suggests: of('suggests'),
    supplements: of('supplements'),
    enhances: of('enhances'),
  }
}

const scriptsOf = (header: RpmHeader): Rpm['scripts'] => {
  const found: [RpmScriptKind, RpmScript][] = []
  for (const kind of Object.keys(scriptTags) as RpmScriptKind[]) {
    const [textTag, programTag] = scriptTags[kind]
    const [text, program] = [header.text(textTag), header.texts(programTag)]
    // A program without a text is run as it is: `%post -p /sbin/ldconfig`.
    if (text !== undefined || program.length > 0) found.push([kind, { text: text ?? '', ...(program.length === 0 ? {} : { program }) }])
  }
  return Object.fromEntries(found)
}

const triggersOf = (header: RpmHeader): readonly RpmTrigger[] => {
  const [names, versions, flags] = [header.texts(tags.triggerName), header.texts(tags.triggerVersion), header.numbers(tags.triggerFlags)]
  const programs = header.texts(tags.triggerScriptProg)
  const indexes = header.numbers(tags.triggerIndex)
  const conditions: (RpmRelation & { readonly flags: number })[][] = []
  names.forEach((name, index) => {
    const { marks: _, ...relation } = relationOf(name, flags[index] ?? 0, versions[index] ?? '')
    const list = (conditions[indexes[index] ?? 0] ??= [])
    list.push({ ...relation, flags: flags[index] ?? 0 })
  })
  return header.texts(tags.triggerScripts).map((text, index) => {
    const on = conditions[index] ?? []
    const when = triggerKinds.find(kind => ((on[0]?.flags ?? 0) & sense[kind]) !== 0) ?? 'triggerin'
    return { when, on: on.map(({ flags: _, ...relation }) => relation), text, program: programs[index] ?? '/bin/sh' }
  })
}

const triggerKinds = ['triggerin', 'triggerun', 'triggerpostun', 'triggerprein'] as const

const signatureKinds: readonly (readonly [tag: number, algorithm: RpmSigned['algorithm'], covers: RpmSigned['covers']])[] = [
  [sigTags.rsaHeader, 'rsa', 'header'],
  [sigTags.dsaHeader, 'dsa', 'header'],
  [sigTags.pgp, 'rsa', 'header and payload'],
  [sigTags.gpg, 'dsa', 'header and payload'],
]

const signaturesOf = (header: RpmHeader): readonly RpmSigned[] => [
  ...signatureKinds.flatMap(([tag, algorithm, covers]) => {
    const bytes = header.bytes(tag)
    return bytes === undefined ? [] : [{ algorithm, covers, bytes }]
  }),
  // rpm 6: Base64 of OpenPGP packets.
  ...header
    .texts(sigTags.openPgp)
    .map(text => ({ algorithm: 'openpgp', covers: 'header', bytes: new TextEncoder().encode(text) }) as const),
]

const payloadOf = ({ signatureHeader, header }: Pick<Rpm, 'signatureHeader' | 'header'>, fileBytes: number): RpmPayloadFound => {
  const offset = header.offset + header.sizeBytes
  const archiveBytes = signatureHeader.numbers(sigTags.longArchiveSize)[0] ?? signatureHeader.numbers(sigTags.archiveSize)[0]
  return {
    offset,
    sizeBytes: fileBytes - offset,
    format: header.text(tags.payloadFormat) ?? 'cpio',
    compressor: header.text(tags.payloadCompressor) ?? 'gzip',
    flags: header.text(tags.payloadFlags) ?? '',
    ...(archiveBytes === undefined ? {} : { archiveBytes }),
  }
}
