// The program of a macOS bundle that an app folder is or holds: the one that its Info.plist names, whatever the app is called.
import { collect } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { readPlist } from '@slipway/formats/plist/read'
import { plistText } from '@slipway/formats/plist/value'
import type { FileTree, TreeFile } from '../../tree.ts'

const limitPlistBytes = 1 << 20

/** Its path, whether it is there or not; null: there is no bundle, or it names none. */
export const bundleProgram = async (entries: FileTree['entries']): Promise<string | null> => {
  const list = entries.find((one): one is TreeFile => one.type === 'file' && /^([^/]+\.app\/)?Contents\/Info\.plist$/.test(one.path))
  if (list === undefined || list.sizeBytes > limitPlistBytes) return null
  try {
    const name = plistText(readPlist(await collect(list.bytes(), limitPlistBytes)), 'CFBundleExecutable')
    return name === undefined ? null : list.path.replace(/Info\.plist$/, `MacOS/${name}`)
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}
