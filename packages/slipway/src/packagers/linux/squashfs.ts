// The layout as entries of a squashfs: for AppImage and snap.
import type { SquashfsEntry } from '@slipway/formats/squashfs/write'
import type { Installed } from './installed.ts'

/** What the layout installs, as an entry of a file system. */
export const entryOf = (one: Installed): SquashfsEntry => {
  if (one.type === 'link') return { type: 'symlink', path: one.path, linkTarget: one.linkTarget }
  if (one.type === 'folder') return { type: 'folder', path: one.path, mode: one.mode }
  return { type: 'file', path: one.path, mode: one.mode, sizeBytes: one.sizeBytes, digest: one.sha256, bytes: () => one.bytes() }
}
