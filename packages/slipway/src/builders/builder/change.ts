// Programs that we change: a PE leaves without its old certificates, a Mach-O leaves with an ad-hoc signature.
import { fail, type App } from '@slipway/core'
import type { Source } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { signAdHoc } from '@slipway/formats/macho/sign-adhoc'
import { stripPe } from '@slipway/formats/pe-strip'
import type { Io } from '../../io/io.ts'

interface Files {
  readonly from: string
  readonly to: string
}

/** A PE without its certificates: what is put into it would break them. Code: `builders/not-changeable`. */
export const stripProgram = (io: Io, files: Files): Promise<void> => changed(io, files, stripPe)

/** A Mach-O signed ad hoc under the app's id: unsigned or broken code does not start on arm64. Code: `builders/not-changeable`. */
export const signProgram = (io: Io, files: Files, { id, bin }: Pick<App, 'id' | 'bin'>): Promise<void> =>
  changed(io, files, source => signAdHoc(source, { identifier: id === '' ? bin : id }))

type Change = (source: Source) => Promise<{ readonly chunks: () => AsyncIterable<Uint8Array> }>

const changed = async (io: Io, { from, to }: Files, change: Change): Promise<void> => {
  const source = await io.files.open(from)
  try {
    await io.files.write(to, (await change(source)).chunks(), { mode: 0o755, durable: false })
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    fail('builders/not-changeable', `${from} cannot be changed into a program for users: ${error.message} (${error.code})`, {
      hint: 'It was written by a toolchain that is not known here; take another version of it.',
      where: { file: from },
      cause: error,
    })
  } finally {
    await source.close()
  }
}
