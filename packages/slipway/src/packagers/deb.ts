// deb: ar of debian-binary, control.tar.gz and data.tar.* (deb(5), Debian Policy 4.7), from deflate streams that other formats share.
import { compareFor, fail, failAll, problem } from '@slipway/core'
import { arHeader, arMagic, arPadding } from '@slipway/formats/ar'
import { concat, encodeText, letGo } from '@slipway/formats/bytes'
import { inFlight } from '@slipway/formats/in-flight'
import { md5Of } from '@slipway/formats/md5'
import * as z from 'zod'
import { tarGzMember, tarMember, type Member } from './deb/archive.ts'
import { checkControl, controlFields, controlText, debVersion, maintainerOf, packageName } from './deb/control.ts'
import { changelogGz, copyrightText, overridesText } from './deb/documents.ts'
import { triggersText } from './deb/relations.ts'
import { scriptAssets, scriptTexts } from './deb/scripts.ts'
import { hasLevel, levelHint, levelOf, levelText } from './linux/compression.ts'
import { madeFile, withParents, type Installed, type InstalledFile } from './linux/installed.ts'
import { examineLinux, folderOptions, layoutOf, linuxAssets, linuxOptions, type Layout } from './linux/layout.ts'
import { readableScripts } from './linux/scripts.ts'
import { packager, type PackSubject } from './packager.ts'

const names = (what: string) => z.array(z.string()).readonly().optional().describe(what)
const script = z.string().optional()

const options = {
  ...linuxOptions,
  ...folderOptions,
  maintainer: z.string().optional().describe('`Name <mail>`; default: app.publisher'),
  package: z.string().optional().describe('Name of the package; default: app.bin in lower case'),
  section: z.string().default('utils').describe('Archive section, as utils, devel, net'),
  priority: z.enum(['required', 'important', 'standard', 'optional', 'extra']).default('optional').describe('Priority of the package'),
  revision: z.string().default('1').describe('Debian revision: tells packagings of one version apart'),
  epoch: z.int().min(0).optional().describe('Stands before the version and outweighs it, where the numbering began anew'),
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
  overrides: z
    .array(z.string().regex(/^[a-z][a-z0-9-]*$/, { error: 'a tag of lintian, as unstripped-binary-or-object' }))
    .readonly()
    .default([])
    .describe("Lintian's tags that are known and accepted, as of programs built by others: shipped as lintian overrides"),
  triggers: z
    .strictObject({ interest: names('Triggers or paths that it wants to hear of'), activate: names('Triggers that it sets off') })
    .optional()
    .describe('Triggers of dpkg; nobody waits for them'),
  compression: z.enum(['gzip', 'xz', 'zstd']).default('gzip').describe('Compression of the files; zstd needs Debian 12 or Ubuntu 21.10'),
  level: z.int().min(0).max(19).optional().describe(levelText),
}
type DebOptions = z.output<z.ZodObject<typeof options>>

/**
 * A tool that is one file goes to /usr/bin, anything more to /usr/lib/<package>. Facts: the control fields.
 * Codes: `deb/no-maintainer`, `deb/bad-name`, `deb/bad-version`, `deb/bad-relation`, `deb/bad-trigger`, `deb/bad-script`, `deb/bad-level`, `deb/too-large`
 * and those of linux/layout.ts.
 */
export const deb = packager({
  id: 'deb',
  title: 'Debian and Ubuntu package',
  os: ['linux'],
  libc: 'glibc',
  role: 'both',
  keepsModes: true,
  main: 'maintainer',
  options,
  ext: () => 'deb',
  fileName: (naming, chosen) => {
    const fields = controlFields(naming, chosen, { installedKib: 0, needs: [] })
    // File names have no epoch (dpkg-name(1)).
    return `${fields.Package}_${fields.Version.replace(/^\d+:/, '')}_${fields.Architecture}.deb`
  },
  check: (naming, chosen) => [...checkControl(naming, chosen), ...badLevel(chosen)],
  compare: (before, after, chosen) => compareFor('deb', debVersion(before, chosen), debVersion(after, chosen)),
  assets: (naming, chosen) => [...linuxAssets(naming, chosen, 'deb'), ...scriptAssets(chosen.scripts ?? {})],
  examine: (naming, chosen, assets) =>
    examineLinux(naming, chosen, {
      unit: 'deb',
      package: packageName(naming, chosen),
      assets,
      scripts: hooks =>
        readableScripts(chosen.scripts ?? {}, assets).map(one => () => scriptTexts(one, hooks, path => assets.get(path)?.bytes)),
    }),
  async *pack(subject, chosen) {
    failAll([...checkControl(subject, chosen), ...badLevel(chosen)])
    const layout = await layoutOf(subject, { ...chosen, format: 'deb', package: packageName(subject, chosen) })
    const data = withParents([...layout.entries, ...(await documents(subject, chosen, layout))])
    const fields = controlFields(subject, chosen, { installedKib: installedKib(data), needs: layout.needs })
    const { date } = subject
    // Other cores compress the files while this one sums them up.
    const [entries, [name, packed]] = await Promise.all([
      controlEntries(subject, chosen, { data, layout, control: controlText(fields) }),
      dataMember(subject, chosen, data),
    ])
    if (packed.sizeBytes > limitMemberBytes) tooLarge(name, packed.sizeBytes)
    const version = madeFile('debian-binary', '2.0\n')
    yield arMagic
    yield* member('debian-binary', version, date)
    if (chosen.compression === 'xz') yield* member('control.tar.xz', await tarMember(entries, { date, level: 6, compression: 'xz' }), date)
    else yield* member('control.tar.gz', await tarGzMember(entries, { date, level: 9 }), date)
    yield* member(name, packed, date)
    return fields
  },
})

