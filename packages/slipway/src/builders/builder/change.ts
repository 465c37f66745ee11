// Programs that we change: a PE leaves without its old certificates, a Mach-O leaves with an ad-hoc signature.
import type { App } from '@slipway/core'
import { signAdHoc } from '@slipway/formats/macho/sign-adhoc'
import { stripPe } from '@slipway/formats/pe-strip'
import type { Io } from '../../io/io.ts'

interface Files {
  readonly from: string
  readonly to: string
}

/** A PE without its certificates: what is put into it would break them. Throws what `stripPe` throws. */
export const stripProgram = async (io: Io, { from, to }: Files): Promise<void> => {
  const source = await io.files.open(from)
  try {
    await io.files.write(to, (await stripPe(source)).chunks(), { mode: 0o755, durable: false })
  } finally {
    await source.close()
  }
}

/** A Mach-O signed ad hoc under the app's id: unsigned or broken code does not start on arm64. Throws what `signAdHoc` throws. */
export const signProgram = async (io: Io, { from, to }: Files, { id, bin }: Pick<App, 'id' | 'bin'>): Promise<void> => {
  const source = await io.files.open(from)
  try {
    const signed = await signAdHoc(source, { identifier: id === '' ? bin : id })
    await io.files.write(to, signed.chunks(), { mode: 0o755, durable: false })
  } finally {
    await source.close()
  }
}
