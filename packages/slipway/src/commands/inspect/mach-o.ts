// Mach-O as inspect shows it: its slices and their signatures, as far as the bytes are at hand.
import type { Source } from '@slipway/formats/bytes'
import { machOPlaces, type MachOSlice, readMachO } from '@slipway/formats/macho'
import { insideOf } from '@slipway/formats/macho/fat'
import { readInfoPlist } from '@slipway/formats/macho/info-plist'
import { readSignature } from '@slipway/formats/macho/signature'
import { readMachOSections } from '@slipway/formats/sections'
import { readBuild, unlessDamaged } from './build.ts'
import { plistText } from './plist.ts'
import { given, type Program } from './report.ts'

const notLookedAt = 'not looked at'

/** Throws what `readMachO` and `machOPlaces` throw. */
export const machOProgram = async (source: Source, knownBytes: number): Promise<Program> =>
  knownBytes < source.sizeBytes ? headProgram(source, knownBytes) : wholeProgram(source)

const wholeProgram = async (source: Source): Promise<Program> => {
  const { isFat, slices } = await readMachO(source)
  const facts: Readonly<Record<string, unknown>>[] = []
  let version: string | null = null
  for (const slice of slices) {
    facts.push(await sliceFacts(source, slice, source.sizeBytes))
    const plist = await unlessDamaged(() => readInfoPlist(source, slice))
    version ??= plist === undefined ? null : (plistText(plist, 'CFBundleShortVersionString') ?? plistText(plist, 'CFBundleVersion') ?? null)
  }
  const [first] = slices
  const build = first === undefined ? undefined : await unlessDamaged(async () => readBuild(source, await readMachOSections(source, first)))
  const signed = facts.filter(slice => slice['signed'] === true)
  const kinds = kindsOf(signed)
  const signature =
    signed.length === slices.length ? `codesign (${kinds})` : `codesign (${kinds}; ${signed.length} of ${slices.length} slices)`
  return {
    format: isFat ? 'Mach-O (fat)' : 'Mach-O',
    arch: slices.map(slice => slice.arch).join(' + '),
    version: version ?? build?.version ?? null,
    signatures: signed.length === 0 ? [] : [signature],
    facts: given({ slices: facts, build }),
  }
}

/** Of a file whose rest is not at hand: every architecture, and of each slice what its own head says where that was read. */
const headProgram = async (source: Source, knownBytes: number): Promise<Program> => {
  const places = await machOPlaces(source)
  const facts: Readonly<Record<string, unknown>>[] = []
  for (const { offset, sizeBytes, arch } of places) {
    const slice = (await unlessDamaged(() => readMachO(insideOf(source, offset, sizeBytes))))?.slices[0]
    facts.push(
      slice === undefined ? { arch, sizeBytes, signature: notLookedAt } : await sliceFacts(source, { ...slice, offset }, knownBytes),
    )
  }
  const signed = facts.filter(slice => slice['signed'] === true)
  const isSealUnread = signed.length === 0 && facts.some(slice => slice['signed'] === undefined)
  const kinds = kindsOf(signed)
  return {
    format: facts.length > 1 ? 'Mach-O (fat)' : 'Mach-O',
    arch: places.map(({ arch }) => arch).join(' + '),
    version: null,
    signatures: signed.length === 0 ? [] : [`codesign (${kinds.includes(notLookedAt) ? 'kind not looked at' : kinds})`],
    facts: { slices: facts },
    isHeadOnly: true,
    ...(isSealUnread ? { isSealUnread } : {}),
  }
}

const kindsOf = (slices: readonly Readonly<Record<string, unknown>>[]): string =>
  [...new Set(slices.flatMap(slice => (typeof slice['signature'] === 'string' ? [slice['signature']] : [])))].join(' + ')

const sliceFacts = async (source: Source, slice: MachOSlice, knownBytes: number): Promise<Readonly<Record<string, unknown>>> => {
  const { arch, fileType, minimumSystem, dylibs, sizeBytes } = slice
  const isSigned = slice.signature !== undefined
  const isAtHand = isSigned && slice.offset + slice.signature.offset + slice.signature.sizeBytes <= knownBytes
  const signature = isAtHand ? await unlessDamaged(() => readSignature(source, slice)) : undefined
  return given({
    arch,
    type: fileType,
    minimumSystem,
    sizeBytes,
    signed: isSigned,
    signature: signature?.kind ?? (isAtHand ? 'damaged' : isSigned ? notLookedAt : undefined),
    identifier: signature?.identifier,
    team: signature?.team,
    hardenedRuntime: signature === undefined ? undefined : signature.hasRuntime,
    entitlements: signature?.entitlements,
    dylibs,
  })
}
