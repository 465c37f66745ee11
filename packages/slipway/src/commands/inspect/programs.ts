// Programs as inspect shows them: ELF and PE; Mach-O in mach-o.ts.
import type { Source } from '@slipway/formats/bytes'
import { readElf } from '@slipway/formats/elf'
import { FormatError } from '@slipway/formats/format-error'
import type { FileKind } from '@slipway/formats/identify'
import { readNsis } from '@slipway/formats/nsis'
import { readPe } from '@slipway/formats/pe'
import { readPeVersion } from '@slipway/formats/pe-version'
import { readElfSections, readPeSections, type Section } from '@slipway/formats/sections'
import { type BuildFacts, readBuild, unlessDamaged } from './build.ts'
import { machOProgram } from './mach-o.ts'
import { given, type Program } from './report.ts'

/** Undefined where the bytes are no program. `knownBytes`: how much of its begin is at hand; nothing is said of what lies behind that. */
export const readProgram = async (source: Source, kind: FileKind, knownBytes = source.sizeBytes): Promise<Program | undefined> => {
  if (kind === 'elf') return elfProgram(source)
  if (kind === 'pe') return peProgram(source)
  return kind === 'macho' || kind === 'macho-fat' ? machOProgram(source, knownBytes) : undefined
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
  if (imageEnd > source.sizeBytes)
    throw new FormatError('pe/truncated', `the program is cut off: its image has ${imageEnd} bytes, the file ${source.sizeBytes}`, imageEnd)
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
