// deb: ar of debian-binary, control.tar.gz and data.tar.gz (deb(5), Debian Policy 4.7), from deflate streams that other formats share.
import { failAll } from '@slipway/core'
import { arHeader, arMagic, arPadding } from '@slipway/formats/ar'
import { fromBytes } from '@slipway/formats/bytes'
import { readElf } from '@slipway/formats/elf'
import { FormatError } from '@slipway/formats/format-error'
import { md5Of } from '@slipway/formats/md5'
import * as z from 'zod'
import type { TreeFile } from '../tree.ts'
import { tarGzMember, type Member } from './deb/archive.ts'
import { checkControl, controlFields, controlText, debVersion, maintainerOf, packageName } from './deb/control.ts'
import { desktopFiles } from './deb/desktop.ts'
import { changelogGz, copyrightText, overridesText } from './deb/documents.ts'
import { madeFile, placeTree, withParents, type DebEntry, type DebFile } from './deb/layout.ts'
import { packager, type PackSubject } from './packager.ts'

const names = (what: string) => z.array(z.string()).readonly().optional().describe(what)
const script = z.string().optional()

const options = {
  maintainer: z.string().optional().describe('`Name <mail>`; default: app.publisher'),
  package: z.string().optional().describe('Name of the package; default: app.bin in lower case'),
  description: z.string().optional().describe('Long description; the first line is app.summary'),
  section: z.string().default('utils').describe('Archive section, as utils, devel, net'),
  priority: z.enum(['required', 'important', 'standard', 'optional', 'extra']).default('optional').describe('Priority of the package'),
  revision: z.string().default('1').describe('Debian revision: tells packagings of one version apart'),
  depends: names("Packages that it needs, as 'libmpv1 | libmpv2'"),
  recommends: names('Packages that it is mostly used with'),
  suggests: names('Packages that go well with it'),
  conflicts: names('Packages that cannot be installed beside it'),
  provides: names('Names of packages that it stands in for'),
  replaces: names('Packages whose files it may overwrite'),
  conffiles: names('Files of the app folder below etc/ that a user may edit'),
  scripts: z
    .strictObject({ preinst: script, postinst: script, prerm: script, postrm: script })
    .optional()
    .describe('Maintainer scripts, each as its text'),
  desktop: z
    .union([
      z.boolean(),
      z.strictObject({
        name: z.string().optional(),
        comment: z.string().optional(),
        categories: z.array(z.string()).readonly().optional(),
        icon: z.string().optional(),
        protocols: z.array(z.string()).readonly().optional(),
        mimeTypes: z.array(z.string()).readonly().optional(),
        terminal: z.boolean().optional(),
      }),
    ])
    .optional()
    .describe('Desktop entry; default: where app.category is set'),
  compression: z.enum(['gzip']).default('gzip').describe('Compression of both archives'),
  level: z.int().min(0).max(9).default(6).describe('Deflate level, 0 (stored) to 9'),
}
type DebOptions = z.output<z.ZodObject<typeof options>>

/**
 * A tool that is one file goes to /usr/bin, anything more to /usr/lib/<package>. Facts: the control fields.
 * Codes: `deb/no-maintainer`, `deb/bad-name`, `deb/bad-version`, `deb/bad-relation`, `deb/no-executable`, `deb/bad-conffile`,
 * `deb/no-icon`, `deb/bad-protocol`.
 */
export const deb = packager({
  id: 'deb',
  title: 'Debian and Ubuntu package',
  os: ['linux'],
  role: 'both',
  main: 'maintainer',
  options,
  ext: () => 'deb',
  fileName: (naming, chosen) => {
    const fields = controlFields(naming, chosen, 0)
    return `${fields.Package}_${fields.Version}_${fields.Architecture}.deb`
  },
  check: checkControl,
  async *pack(subject, chosen) {
    failAll(checkControl(subject, chosen))
    const data = await dataEntries(subject, chosen)
    const files = data.filter(one => one.type === 'file')
    const fields = controlFields(subject, chosen, installedKib(data))
    const { date } = subject
    const control = await tarGzMember(await controlEntries(files, controlText(fields), chosen), { date, level: 9 })
    const version = madeFile('debian-binary', '2.0\n')
    yield arMagic
    yield* member('debian-binary', { sizeBytes: version.sizeBytes, bytes: version.bytes }, date)
    yield* member('control.tar.gz', control, date)
    yield* member('data.tar.gz', await tarGzMember(data, { date, level: chosen.level }), date)
    return fields
  },
})

