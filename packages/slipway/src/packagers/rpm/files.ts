// The layout's files as an rpm lists them. Folders that other packages own are left out: rpm makes them, and refuses other modes of theirs.
import type { RpmContent, RpmFile, RpmFileFlag } from '@slipway/formats/rpm/index'
import { madeFile, type Flag, type Installed, type InstalledFile } from '../linux/installed.ts'

interface Listing {
  readonly name: string
  readonly date: number
  /** Absolute paths of files that the program makes itself. */
  readonly ghosts?: readonly string[] | undefined
}

/** Paths become absolute; every entry has the release's date. */
export const rpmFiles = async (entries: readonly Installed[], { name, date, ghosts = [] }: Listing): Promise<readonly RpmFile[]> => {
  const made = ghosts.map(path => madeFile(path.slice(1), '', { flag: 'ghost' }))
  const files: RpmFile[] = []
  for (const entry of [...entries, ...made]) {
    const common = { path: `/${entry.path}`, mtime: date }
    if (entry.type === 'folder') {
      if (entry.isOwn === true || isOwn(entry.path, name)) files.push({ ...common, type: 'folder', mode: entry.mode })
    } else if (entry.type === 'link') files.push({ ...common, type: 'symlink', mode: 0o777, linkTarget: entry.linkTarget })
    else {
      const { source, mode, sizeBytes, sha256, flag } = entry
      const color = await colorOf(entry)
      const { path, mtime } = common
      // They see their entry, of which all that they need goes along.
      const { bytes, deflated } = entry as { readonly bytes: RpmContent['bytes']; readonly deflated: NonNullable<RpmContent['deflated']> }
      const file: Lying = { type: 'file', path, mtime, source, mode, sizeBytes, sha256, flags: flagsOf[flag], color, bytes, deflated }
      files.push(file)
    }
  }
  return files
}

type Lying = RpmContent & Pick<InstalledFile, 'source'>

/** 1 for ELF files of 32 bits, 2 for 64: by it rpm lets two architectures of one package share a path. */
const colorOf = async (file: InstalledFile): Promise<0 | 1 | 2> => {
  if ((file.mode & 0o111) === 0 && !/\.so(\.|$)/.test(file.path)) return 0
  for await (const [first, second, third, fourth, bits] of file.bytes()) {
    const isElf = first === 0x7f && second === 0x45 && third === 0x4c && fourth === 0x46
    return isElf && (bits === 1 || bits === 2) ? bits : 0
  }
  return 0
}

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
