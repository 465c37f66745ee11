// Info.plist of a bundle as it was found: a dictionary whose keys have the types that macOS reads (Information Property List Key Reference).
import { problem, type Problem, type Target } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { readPlist } from '@slipway/formats/plist/read'
import { isDict, type PlistValue } from '@slipway/formats/plist/value'

export type Dict = { readonly [key: string]: PlistValue }

interface Read {
  /** Absent where it cannot be read. */
  readonly plist?: Dict
  readonly problems: readonly Problem[]
}
const texts = [
  'CFBundleExecutable',
  'CFBundleIdentifier',
  'CFBundleShortVersionString',
  'CFBundleVersion',
  'CFBundleName',
  'CFBundlePackageType',
  'CFBundleIconFile',
  'LSMinimumSystemVersion',
]

/** Code: `app/bad-plist`. */
export const plistIn = ({ path, bytes }: { readonly path: string; readonly bytes?: Uint8Array | undefined }, target: Target): Read => {
  if (bytes === undefined) return { problems: [] }
  try {
    const plist = readPlist(bytes)
    if (!isDict(plist)) throw new FormatError('plist/bad-xml', 'it is no dictionary')
    const wrong = texts.filter(key => plist[key] !== undefined && typeof plist[key] !== 'string')
    return {
      plist,
      problems: wrong.map(key => bad(path, `says ${key} that is no text, as macOS wants it`, { target, hint: `Write it as a <string>.` })),
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { problems: [bad(path, `is no property list: ${error.message}`, { target, hint: 'Write it again, as XML or binary.' })] }
  }
}

const bad = (file: string, what: string, { target, hint }: { readonly target: Target; readonly hint: string }): Problem =>
  // explain: An Info.plist cannot be read, or says something in a type that macOS does not read there.
  problem('app/bad-plist', `${JSON.stringify(file)} ${what}`, { hint, where: { target, file } })
