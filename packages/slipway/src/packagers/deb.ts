// deb: ar of debian-binary, control.tar.gz and data.tar.* (deb(5), Debian Policy 4.7), from deflate streams that other formats share.
import { failAll, problem } from '@slipway/core'
import { arHeader, arMagic, arPadding } from '@slipway/formats/ar'
import { md5Of } from '@slipway/formats/md5'
import * as z from 'zod'
import { tarGzMember, tarZstMember, type Member } from './deb/archive.ts'
import { checkControl, controlFields, controlText, debVersion, maintainerOf, packageName } from './deb/control.ts'
import { changelogGz, copyrightText, overridesText } from './deb/documents.ts'
import { triggersText } from './deb/relations.ts'
import { scriptAssets, scriptTexts } from './deb/scripts.ts'
import { madeFile, withParents, type Installed, type InstalledFile } from './linux/installed.ts'
import { layoutOf, linuxAssets, linuxOptions, type Layout } from './linux/layout.ts'
import { packager, type PackSubject } from './packager.ts'

const names = (what: string) => z.array(z.string()).readonly().optional().describe(what)
const script = z.string().optional()

const options = {
  ...linuxOptions,
  maintainer: z.string().optional().describe('`Name <mail>`; default: app.publisher'),
  package: z.string().optional().describe('Name of the package; default: app.bin in lower case'),
  section: z.string().default('utils').describe('Archive section, as utils, devel, net'),
  priority: z.enum(['required', 'important', 'standard', 'optional', 'extra']).default('optional').describe('Priority of the package'),
  revision: z.string().default('1').describe('Debian revision: tells packagings of one version apart'),
  preDepends: names('Packages that must be configured before it is unpacked'),
  depends: names("Packages that it needs, as 'libmpv1 | libmpv2', beside those of its shared libraries"),
  recommends: names('Packages that it is mostly used with'),
  suggests: names('Packages that go well with it'),
  enhances: names('Packages that it goes well with'),
  conflicts: names('Packages that cannot be installed beside it'),
  breaks: names('Packages that do not work beside it'),
  provides: names('Names of packages that it stands in for'),
  replaces: names('Packages whose files it may overwrite'),
  builtUsing: names("Source packages that are part of it, as 'golang-1.22 (= 1.22.5-1)'"),
  scripts: z
    .strictObject({ preinst: script, postinst: script, prerm: script, postrm: script })
    .optional()
    .describe('Maintainer scripts, each as its text or the path of a file'),
  triggers: z
    .strictObject({ interest: names('Triggers or paths that it wants to hear of'), activate: names('Triggers that it sets off') })
    .optional()
    .describe('Triggers of dpkg; nobody waits for them'),
  compression: z.enum(['gzip', 'zstd']).default('gzip').describe('Compression of the files; zstd needs Debian 12 or Ubuntu 21.10'),
  level: z.int().min(0).max(19).optional().describe('gzip: 0 (stored) to 9, default 6; zstd: 1 to 19, default 10'),
}
type DebOptions = z.output<z.ZodObject<typeof options>>