async function* member(name: string, { sizeBytes, bytes }: Member, date: number): AsyncGenerator<Uint8Array> {
  yield arHeader({ name, sizeBytes, mtime: date, mode: 0o100644 })
  yield* bytes()
  if (sizeBytes % 2 === 1) yield arPadding(sizeBytes)
}

/** Everything that is unpacked, with the folders that lead to it. */
const dataEntries = async (subject: PackSubject, chosen: DebOptions): Promise<readonly DebEntry[]> => {
  const { app, tree, date, target } = subject
  const name = packageName(subject, chosen)
  const placed = placeTree(tree, { package: name, bin: app.bin, conffiles: chosen.conffiles ?? [], target })
  const documents = `usr/share/doc/${name}`
  const changes = { package: name, version: debVersion(subject, chosen), maintainer: maintainerOf(subject, chosen), date, notes: app.notes }
  const made = [
    madeFile(`${documents}/copyright`, copyrightText(app, date)),
    madeFile(`${documents}/changelog.Debian.gz`, await changelogGz(changes)),
  ]
  const wanted = chosen.desktop ?? app.category !== ''
  const desktop = wanted === false ? [] : await desktopFiles({ app, tree, package: name, desktop: wanted === true ? {} : wanted, target })
  const executable = tree.entries.find((one): one is TreeFile => one.type === 'file' && one.path === tree.executable)
  const isStatic = executable !== undefined && (await isStaticElf(executable))
  const overrides = isStatic ? [madeFile(`usr/share/lintian/overrides/${name}`, overridesText(name))] : []
  return withParents([...placed, ...made, ...desktop, ...overrides])
}

const controlEntries = async (files: readonly DebFile[], control: string, chosen: DebOptions): Promise<readonly DebEntry[]> => {
  const sums: string[] = []
  // dpkg keeps the sums of conffiles itself; a name with a line end is refused before (tree/bad-name).
  for (const file of files) if (!file.conffile) sums.push(`${await md5Of(file.bytes())}  ${file.path}\n`)
  const conffiles = files.filter(file => file.conffile).map(file => `/${file.path}\n`)
  const scripts = Object.entries(chosen.scripts ?? {}).flatMap(([name, text]) =>
    text === undefined ? [] : [madeFile(name, endedLine(text), 0o755)],
  )
  const made = [
    madeFile('control', control),
    madeFile('md5sums', sums.join('')),
    ...(conffiles.length > 0 ? [madeFile('conffiles', conffiles.join(''))] : []),
  ]
  return withParents([...made, ...scripts])
}

const endedLine = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)

/** As dpkg-gencontrol counts: files in whole KiB, everything else as one. */
const installedKib = (entries: readonly DebEntry[]): number =>
  entries.reduce((sum, entry) => sum + (entry.type === 'file' ? Math.ceil(entry.sizeBytes / 1024) : 1), 0)

const headBytes = 1 << 16

/** By the headers at its front; a file whose tables lie further back is linked dynamically. */
const isStaticElf = async (file: TreeFile): Promise<boolean> => {
  const head = new Uint8Array(Math.min(file.sizeBytes, headBytes))
  let filled = 0
  for await (const chunk of file.bytes()) {
    head.set(chunk.subarray(0, head.length - filled), filled)
    filled += Math.min(chunk.length, head.length - filled)
    if (filled === head.length) break
  }
  try {
    return (await readElf(fromBytes(head))).isStatic
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}
