// Programs: ELF, PE and Mach-O headers, as inspect shows them.
import type { Source } from '@slipway/formats/bytes'
import { readElf } from '@slipway/formats/elf'
import type { FileKind } from '@slipway/formats/identify'
import { type MachOSlice, readMachO } from '@slipway/formats/macho'
import { readPe } from '@slipway/formats/pe'

export interface Program {
  readonly format: string
  readonly arch: string
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
  const facts = { bits, type, static: isStatic, libc, glibc: glibcFloor, interpreter, needed, soname }
  return { format: 'ELF', arch, signatures: [], facts: given(facts) }
}

const subsystems: Readonly<Record<number, string>> = { 1: 'native', 2: 'windows', 3: 'console', 10: 'EFI application' }
const peProgram = async (source: Source): Promise<Program> => {
  const { arch, bits, subsystem, isDll, certificates } = await readPe(source)
  const facts = {
    bits,
    subsystem: subsystems[subsystem] ?? `other:${subsystem}`,
    library: isDll,
    certificateBytes: certificates?.sizeBytes,
  }
  return { format: 'PE', arch, signatures: certificates === undefined ? [] : ['authenticode'], facts: given(facts) }
}

const machOProgram = async (source: Source): Promise<Program> => {
  const { isFat, slices } = await readMachO(source)
  const signed = slices.filter(slice => slice.signature !== undefined)
  const signature = signed.length === slices.length ? 'codesign' : `codesign (${signed.length} of ${slices.length} slices)`
  return {
    format: isFat ? 'Mach-O (fat)' : 'Mach-O',
    arch: slices.map(slice => slice.arch).join(' + '),
    signatures: signed.length === 0 ? [] : [signature],
    facts: { slices: slices.map(sliceFacts) },
  }
}

const sliceFacts = ({ arch, fileType, minimumSystem, dylibs, sizeBytes, signature }: MachOSlice): Readonly<Record<string, unknown>> =>
  given({ arch, type: fileType, minimumSystem, sizeBytes, signed: signature !== undefined, dylibs })

const given = (facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