// ar(5), deb(5): the size of a member has 10 decimal digits.
const limitMemberBytes = 9_999_999_999

const tooLarge = (name: string, sizeBytes: number): never =>
  fail(
    'deb/too-large',
    `${name} has ${sizeBytes} bytes compressed, and a member of a deb has at most ${limitMemberBytes} (deb(5), FORMAT)`,
    {
      hint: 'Split the app into several packages, or compress it harder: packages.deb.compression and level.',
      where: { path: 'packages.deb' },
    },
  )

const dataMember = async (
  { date, spool }: PackSubject,
  chosen: DebOptions,
  data: readonly Installed[],
): Promise<readonly [name: string, member: Member]> => {
  const { compression } = chosen
  const level = levelOf(chosen)
  if (compression === 'gzip') return ['data.tar.gz', await tarGzMember(data, { date, level, spool })]
  return [compression === 'xz' ? 'data.tar.xz' : 'data.tar.zst', await tarMember(data, { date, level, compression, spool })]
}

const badLevel = (chosen: DebOptions) =>
  hasLevel(chosen)
    ? []
    : [
        problem('deb/bad-level', `${chosen.level ?? ''} is no level of ${chosen.compression}`, {
          hint: levelHint,
          where: { path: 'packages.deb.level' },
        }),
      ]

async function* member(name: string, content: Member, date: number): AsyncGenerator<Uint8Array> {
  const { sizeBytes } = content
  yield arHeader({ name, sizeBytes, mtime: date, mode: 0o100644 })
  yield* content.bytes()
  if (sizeBytes % 2 === 1) yield arPadding(sizeBytes)
}

/** What Debian wants beside the app: copyright, changelog, and lintian overrides where there are any. */
const documents = async (subject: PackSubject, chosen: DebOptions, layout: Layout): Promise<readonly InstalledFile[]> => {
  const { app, tree, date } = subject
  const name = packageName(subject, chosen)
  const home = `usr/share/doc/${name}`
  const changes = { package: name, version: debVersion(subject, chosen), maintainer: maintainerOf(subject, chosen), date, notes: app.notes }
  const overrides = overridesText(name, { isStatic: layout.staticFiles.includes(tree.executable), accepted: chosen.overrides })
  return [
    madeFile(`${home}/copyright`, copyrightText(app, date), { flag: 'license' }),
    madeFile(`${home}/changelog.Debian.gz`, await changelogGz(changes), { flag: 'doc' }),
    ...(overrides === '' ? [] : [madeFile(`usr/share/lintian/overrides/${name}`, overrides)]),
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
  const conffiles = files.filter(file => file.flag === 'config').map(file => `/${file.path}\n`)
  const scripts = scriptTexts(chosen.scripts ?? {}, layout.hooks, path => subject.assets?.get(path)?.bytes)
  const triggers = triggersText(chosen.triggers ?? {})
  return withParents([
    madeFile('control', control),
    madeFile('md5sums', await md5sumsOf(files)),
    ...(conffiles.length > 0 ? [madeFile('conffiles', conffiles.join(''))] : []),
    ...(triggers === '' ? [] : [madeFile('triggers', triggers)]),
    ...[...scripts].map(([name, text]) => madeFile(name, text, { mode: 0o755 })),
  ])
}

/** dpkg keeps the sums of conffiles itself; a name with a line end is refused before (tree/bad-name). */
const md5sumsOf = async (files: readonly InstalledFile[]): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let text = ''
  for await (const line of inFlight(files, sumLine)) {
    text += line
    if (text.length < textBytes) continue
    parts.push(encodeText(text))
    text = ''
  }
  const whole = concat([...parts, encodeText(text)])
  for (const part of parts) letGo(part)
  return whole
}

/** A hundred thousand short strings take several times the memory of what is in them. */
const textBytes = 1 << 18

const sumLine = async (file: InstalledFile): Promise<string> =>
  file.flag === 'config' ? '' : `${await (file.digest?.('md5') ?? md5Of(file.bytes()))}  ${file.path}\n`

/** As dpkg-gencontrol counts: files in whole KiB, everything else as one. */
const installedKib = (entries: readonly Installed[]): number =>
  entries.reduce((sum, entry) => sum + (entry.type === 'file' ? Math.ceil(entry.sizeBytes / 1024) : 1), 0)
