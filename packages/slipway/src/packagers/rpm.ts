// rpm: a package of Fedora, RHEL and openSUSE (rpm's format manual, version 4), from deflate streams that other formats share.
import { compareFor, failAll, type Json } from '@slipway/core'
import { fromBytes } from '@slipway/formats/bytes'
import { gzipPayload, readRpmDescription, relationText, type RpmJob, writeRpm, xzPayload, zstdPayload } from '@slipway/formats/rpm/index'
import * as z from 'zod'
import { levelOf, levelText } from './linux/compression.ts'
import { manyFiles, onDisk } from './linux/entries.ts'
import { examineLinux, folderOptions, layoutOf, linuxAssets, linuxOptions, systemPath } from './linux/layout.ts'
import { packager, type Facts, type Naming, type PackSubject } from './packager.ts'
import { checkRpm, descriptionOf, nevraOf, packageName } from './rpm/fields.ts'
import { rpmFiles } from './rpm/files.ts'
import { readableRpmScripts, rpmScriptAssets, rpmScripts, scriptKinds } from './rpm/scripts.ts'

const names = (what: string) => z.array(z.string()).readonly().optional().describe(what)
const script = z.string().optional()

const options = {
  ...linuxOptions,
  ...folderOptions,
  package: z.string().optional().describe('Name of the package; default: app.bin in lower case'),
  release: z.string().default('1').describe('Tells packagings of one version apart'),
  epoch: z.int().min(0).max(0xffffffff).optional().describe('Outweighs the version, where the numbering began anew'),
  ghosts: z
    .array(systemPath)
    .readonly()
    .optional()
    .describe('Files that the program itself makes and that go with the package, as /var/log/tool.log'),
  group: z.string().optional().describe("Group, as 'Applications/Internet': for openSUSE and systems before Fedora 17"),
  vendor: z.string().optional().describe('Who distributes it; default: the name in app.publisher'),
  packager: z.string().optional().describe('`Name <mail>`; default: app.publisher'),
  depends: names("Packages that it needs, as 'mpv-libs >= 0.35' or '(mpv-libs or vlc-core)', beside its shared libraries"),
  recommends: names('Packages that it is mostly used with'),
  suggests: names('Packages that go well with it'),
  enhances: names('Packages that it goes well with'),
  supplements: names('It is installed by itself where these are'),
  provides: names("Names that it stands in for, as 'editor = 1.2'"),
  conflicts: names('Packages that cannot be installed beside it'),
  obsoletes: names('Packages that it takes the place of'),
  scripts: z
    .strictObject(Object.fromEntries(scriptKinds.map(kind => [kind, script])) as Record<(typeof scriptKinds)[number], typeof script>)
    .optional()
    .describe('Scripts, each as its text or the path of a file; #!<lua> is the interpreter of rpm itself'),
  triggers: z
    .array(
      z.strictObject({
        when: z.enum(['triggerprein', 'triggerin', 'triggerun', 'triggerpostun']),
        on: z.array(z.string()).min(1).readonly(),
        script: z.string(),
      }),
    )
    .readonly()
    .optional()
    .describe('Scripts that run when another package comes or goes'),
  compression: z
    .enum(['gzip', 'xz', 'zstd'])
    .default('gzip')
    .describe('Compression of the files; zstd needs RHEL 8, Fedora 28 or openSUSE 15.1'),
  level: z.int().min(0).max(19).optional().describe(levelText),
}
type RpmChosen = z.output<z.ZodObject<typeof options>>

/**
 * Laid out as linux/layout.ts says; unsigned, with room for a signature. Facts: the header's fields, and where the header lies.
 * Codes: `rpm/illegal-name`, `rpm/illegal-version`, `rpm/no-license`, `rpm/illegal-relation`, `rpm/illegal-level`, `rpm/illegal-script`,
 * those of linux/layout.ts and of formats/rpm.
 */
