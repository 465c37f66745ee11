// A file of a bundle that we write ourselves.
import type { TreeFile } from '../../tree.ts'
import { madeFile } from '../linux/installed.ts'

export const treeFile = (path: string, content: Uint8Array | string, options: { readonly mode?: number } = {}): TreeFile => {
  const { flag: _, ...file } = madeFile(path, content, options)
  return file
}
