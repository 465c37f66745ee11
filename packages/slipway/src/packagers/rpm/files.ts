// The layout's files as an rpm lists them. Folders that other packages own are left out: rpm makes them, and refuses other modes of theirs.
import type { RpmFile, RpmFileFlag } from '@slipway/formats/rpm/index'
import type { Flag, Installed } from '../linux/installed.ts'

/** Paths become absolute; every entry has the release's date. */
export const rpmFiles = (
  entries: readonly Installed[],
  { name, date }: { readonly name: string; readonly date: number },
): readonly RpmFile[] =>
  entries.flatMap((entry): readonly RpmFile[] => {
    const common = { path: `/${entry.path}`, mtime: date }
    if (entry.type === 'folder') return isOwn(entry.path, name) ? [{ ...common, type: 'folder', mode: entry.mode }] : []
    if (entry.type === 'link') return [{ ...common, type: 'symlink', mode: 0o777, linkTarget: entry.linkTarget }]
    const { mode, sizeBytes, sha256, bytes, deflated, flag } = entry
    return [{ ...common, type: 'file', mode, sizeBytes, sha256, bytes, deflated, flags: flagsOf[flag] }]
  })

const flagsOf: Readonly<Record<Flag, readonly RpmFileFlag[]>> = {
  none: [],
  // A user's edits stay; the new file comes as .rpmnew.
  config: ['config', 'noreplace'],
  doc: ['doc'],
  license: ['license'],
  ghost: ['ghost'],
}

/** Its own homes and all below, and folders of /etc that bear its name. */
const isOwn = (path: string, name: string): boolean =>
  ['usr/lib', 'usr/share/doc', 'usr/share/licenses', 'etc'].some(home => path === `${home}/${name}` || path.startsWith(`${home}/${name}/`))
