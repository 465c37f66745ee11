// Programs: ELF, PE and Mach-O, as inspect shows them.
import type { Source } from '@slipway/formats/bytes'
import { readElf } from '@slipway/formats/elf'
import type { FileKind } from '@slipway/formats/identify'
import { type MachOSlice, readMachO } from '@slipway/formats/macho'
import { readInfoPlist } from '@slipway/formats/macho/info-plist'
import { readSignature } from '@slipway/formats/macho/signature'
import { readNsis } from '@slipway/formats/nsis'
import { readPe } from '@slipway/formats/pe'
import { readPeVersion } from '@slipway/formats/pe-version'
import { readElfSections, readMachOSections, readPeSections, type Section } from '@slipway/formats/sections'
import { type BuildFacts, readBuild, unlessDamaged } from './build.ts'
import { plistText } from './plist.ts'
import { given } from './report.ts'

export interface Program {
  readonly format: string
  readonly arch: string
  readonly version: string | null
  readonly signatures: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
}

/** Undefined where the bytes are no program. */
export const readProgram = async (source: Source, kind: FileKind): Promise<Program | undefined> => {
  if (kind === 'elf') return elfProgram(source)
  if (kind === 'pe') return peProgram(source)
  return kind === 'macho' || kind === 'macho-fat' ? machOProgram(source) : undefined
}

const elfProgram = async (source: Source): Promise<Program> => {
  const { arch, bits, type, interpreter, needed, soname, isStatic, libc, glibcFloor } = await readElf(source)
  const build = await buildOf(source, readElfSections)
  const facts = { bits, type, static: isStatic, libc, glibc: glibcFloor, interpreter, needed, soname, build }
  return { format: 'ELF', arch, version: build?.version ?? null, signatures: [], facts: given(facts) }
}

const subsystems: Readonly<Record<number, string>> = { 1: 'native', 2: 'windows', 3: 'console', 10: 'EFI application' }
const peProgram = async (source: Source): Promise<Program> => {
  const { arch, bits, subsystem, isDll, certificates, imageEnd } = await readPe(source)
  const installer = await unlessDamaged(() => readNsis(source, imageEnd))
  const version = await unlessDamaged(() => readPeVersion(source))
  const facts = {
    bits,
    subsystem: subsystems[subsystem] ?? `other:${subsystem}`,
    library: isDll,
    certificateBytes: certificates?.sizeBytes,
    productVersion: version?.productVersion,
    fields: version?.texts,
    build: await buildOf(source, readPeSections),
    installer,
  }
  const signatures = certificates === undefined ? [] : ['authenticode']
  const format = installer === undefined ? 'PE' : installer.isUninstaller ? 'NSIS uninstaller' : 'NSIS installer'
  return { format, arch, version: version?.fileVersion ?? facts.build?.version ?? null, signatures, facts: given(facts) }
}

const buildOf = (source: Source, sectionsOf: (source: Source) => Promise<readonly Section[]>): Promise<BuildFacts | undefined> =>
  unlessDamaged(async () => readBuild(source, await sectionsOf(source)))

const machOProgram = async (source: Source): Promise<Program> => {
  const { isFat, slices } = await readMachO(source)
  const facts: Readonly<Record<string, unknown>>[] = []
  let version: string | null = null
  for (const slice of slices) {
    facts.push(await sliceFacts(source, slice))
    const plist = await unlessDamaged(() => readInfoPlist(source, slice))
    version ??= plist === undefined ? null : (plistText(plist, 'CFBundleShortVersionString') ?? plistText(plist, 'CFBundleVersion') ?? null)
  }
  const [first] = slices
  const build = first === undefined ? undefined : await buildOf(source, whole => readMachOSections(whole, first))
  const signed = slices.filter(slice => slice.signature !== undefined)
  const kinds = [...new Set(facts.flatMap(slice => (typeof slice['signature'] === 'string' ? [slice['signature']] : [])))].join(' + ')
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

const sliceFacts = async (source: Source, slice: MachOSlice): Promise<Readonly<Record<string, unknown>>> => {
  const { arch, fileType, minimumSystem, dylibs, sizeBytes } = slice
  const isSigned = slice.signature !== undefined
  const signature = isSigned ? await unlessDamaged(() => readSignature(source, slice)) : undefined
  return given({
    arch,
    type: fileType,
    minimumSystem,
    sizeBytes,
    signed: isSigned,
    signature: signature?.kind ?? (isSigned ? 'damaged' : undefined),
    identifier: signature?.identifier,
    team: signature?.team,
    hardenedRuntime: signature === undefined ? undefined : signature.hasRuntime,
    entitlements: signature?.entitlements,
    dylibs,
  })
}
