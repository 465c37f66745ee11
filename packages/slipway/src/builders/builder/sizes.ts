// What lies below a folder, with sizes and modes, from the file system alone: for a plan, which reads nothing of an app but the property lists of its bundles.
import type { Io } from '../../io/io.ts'

interface Sized {
  readonly type: 'file'
  readonly path: string
  readonly mode: number
  readonly sizeBytes: number
  /** Of an Info.plist. */
  readonly plist?: Uint8Array
}
type Listed =
  | Sized
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'link'; readonly path: string; readonly linkTarget: string }

/** Plain files only, by their path below the folder. */
export const sizesBelow = async (io: Io, root: string): Promise<readonly Sized[]> =>
  (await entriesBelow(io, root)).filter(one => one.type === 'file')

const limitPlistBytes = 1 << 20

/** Links are not followed. */
export const entriesBelow = async (io: Io, root: string, below = ''): Promise<readonly Listed[]> => {
  const found: Listed[] = []
  for (const { name, type } of await io.files.list(below === '' ? root : `${root}/${below}`)) {
    const path = below === '' ? name : `${below}/${name}`
    if (type === 'folder') found.push({ type, path }, ...(await entriesBelow(io, root, path)))
    else if (type === 'link') found.push({ type, path, linkTarget: await io.files.readLink(`${root}/${path}`) })
    else if (type === 'file') {
      const { mode = 0, sizeBytes = 0 } = (await io.files.stat(`${root}/${path}`)) ?? {}
      const isRead = name === 'Info.plist' && sizeBytes <= limitPlistBytes
      found.push({ type, path, mode, sizeBytes, ...(isRead && { plist: await io.files.read(`${root}/${path}`, limitPlistBytes) }) })
    }
  }
  return found
}
