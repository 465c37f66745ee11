// resources.pri, reading (MRM of Windows 10): what stands for each name, and for whom; everything that points is held against what it points at.
import { type Fields, fieldsOf } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { qualifierNames } from './qualifiers.ts'
import { readNames, type ReadNames } from './read-names.ts'
import { noSection, type PriSection, readSections, sectionTypes } from './sections.ts'

export interface ReadQualifier {
  readonly name: string
  readonly value: string
  readonly priority: number
  /** 0 to 1000. */
  readonly fallbackScore: number
}
export interface ReadCandidate {
  readonly qualifiers: readonly ReadQualifier[]
  readonly kind: 'text' | 'path' | 'bytes'
  /** Of a text or a path. */
  readonly text?: string
  readonly sizeBytes: number
}
export interface ReadResource {
  /** With slashes. */
  readonly name: string
  /** Those that ask most first. */
  readonly candidates: readonly ReadCandidate[]
}
export interface ReadPri {
  readonly name: string
  readonly uniqueName: string
  readonly resources: readonly ReadResource[]
}

/** Throws `pri/bad-magic`, `pri/bad-section`, `pri/bad-names`, `pri/bad-checksum` and `pri/bad-index`. */
export const readPri = (bytes: Uint8Array): ReadPri => {
  try {
    const sections = readSections(bytes)
    const mapIndex = primaryMap(sections)
    const map = fieldsOf(contentOf(sections, mapIndex, sectionTypes.map), 'little')
    const names = readNames(contentOf(sections, map.u16(4), sectionTypes.schema))
    const decisions = readDecisions(contentOf(sections, map.u16(8), sectionTypes.decisions))
    return { name: names.name, uniqueName: names.uniqueName, resources: readMap(map, { sections, names, decisions }) }
  } catch (error) {
    if (error instanceof FormatError && error.code === 'bytes/out-of-range') throw badIndex(error.message)
    throw error
  }
}

const badIndex = (message: string): FormatError => new FormatError('pri/bad-index', message)

const contentOf = (sections: readonly PriSection[], index: number, type: string): Uint8Array => {
  const section = sections[index]
  if (section?.type === type) return section.content
  throw new FormatError('pri/bad-section', `section ${index} is ${JSON.stringify(section?.type)}, not ${JSON.stringify(type)}`)
}

const primaryMap = (sections: readonly PriSection[]): number => {
  const index = sections.findIndex(one => one.type === sectionTypes.descriptor)
  const primary = fieldsOf(contentOf(sections, index, sectionTypes.descriptor), 'little').u16(12)
  if (primary === noSection) throw badIndex('it has no resources of its own')
  return primary
}

/** A decision is the sets of qualifiers among which a system chooses. */
type Decisions = readonly (readonly (readonly ReadQualifier[])[])[]

