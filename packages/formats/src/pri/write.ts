// resources.pri, writing: which file stands for a name, by scale, size and form (MRM of Windows 10, as MakePri writes it).
import { concat, encodeText, packLittle } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { compareSets, fallbackScore, priorityOf, type PriQualifier, qualifierNames, sortedSet } from './qualifiers.ts'
import { comparePaths, schemaSection } from './schema.ts'
import { noSection, padded, sectionTypes, wide, writeSections } from './sections.ts'

export interface PriCandidate {
  /** None: for whatever is asked. */
  readonly qualifiers: readonly PriQualifier[]
  /** In the package, with backslashes; ASCII. */
  readonly path: string
}
export interface PriResource {
  /** With slashes: `Files/Assets/Logo.png` is what a manifest calls `Assets\Logo.png`. ASCII. */
  readonly name: string
  readonly candidates: readonly PriCandidate[]
}
export interface PriIndex {
  /** The package's identity. */
  readonly name: string
  readonly resources: readonly PriResource[]
}

/** The same bytes whatever the order of resources and candidates. Throws `pri/bad-resource`. */
export const writePri = ({ name, resources: unsorted }: PriIndex): Uint8Array => {
  checkResources(name, unsorted)
  const resources = unsorted.toSorted((a, b) => comparePaths(a.name, b.name)).map(sortedResource)
  const sets = setsOf(resources)
  const { content: decisions, decisionOf } = decisionsOf(resources, sets)
  const data = dataOf(resources, sets)
  const first = 4
  return writeSections([
    { type: sectionTypes.decisions, content: decisions },
    { type: sectionTypes.descriptor, content: descriptorOf(data.sections.map((_, index) => first + index)) },
    {
      type: sectionTypes.schema,
      content: schemaSection(
        name,
        resources.map(one => one.name),
      ),
    },
    { type: sectionTypes.map, content: mapOf(resources, { decisionOf, place: data.place, first }) },
    ...data.sections.map(content => ({ type: sectionTypes.data, content })),
  ])
}

const limitResources = 0xfff

const checkResources = (name: string, resources: readonly PriResource[]): void => {
  const refuse = (message: string): never => {
    throw new FormatError('pri/bad-resource', message)
  }
  const isText = (text: string): boolean => /^[\x20-\x7e]{1,255}$/.test(text)
  if (!isText(name)) refuse(`${JSON.stringify(name)} is no name of a package`)
  if (resources.length === 0 || resources.length > limitResources) refuse(`${resources.length} resources`)
  const names = new Set<string>()
  for (const { name: one, candidates } of resources) {
    if (!isText(one) || one.split('/').some(step => step === '')) refuse(`${JSON.stringify(one)} is no name of a resource`)
    if (names.has(one.toUpperCase())) refuse(`${JSON.stringify(one)} is there twice`)
    names.add(one.toUpperCase())
    const bad = candidates.find(({ path }) => !isText(path))
    if (candidates.length === 0 || bad !== undefined) refuse(`${JSON.stringify(one)} has no file, or one whose path is not ASCII`)
    if (new Set(candidates.map(({ qualifiers }) => keyOf(sortedSet(qualifiers)))).size < candidates.length)
      refuse(`${JSON.stringify(one)} has two files for the same`)
  }
  for (const one of names)
    if (resources.some(other => other.name.toUpperCase().startsWith(`${one}/`))) refuse(`${one} is a resource and a folder`)
}

/** The one that asks most comes first, and the one for whatever is asked last. */
const sortedResource = ({ name, candidates }: PriResource): PriResource => ({
  name,
  candidates: candidates
    .map(({ qualifiers, path }) => ({ path, qualifiers: sortedSet(qualifiers) }))
    .sort((a, b) => compareSets(b.qualifiers, a.qualifiers)),
})

type QualifierSet = readonly PriQualifier[]
const keyOf = (set: QualifierSet): string => set.map(({ name, value }) => `${name}=${value}`).join(' ')

/** Every set once; the empty one is the first. */
const setsOf = (resources: readonly PriResource[]): readonly QualifierSet[] => {
  const all = resources.flatMap(one => one.candidates.map(({ qualifiers }) => qualifiers)).sort(compareSets)
  return [...new Map([[], ...all].map(set => [keyOf(set), set] as const)).values()]
}

interface Decisions {
  readonly content: Uint8Array
  readonly decisionOf: (resource: PriResource) => number
}

/** Numbers of the operators "always" and "equals", and of the pool that qualifiers are in. */
const [opAlways, opEquals, qualifierPool] = [1, 10, 2]