export const rpm = packager({
  id: 'rpm',
  title: 'Fedora, RHEL and openSUSE package',
  os: ['linux'],
  libc: 'glibc',
  role: 'both',
  keepsModes: true,
  options,
  ext: () => 'rpm',
  fileName: (naming, chosen) => {
    const { name, version, release, arch } = nevraOf(naming, chosen)
    return `${name}-${version}-${release}.${arch}.rpm`
  },
  check: checkRpm,
  compare: (before, after, chosen) => compareFor('rpm', evrOf(before, chosen), evrOf(after, chosen)),
  assets: (naming, chosen) => [...linuxAssets(naming, chosen, 'rpm'), ...rpmScriptAssets(chosen)],
  examine: (naming, chosen, assets) =>
    examineLinux(naming, chosen, {
      unit: 'rpm',
      package: packageName(naming, chosen),
      assets,
      scripts: hooks => readableRpmScripts(chosen, assets).map(one => () => rpmScripts(one, hooks, path => assets.get(path)?.bytes)),
    }),
  async *pack(subject, chosen) {
    failAll(checkRpm(subject, chosen))
    const writing = writeRpm(await jobOf(subject, chosen))
    // In a function of its own: a header may be large, and nothing should hold it while the files follow.
    const facts = yield* frontOf(writing)
    yield* writing
    return facts
  },
})

const evrOf = (naming: Naming, chosen: RpmChosen): string => {
  const { version, release } = nevraOf(naming, chosen)
  return `${version}-${release}`
}

const jobOf = async (subject: PackSubject, chosen: RpmChosen): Promise<RpmJob> => {
  const described = await describedBy(subject, chosen)
  const { spool, deflate } = subject
  const { files } = described
  const writing = {
    level: levelOf(chosen),
    // The streams of large files are kept already, and can be read twice; so are those of small ones while they are not too many.
    ...(spool === undefined || (chosen.compression === 'gzip' && files.length < manyFiles) ? {} : { spool: onDisk(spool) }),
    ...(deflate === undefined ? {} : { deflate }),
  }
  return { ...described, payload: await payloads[chosen.compression](files, writing) }
}

/** All but the payload; the layout is let go of before that is made. */
const describedBy = async (subject: PackSubject, chosen: RpmChosen): Promise<Omit<RpmJob, 'payload'>> => {
  const { date, assets } = subject
  const name = packageName(subject, chosen)
  const layout = await layoutOf(subject, { ...chosen, format: 'rpm', package: name })
  return {
    ...nevraOf(subject, chosen),
    ...descriptionOf(subject, chosen, { date, needs: layout.needs }),
    ...rpmScripts(chosen, layout.hooks, path => assets?.get(path)?.bytes),
    buildTime: date,
    files: await rpmFiles(layout.entries, { name, date, ghosts: chosen.ghosts }),
  }
}

const payloads = { gzip: gzipPayload, xz: xzPayload, zstd: zstdPayload }

async function* frontOf(writing: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array, Facts> {
  const first = await writing.next()
  const front = first.done === true ? new Uint8Array() : first.value
  yield front
  return factsOf(front)
}

/** As rpm calls its tags, read from what was written; an index of packages asks for the header by its place. */
const factsOf = async (front: Uint8Array): Promise<Facts> => {
  const { header, relations, ...rpm } = await readRpmDescription(fromBytes(front))
  const said = {
    NAME: rpm.name,
    EPOCH: rpm.epoch,
    VERSION: rpm.version,
    RELEASE: rpm.release,
    ARCH: rpm.arch,
    SUMMARY: rpm.summary,
    DESCRIPTION: rpm.description,
    LICENSE: rpm.license,
    GROUP: rpm.group,
    URL: rpm.url,
    VENDOR: rpm.vendor,
    PACKAGER: rpm.packager,
    BUILDTIME: rpm.buildTime,
    BUILDHOST: rpm.buildHost,
    SOURCERPM: rpm.sourceRpm,
    SIZE: rpm.installedBytes,
    ARCHIVESIZE: rpm.payload.archiveBytes,
    PAYLOADCOMPRESSOR: rpm.payload.compressor,
    PAYLOADFLAGS: rpm.payload.flags,
    headerStart: header.offset,
    headerEnd: header.offset + header.sizeBytes,
  }
  const lists = Object.entries(relations).map(([kind, list]) => [kind.toUpperCase(), list.map(relationText)] as const)
  const facts: readonly (readonly [string, Json | undefined])[] = [...Object.entries(said), ...lists.filter(([, list]) => list.length > 0)]
  return Object.fromEntries(facts.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])))
}