const readDecisions = (content: Uint8Array): Decisions => {
  const fields = fieldsOf(content, 'little')
  const [bases, qualifiers, sets, decisions, references, literals] = [0, 2, 4, 6, 8, 10].map(at => fields.u16(at)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const setsAt = 12 + 4 * decisions
  const qualifiersAt = setsAt + 4 * sets
  const basesAt = qualifiersAt + 8 * qualifiers
  const referencesAt = basesAt + 12 * bases
  const literalsAt = referencesAt + 2 * references
  const within = (index: number, count: number, what: string): number => {
    if (index < count) return index
    throw badIndex(`${what} ${index} of ${count}`)
  }
  let all = 0
  const listed = (row: number): readonly number[] => {
    all = counted(all + fields.u16(row + 2))
    return Array.from({ length: fields.u16(row + 2) }, (_, index) =>
      fields.u16(referencesAt + 2 * within(fields.u16(row) + index, references, 'reference')),
    )
  }
  const qualifierOf = (index: number): ReadQualifier => {
    const row = qualifiersAt + 8 * within(index, qualifiers, 'qualifier')
    const base = basesAt + 12 * within(fields.u16(row), bases, 'qualifier')
    const value = textAt(content, literalsAt + 2 * within(fields.u32(base + 8), literals, 'value'), 2)
    const name = qualifierNames[fields.u16(base + 2)] ?? String(fields.u16(base + 2))
    return { name, value, priority: fields.u16(row + 2), fallbackScore: fields.u16(row + 4) }
  }
  return Array.from({ length: decisions }, (_, index) =>
    listed(12 + 4 * index).map(set => listed(setsAt + 4 * within(set, sets, 'set')).map(qualifierOf)),
  )
}

const limitListed = 1 << 20

/** Lists may overlap, so that a small file could name very many. */
const counted = (all: number): number => {
  if (all > limitListed) throw badIndex('it lists more than its size allows')
  return all
}

/** Up to the zero behind it. */
const textAt = (content: Uint8Array, offset: number, width: 1 | 2): string => {
  let end = offset
  while (end + width <= content.length && (content[end] !== 0 || (width === 2 && content[end + 1] !== 0))) end += width
  if (end + width > content.length) throw badIndex('a text does not end')
  return new TextDecoder(width === 1 ? 'utf-8' : 'utf-16le').decode(content.subarray(offset, end))
}

interface Mapped {
  readonly sections: readonly PriSection[]
  readonly names: ReadNames
  readonly decisions: Decisions
}

const readMap = (map: Fields, { sections, names, decisions }: Mapped): readonly ReadResource[] => {
  const typesAt = 32 + map.u16(0) + map.u16(6)
  const [types, entries, ranges, items, candidates] = [map.u16(10), map.u16(12), map.u16(14), map.u16(16), map.u32(20)]
  const entriesAt = typesAt + 8 * types
  const rangesAt = entriesAt + 4 * entries
  const itemsAt = rangesAt + 4 * ranges
  const candidatesAt = itemsAt + 4 * items + map.u32(28)
  const candidateOf = (index: number, qualifiers: readonly ReadQualifier[]): ReadCandidate => {
    if (index >= candidates) throw badIndex(`candidate ${index} of ${candidates}`)
    const at = candidatesAt + 8 * index
    if (map.u8(at) !== 1 || map.u16(at + 2) !== 0) throw badIndex(`candidate ${index} lies in another file`)
    const type = map.u8(at + 1) < types ? map.u32(typesAt + 8 * map.u8(at + 1) + 4) : NaN
    return { qualifiers, ...valueOf(dataItem(contentOf(sections, map.u16(at + 6), sectionTypes.data), map.u16(at + 4)), type) }
  }
  let all = 0
  const resourceOf = (name: number, item: number): ReadResource => {
    if (item >= items) throw badIndex(`item ${item} of ${items}`)
    const at = itemsAt + 4 * item
    const decision = decisions[map.u16(at)] ?? []
    all = counted(all + 1 + decision.length)
    return { name: names.items[name] ?? '', candidates: decision.map((set, index) => candidateOf(map.u16(at + 2) + index, set)) }
  }
  return Array.from({ length: entries }, (_, index) => {
    const [first, place] = [map.u16(entriesAt + 4 * index), map.u16(entriesAt + 4 * index + 2)]
    if (place >= ranges) return [resourceOf(first, place - ranges)]
    const range = rangesAt + 4 * place
    return Array.from({ length: map.u16(range) }, (__, at) => resourceOf(first + at, map.u16(range + 2) + at))
  }).flat()
}

/** Small ones first, with 16 bits each, then the large. */
const dataItem = (content: Uint8Array, index: number): Uint8Array => {
  const fields = fieldsOf(content, 'little')
  const [small, large, dataBytes] = [fields.u16(4), fields.u16(6), fields.u32(8)]
  if (index >= small + large) throw badIndex(`data ${index} of ${small + large}`)
  const dataAt = 12 + 4 * small + 8 * large
  const at = index < small ? 12 + 4 * index : 12 + 4 * small + 8 * (index - small)
  const [offset, sizeBytes] = index < small ? [fields.u16(at), fields.u16(at + 2)] : [fields.u32(at), fields.u32(at + 4)]
  if (offset + sizeBytes > dataBytes || dataAt + dataBytes > content.length) throw badIndex(`data ${index} lies outside`)
  return content.subarray(dataAt + offset, dataAt + offset + sizeBytes)
}

type Value = Pick<ReadCandidate, 'kind' | 'text' | 'sizeBytes'>

/** Text and path in UTF-16, bytes, then text in ASCII and UTF-8, and paths in them. */
const valueOf = (bytes: Uint8Array, type: number): Value => {
  const sizeBytes = bytes.length
  if (type === 2) return { kind: 'bytes', sizeBytes }
  if (!(type <= 6)) throw badIndex(`a value of type ${type}`)
  return { kind: type === 1 || type > 4 ? 'path' : 'text', text: textAt(bytes, 0, type < 2 ? 2 : 1), sizeBytes }
}
