// A property list of a bundle that was looked at before: what cannot be read says nothing.
import { collect } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { readPlist } from '@slipway/formats/plist/read'
import { isDict, type PlistValue } from '@slipway/formats/plist/value'
import type { TreeFile } from '../../tree.ts'

const limitPlistBytes = 1 << 20

/** Empty where the file is too large, damaged or no dictionary. */
export const plistOf = async (file: TreeFile): Promise<{ readonly [key: string]: PlistValue }> => {
  if (file.sizeBytes > limitPlistBytes) return {}
  try {
    const value = readPlist(await collect(file.bytes(), limitPlistBytes))
    return isDict(value) ? value : {}
  } catch (error) {
    if (error instanceof FormatError) return {}
    throw error
  }
}
