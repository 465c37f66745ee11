// The licence page: RTF as it is, a text in UTF-8 with the line ends and the mark that Windows reads.
import { fail } from '@slipway/core'
import type { PackSubject } from '../packager.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Codes: `nsis/no-licence`, `nsis/bad-licence`. */
export const licenceText = (
  { assets }: Pick<PackSubject, 'assets'>,
  path: string,
): { readonly file: string; readonly bytes: Uint8Array } => {
  const bytes = assets?.get(path)?.bytes
  const where = { path: 'packages.nsis.licence' }
  if (bytes === undefined)
    return fail('nsis/no-licence', `the project holds no file ${JSON.stringify(path)}`, { hint: 'Write the path of the text.', where })
  if (String.fromCharCode(...bytes.subarray(0, 5)) === '{\\rtf') return { file: 'licence.rtf', bytes }
  const text = decoded(bytes)
  if (text === undefined || text.trim() === '' || text.includes('\0'))
    return fail('nsis/bad-licence', `${JSON.stringify(path)} is ${text?.trim() === '' ? 'empty' : 'no text in UTF-8'}`, {
      hint: 'Save it as UTF-8, or as RTF.',
      where,
    })
  return { file: 'licence.txt', bytes: new TextEncoder().encode(`\ufeff${text.replaceAll(/\r\n?|\n/g, '\r\n')}`) }
}

const decoded = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
