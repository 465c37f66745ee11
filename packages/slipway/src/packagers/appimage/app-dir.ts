// The AppDir: the layout of a Linux package with what an AppImage has on top: AppRun, the desktop entry and the icon (AppImageSpec).
import type { SquashfsEntry } from '@slipway/formats/squashfs/write'
import { madeFile, type Installed } from '../linux/installed.ts'
import { entryOf } from '../linux/squashfs.ts'

/** Entries of the file system. */
export const appDirOf = (installed: readonly Installed[], bin: string): readonly SquashfsEntry[] => [
  ...installed.map(entryOf),
  entryOf(madeFile('AppRun', appRun(bin), { mode: 0o755 })),
  ...topLinks(installed.map(one => one.path)),
]

/** Not a link: an app takes its window class from the name it was started by, and the desktop entry says what that is. */
const appRun = (bin: string): string =>
  [
    '#!/bin/sh',
    // Not $APPDIR: where this was unpacked, that may be another AppImage's.
    'here=${0%/*}',
    'if [ -h "$0" ]; then here=$(dirname "$(readlink -f "$0")"); fi',
    `exec "$here"/usr/bin/'${bin.replaceAll("'", "'\\''")}' "$@"`,
    '',
  ].join('\n')

/** On top, links to the entry and to its largest icon; `.DirIcon` is what thumbnailers look at. */
const topLinks = (paths: readonly string[]): readonly SquashfsEntry[] => {
  const desktop = paths.find(path => /^usr\/share\/applications\/[^/]+\.desktop$/.test(path))
  const icons = paths.filter(path => /^usr\/share\/icons\/hicolor\/[^/]+\/apps\/[^/]+\.(png|svg)$/.test(path))
  const size = (path: string): number => (path.includes('/scalable/') ? 4096 : Number(/\/(\d+)x\d+\//.exec(path)?.[1] ?? 0))
  const icon = icons.toSorted((a, b) => size(b) - size(a))[0]
  return [desktop, icon].flatMap((target, index): readonly SquashfsEntry[] => {
    if (target === undefined) return []
    const link: SquashfsEntry = { type: 'symlink', path: target.replace(/^.*\//, ''), linkTarget: target }
    return index === 0 ? [link] : [link, { type: 'symlink', path: '.DirIcon', linkTarget: link.path }]
  })
}