const decisionsOf = (resources: readonly PriResource[], sets: readonly QualifierSet[]): Decisions => {
  const qualifiers = [...new Map(sets.flat().map(one => [keyOf([one]), one] as const)).values()]
  const indexOf = new Map(qualifiers.map((one, index) => [keyOf([one]), index + 1]))
  const setIndex = new Map(sets.map((set, index) => [keyOf(set), index]))
  const decisionKey = ({ candidates }: PriResource): string => candidates.map(one => keyOf(one.qualifiers)).join('|')
  // Two are always there: the one of nothing, and the one of the empty set alone.
  const decisions = new Map(resources.map(one => [decisionKey(one), one] as const))
  decisions.delete('')
  const references: number[] = [0]
  const listed = (indices: readonly number[]): readonly [number, number] => {
    const from = references.length
    references.push(...indices)
    return [from, indices.length]
  }
  const setRows = sets.map(set => (set.length === 0 ? ([0, 0] as const) : listed(set.map(one => indexOf.get(keyOf([one])) ?? 0))))
  const chosen = [...decisions.values()].map(({ candidates }) => listed(candidates.map(one => setIndex.get(keyOf(one.qualifiers)) ?? 0)))
  const decisionRows = [[0, 0] as const, [0, 1] as const, ...chosen]
  const { pool, offsets } = literalsOf(qualifiers)
  const numbers = (values: readonly number[]): Uint8Array => packLittle(values.map(value => [2, value] as const))
  const content = concat([
    numbers([qualifiers.length + 1, qualifiers.length + 1, sets.length, decisionRows.length, references.length, pool.length / 2]),
    ...[...decisionRows, ...setRows].map(numbers),
    numbers([0, 0, 0, 0]),
    ...qualifiers.map((one, index) => numbers([index + 1, priorityOf(one), fallbackScore(one), 0])),
    numbers([0, 0, 0, opAlways, 0, 0]),
    ...qualifiers.map(one => numbers([qualifierPool, qualifierNames.indexOf(one.name), 0, opEquals, offsets.get(one.value) ?? 0, 0])),
    numbers(references),
    pool,
  ])
  const keys = ['nothing', '', ...decisions.keys()]
  return { content, decisionOf: resource => keys.indexOf(decisionKey(resource)) }
}

const literalsOf = (qualifiers: readonly PriQualifier[]): { readonly pool: Uint8Array; readonly offsets: ReadonlyMap<string, number> } => {
  const offsets = new Map<string, number>()
  const parts = [wide('')]
  let at = 1
  for (const { value } of qualifiers) {
    if (offsets.has(value)) continue
    offsets.set(value, at)
    parts.push(wide(value))
    at += value.length + 1
  }
  return { pool: concat(parts), offsets }
}

/** Resource packages may be merged with it; nothing is merged yet. */
const flagMergeable = 2

const descriptorOf = (dataSections: readonly number[]): Uint8Array =>
  packLittle(
    [flagMergeable, noSection, 0, 1, 1, 1, 3, 0, dataSections.length, 0, 2, 0, 3, ...dataSections].map(value => [2, value] as const),
  )

/** One section for each set of qualifiers, as MakePri has it: what one system needs lies together. */
const dataOf = (
  resources: readonly PriResource[],
  sets: readonly QualifierSet[],
): {
  readonly sections: readonly Uint8Array[]
  readonly place: (candidate: PriCandidate) => readonly [section: number, index: number]
} => {
  const bySet = new Map<string, string[]>()
  for (const { candidates } of resources)
    for (const { qualifiers, path } of candidates) {
      const paths = bySet.get(keyOf(qualifiers)) ?? []
      bySet.set(keyOf(qualifiers), paths)
      if (!paths.includes(path)) paths.push(path)
    }
  const used = sets.map(keyOf).filter(key => bySet.has(key))
  return {
    sections: used.map(key => itemsOf(bySet.get(key) ?? [])),
    place: ({ qualifiers, path }) => [used.indexOf(keyOf(qualifiers)), bySet.get(keyOf(qualifiers))?.indexOf(path) ?? 0],
  }
}

const itemsOf = (paths: readonly string[]): Uint8Array => {
  const texts = paths.map(path => encodeText(`${path}\0`))
  const sizes: (readonly [2, number])[] = []
  let at = 0
  for (const { length } of texts) {
    sizes.push([2, at], [2, length])
    at += Math.ceil(length / 4) * 4
  }
  const headBytes = 12 + sizes.length * 2
  const data = concat(texts.map(text => padded(text, 4)))
  const dataBytes = data.length + ((8 - ((headBytes + data.length) % 8)) % 8)
  return concat([packLittle([[4, 0], [2, paths.length], [2, 0], [4, dataBytes], ...sizes]), data])
}

/** Of strings, paths and bytes in their encodings, by number. */
const valueTypes = [0, 1, 2, 3, 4, 5, 6]
const typeAsciiPath = 5
const valuePool = 4
const inDataSection = 1

interface Mapping {
  readonly decisionOf: (resource: PriResource) => number
  readonly place: (candidate: PriCandidate) => readonly [section: number, index: number]
  /** Index of the first section with data. */
  readonly first: number
}

const mapOf = (resources: readonly PriResource[], { decisionOf, place, first }: Mapping): Uint8Array => {
  const candidates = resources.flatMap(one => one.candidates)
  const head = packLittle([
    ...[0, 0, 2, 0, 0, valueTypes.length, 1, resources.length > 1 ? 1 : 0, resources.length, 0].map(value => [2, value] as const),
    [4, candidates.length],
    [4, 0],
    [4, 0],
  ])
  let next = 0
  const items = resources.map(resource => {
    const from = next
    next += resource.candidates.length
    return [decisionOf(resource), from] as const
  })
  return concat([
    head,
    packLittle(valueTypes.flatMap(type => [[4, valuePool] as const, [4, type] as const])),
    // All resources are one range; a single one is named without.
    ...[[0, 0] as const, ...(resources.length > 1 ? [[resources.length, 0] as const] : []), ...items].map(([one, other]) =>
      packLittle([
        [2, one],
        [2, other],
      ]),
    ),
    ...candidates.map(candidate => {
      const [section, index] = place(candidate)
      return packLittle([
        [2, inDataSection | (typeAsciiPath << 8)],
        [2, 0],
        [2, index],
        [2, first + section],
      ])
    }),
  ])
}
