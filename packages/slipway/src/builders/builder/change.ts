// Programs that we change: a PE leaves without its old certificates, a Mach-O leaves with an ad-hoc signature.
import { fail, type App } from '@slipway/core'
import { addElfSection, addPeSection, type NewSection } from '@slipway/formats/add-section'
import { collect, fromBytes, type Source } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { type FileKind, identify } from '@slipway/formats/identify'
import { signAdHoc } from '@slipway/formats/macho/sign-adhoc'
import { readPe } from '@slipway/formats/pe'
import { readPeChecksum, stripPe } from '@slipway/formats/pe-strip'
import type { Io } from '../../io/io.ts'
import { recordSection } from './record.ts'

interface Files {
  readonly from: string
  readonly to: string
}

/** A PE without its certificates: what is put into it would break them. Code: `builders/not-changeable`. */
export const stripProgram = (io: Io, files: Files): Promise<void> => changed(io, files, stripPe)

/** A Mach-O signed ad hoc under the app's id: unsigned or broken code does not start on arm64. Code: `builders/not-changeable`. */
export const signProgram = (io: Io, files: Files, { id, bin }: Pick<App, 'id' | 'bin'>): Promise<void> =>
  changed(io, files, source => signAdHoc(source, { identifier: id === '' ? bin : id }))

/**
 * The program with the record of its build in a section of its own, that nothing loads and `strip` keeps: a toolchain that has no place
 * for it. A Mach-O stays as it is, since its section would have to be loaded; so does a program whose headers have no room, or that is signed.
 */
export const addRecord = (io: Io, files: Files, record: string): Promise<void> =>
  changed(io, files, async source => {
    const kind = await identify(source)
    const bytes = await source.read(0, source.sizeBytes)
    const section = { name: recordSection, bytes: new TextEncoder().encode(record) }
    const whole = kind === 'pe' && (await isSigned(source)) ? bytes : withSection(kind, bytes, section)
    return {
      chunks: async function* () {
        yield whole
      },
    }
  })

const isSigned = async (source: Source): Promise<boolean> => {
  try {
    return (await readPe(source)).certificates !== undefined
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}

/** As it was where there is no room: the record is no part of what the program does. */
const withSection = (kind: FileKind, bytes: Uint8Array, section: NewSection): Uint8Array => {
  try {
    return kind === 'elf' ? addElfSection(bytes, section) : kind === 'pe' ? addPeSection(bytes, section) : bytes
  } catch (error) {
    if (error instanceof FormatError) return bytes
    throw error
  }
}

/**
 * The bytes of a program that were changed, as they may leave: a PE without the certificates that no longer fit and with a right checksum, a
 * Mach-O signed ad hoc anew. `lostSignature`: there were certificates. Code: `builders/not-changeable`.
 */
export const changedProgram = (
  program: Uint8Array,
  { file, app: { id, bin } }: { readonly file: string; readonly app: Pick<App, 'id' | 'bin'> },
): Promise<{ readonly bytes: Uint8Array; readonly lostSignature: boolean }> =>
  understood(file, async () => {
    const source = fromBytes(program)
    const kind = await identify(source)
    if (kind === 'pe') {
      const { wasSigned, chunks } = await stripPe(source)
      return { bytes: await withChecksum(await collect(chunks(), limitBytes)), lostSignature: wasSigned }
    }
    if (kind !== 'macho' && kind !== 'macho-fat') return { bytes: program, lostSignature: false }
    const signed = await signAdHoc(source, { identifier: id === '' ? bin : id })
    return { bytes: await collect(signed.chunks(), limitBytes), lostSignature: false }
  })

const limitBytes = 2 ** 31 - 1

/** Linkers may leave it zero, and then nobody looks at it. */
const withChecksum = async (pe: Uint8Array): Promise<Uint8Array> => {
  const source = fromBytes(pe)
  const { checksumOffset } = await readPe(source)
  const { written, right } = await readPeChecksum(source, { checksumOffset })
  if (written === 0 || written === right) return pe
  const copy = new Uint8Array(pe)
  new DataView(copy.buffer).setUint32(checksumOffset, right, true)
  return copy
}

type Change = (source: Source) => Promise<{ readonly chunks: () => AsyncIterable<Uint8Array> }>

const changed = (io: Io, { from, to }: Files, change: Change): Promise<void> =>
  understood(from, async () => {
    const source = await io.files.open(from)
    try {
      await io.files.write(to, (await change(source)).chunks(), { mode: 0o755, durable: false })
    } finally {
      await source.close()
    }
  })

const understood = async <Result>(file: string, change: () => Promise<Result>): Promise<Result> => {
  try {
    return await change()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('builders/not-changeable', `${file} cannot be changed into a program for users: ${error.message} (${error.code})`, {
      hint: 'It was written by a toolchain that is not known here; take another version of it.',
      where: { file },
      cause: error,
    })
  }
}
