// The files below a folder with their sizes and modes, from the file system alone: for a plan, which reads no file of an app whole.
import type { Io } from '../../io/io.ts'

interface Sized {
  readonly type: 'file'
  readonly path: string
  readonly mode: number
  readonly sizeBytes: number
}

/** Plain files only, by their path below the folder. */
export const sizesBelow = async (io: Io, root: string, below = ''): Promise<readonly Sized[]> => {
  const found: Sized[] = []
  for (const { name, type } of await io.files.list(below === '' ? root : `${root}/${below}`)) {
    const path = below === '' ? name : `${below}/${name}`
    if (type === 'folder') found.push(...(await sizesBelow(io, root, path)))
    else if (type === 'file') {
      const { mode = 0, sizeBytes = 0 } = (await io.files.stat(`${root}/${path}`)) ?? {}
      found.push({ type, path, mode, sizeBytes })
    }
  }
  return found
}