/**
 * A tool that is one file goes to /usr/bin, anything more to /usr/lib/<package>. Facts: the control fields.
 * Codes: `deb/no-maintainer`, `deb/bad-name`, `deb/bad-version`, `deb/bad-relation`, `deb/bad-trigger`, `deb/bad-script`, `deb/bad-level`
 * and those of linux/layout.ts.
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
    const fields = controlFields(naming, chosen, { installedKib: 0, needs: [] })
    return `${fields.Package}_${fields.Version}_${fields.Architecture}.deb`
  },
  check: (naming, chosen) => [...checkControl(naming, chosen), ...badLevel(chosen)],
  assets: (naming, chosen) => [...linuxAssets(naming, chosen, 'deb'), ...scriptAssets(chosen.scripts ?? {})],
  async *pack(subject, chosen) {
    failAll([...checkControl(subject, chosen), ...badLevel(chosen)])
    const name = packageName(subject, chosen)
    const layout = await layoutOf(subject, { ...chosen, format: 'deb', package: name })
    const data = withParents([...layout.entries, ...(await documents(subject, chosen, layout))])
    const fields = controlFields(subject, chosen, { installedKib: installedKib(data), needs: layout.needs })
    const { date } = subject
    const control = await tarGzMember(await controlEntries(subject, chosen, { data, layout, control: controlText(fields) }), {
      date,
      level: 9,
    })
    const version = madeFile('debian-binary', '2.0\n')
    yield arMagic
    yield* member('debian-binary', { sizeBytes: version.sizeBytes, bytes: version.bytes }, date)
    yield* member('control.tar.gz', control, date)
    if (chosen.compression === 'zstd') yield* member('data.tar.zst', await tarZstMember(data, { date, level: chosen.level ?? 10 }), date)
    else yield* member('data.tar.gz', await tarGzMember(data, { date, level: chosen.level ?? 6 }), date)
    return fields
  },
})

const badLevel = ({ compression, level }: DebOptions) =>
  level === undefined || (compression === 'gzip' ? level <= 9 : level >= 1)
    ? []
    : [
        problem('deb/bad-level', `${level} is no level of ${compression}`, {
          hint: 'gzip has 0 (stored) to 9, zstd 1 to 19.',
          where: { path: 'packages.deb.level' },
        }),
      ]

async function* member(name: string, { sizeBytes, bytes }: Member, date: number): AsyncGenerator<Uint8Array> {
  yield arHeader({ name, sizeBytes, mtime: date, mode: 0o100644 })
  yield* bytes()
  if (sizeBytes % 2 === 1) yield arPadding(sizeBytes)
}

/** What Debian wants beside the app: copyright, changelog, and the overrides of static programs. */
const documents = async (subject: PackSubject, chosen: DebOptions, layout: Layout): Promise<readonly InstalledFile[]> => {
  const { app, tree, date } = subject
  const name = packageName(subject, chosen)
  const home = `usr/share/doc/${name}`
  const changes = { package: name, version: debVersion(subject, chosen), maintainer: maintainerOf(subject, chosen), date, notes: app.notes }
  const isStatic = layout.staticFiles.includes(tree.executable)
  return [
    madeFile(`${home}/copyright`, copyrightText(app, date), { flag: 'license' }),
    madeFile(`${home}/changelog.Debian.gz`, await changelogGz(changes), { flag: 'doc' }),
    ...(isStatic ? [madeFile(`usr/share/lintian/overrides/${name}`, overridesText(name))] : []),
  ]
}

interface ControlSource {
  readonly data: readonly Installed[]
  readonly layout: Layout
  readonly control: string
}

const controlEntries = async (
  subject: PackSubject,
  chosen: DebOptions,
  { data, layout, control }: ControlSource,
): Promise<readonly Installed[]> => {
  const files = data.filter(one => one.type === 'file')
  const sums: string[] = []
  // dpkg keeps the sums of conffiles itself; a name with a line end is refused before (tree/bad-name).
  for (const file of files) if (file.flag !== 'config') sums.push(`${await md5Of(file.bytes())}  ${file.path}\n`)
  const conffiles = files.filter(file => file.flag === 'config').map(file => `/${file.path}\n`)
  const scripts = scriptTexts(chosen.scripts ?? {}, layout.hooks, path => subject.assets?.get(path)?.bytes)
  const triggers = triggersText(chosen.triggers ?? {})
  return withParents([
    madeFile('control', control),
    madeFile('md5sums', sums.join('')),
    ...(conffiles.length > 0 ? [madeFile('conffiles', conffiles.join(''))] : []),
    ...(triggers === '' ? [] : [madeFile('triggers', triggers)]),
    ...[...scripts].map(([name, text]) => madeFile(name, text, { mode: 0o755 })),
  ])
}

/** As dpkg-gencontrol counts: files in whole KiB, everything else as one. */
const installedKib = (entries: readonly Installed[]): number =>
  entries.reduce((sum, entry) => sum + (entry.type === 'file' ? Math.ceil(entry.sizeBytes / 1024) : 1), 0)
