// The AppDir: the layout of a Linux package with what an AppImage has on top: AppRun, the desktop entry and the icon (AppImageSpec).
import type { SquashfsEntry } from '@slipway/formats/squashfs/write'
import type { Installed } from '../linux/installed.ts'
import { entryOf } from '../linux/squashfs.ts'

/** Entries of the file system. */
export const appDirOf = (installed: readonly Installed[], bin: string): readonly SquashfsEntry[] => [
  ...installed.map(entryOf),
  { type: 'symlink', path: 'AppRun', linkTarget: `usr/bin/${bin}` },
  ...topLinks(installed.map(one => one.path)),
]

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
