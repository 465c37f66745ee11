// msix: a Windows app package, unsigned (signing is a signer's): a zip whose files can be checked block by block (MS-APPX).
import { fail, failAll, problem, type Problem } from '@slipway/core'
import { appxBlockMap, appxContentTypes, type AppxFile } from '@slipway/formats/appx'
import type { Image } from '@slipway/formats/png'
import { writeZip, type ZipEntry } from '@slipway/formats/zip/write'
import { drawnSvg } from './linux/drawing.ts'
import { iconBytes, iconImage } from './linux/icons.ts'
import { compareMsix, identityOf, manifestOf, msixArch, msixVersion, publisherOf } from './msix/manifest.ts'
import { msixOptions as options, type MsixOptions } from './msix/options.ts'
import { packParts, type Part } from './msix/parts.ts'
import { picturesOf } from './msix/pictures.ts'
import { packager, stem, type Naming, type PackSubject, type SizedEntry } from './packager.ts'
import { windowsTreeProblems } from './windows/names.ts'
import { toldTypes } from './windows/opens.ts'

/**
 * Facts: identity, publisher, version and architecture, as an .appinstaller names them. Codes: `msix/bad-identity`, `msix/bad-publisher`,
 * `msix/bad-version`, `msix/prerelease`, `msix/bad-minimum`, `msix/bad-target`, `msix/no-icon`, `msix/small-icon`, `msix/no-executable`,
 * `msix/svg-icon`, `msix/no-tool`, `msix/taken-name`, and those of windows/.
 */
export const msix = packager({
  id: 'msix',
  title: 'MSIX package',
  os: ['windows'],
  role: 'both',
  // For an icon that is SVG.
  lends: ['rsvg-convert'],
  options,
  ext: () => 'msix',
  fileName: naming => `${stem(naming)}.msix`,
  check: (naming, chosen) => problemsOf(naming, chosen),
  tells: naming => [
    ...(/[-+]/.test(naming.app.version) ? [`its version is ${msixVersion(naming.app.version)}`] : []),
    ...toldTypes(naming),
  ],
  compare: compareMsix,
  keeps: ({ app }, chosen) => ({ identity: identityOf(app, chosen), publisher: publisherOf(app, chosen) }),
  assets: ({ app }, { icon }) => {
    const path = icon ?? app.icon
    return path === '' ? [] : [{ path, from: icon === undefined ? 'app.icon' : 'packages.msix.icon', optional: true }]
  },
  fits: (naming, _chosen, entries) => entryProblems(naming, entries),
  async *pack(subject, chosen) {
    failAll([...problemsOf(subject, chosen), ...entryProblems(subject, subject.tree.entries)])
    const files: AppxFile[] = []
    yield* writeZip(entriesOf(subject, chosen, files))
    const { app, target } = subject
    return {
      identity: identityOf(app, chosen),
      publisher: publisherOf(app, chosen),
      version: msixVersion(app.version),
      arch: msixArch(target),
    }
  },
})

const takenNames = [
  /^(appxmanifest|appxblockmap|\[content_types\])\.xml$/i,
  /^(appxsignature\.p7x|resources\.pri|appxmetadata\/.*)$/i,
  /^assets\/(storelogo|square(44x44|71x71|150x150|310x310)logo|wide310x150logo)(\.[^/]*)?\.png$/i,
]

/** `C:\\Program Files\\WindowsApps\\<full name of the package>\\`. */
const homeCharacters = 90

const entryProblems = ({ target }: Naming, entries: readonly SizedEntry[]): readonly Problem[] => [
  ...windowsTreeProblems(entries, { id: 'msix', target, homeCharacters, longPaths: false }),
  ...entries
    .filter(({ path }) => takenNames.some(name => name.test(path)))
    .map(({ path }) =>
      problem('msix/taken-name', `${JSON.stringify(path)} has a name that an MSIX package needs for itself`, {
        hint: 'Rename it, or leave it out: the package makes its own pictures and its own index of them.',
        where: { target, file: path },
      }),
    ),
]

/** Payload, then what describes it: the block map holds all that stands before it. */
async function* entriesOf(subject: PackSubject, chosen: MsixOptions, files: AppxFile[]): AsyncGenerator<ZipEntry> {
  const { app, target, tree } = subject
  const executable = tree.executable
  if (!tree.entries.some(one => one.path === executable && one.type === 'file'))
    fail('msix/no-executable', `the app folder holds no ${executable}`, { hint: 'Name the program in app.bin.', where: { target } })
  const { pictures, index } = picturesOf(await iconOf(subject, chosen), identityOf(app, chosen))
  const manifest = new TextEncoder().encode(manifestOf({ app, target, options: chosen, executable }))
  const packing = { subject, level: chosen.level }
  const parts: readonly Part[] = [
    ...tree.entries.filter(one => one.type === 'file'),
    // Drawn when it is their turn, while other threads pack what stands before.
    ...pictures.map(({ path, bytes }) => madePart(path, bytes)),
    madePart('resources.pri', () => index),
    madePart('AppxManifest.xml', () => manifest),
  ]
  yield* packParts(parts, { ...packing, files })
  const types = appxContentTypes(files.map(one => one.path))
  const map = appxBlockMap(files)
  const rest = [madePart('AppxBlockMap.xml', () => map), madePart('[Content_Types].xml', () => types)]
  yield* packParts(rest, { ...packing, files: [] })
}

const madePart = (path: string, make: () => Uint8Array): Part => ({
  path,
  sizeBytes: 0,
  async *bytes() {
    yield make()
  },
})

const leastPixels = 256

const iconOf = async (subject: PackSubject, { icon }: MsixOptions): Promise<Image> => {
  const { app, target } = subject
  const path = icon ?? app.icon
  const where = { path: icon === undefined ? 'app.icon' : 'packages.msix.icon', target }
  const bytes = await iconBytes(subject, path)
  if (bytes === undefined)
    return fail('msix/no-icon', 'an MSIX package has no icon, and Windows takes none without', {
      hint: 'Name a PNG of at least 256 pixels, or an SVG, in app.icon.',
      where,
    })
  const image = iconImage({ bytes, path, from: where.path })
  if (image === 'svg') return drawn(subject, bytes, { path, where })
  if (image.width < leastPixels)
    return fail('msix/small-icon', `the icon ${JSON.stringify(path)} has ${image.width} pixels`, {
      hint: 'Name a PNG of at least 256 pixels, or an SVG: packages: { msix: { icon: … } }.',
      where,
    })
  return image
}

const drawn = async (
  { lend }: PackSubject,
  bytes: Uint8Array,
  { path, where }: { readonly path: string; readonly where: { readonly path: string; readonly target: string } },
): Promise<Image> => {
  if (lend === undefined)
    return fail('msix/no-tool', 'nobody lends rsvg-convert', { hint: 'This is a fault of Slipway; please report it.', exit: 'bug' })
  const image = await drawnSvg(lend, bytes, 1024)
  if (image.width !== image.height)
    return fail('msix/svg-icon', `the icon ${JSON.stringify(path)} is ${image.width} x ${image.height} when it is drawn`, {
      hint: 'An icon is square: give the SVG a square viewBox.',
      where,
    })
  return image
}

const problemsOf = ({ app, target }: Naming, chosen: MsixOptions): readonly Problem[] => {
  const where = (path: string) => ({ path, target })
  const problems: Problem[] = []
  const identity = identityOf(app, chosen)
  if (!identity.startsWith('TODO:') && !/^[A-Za-z0-9.-]{3,50}$/.test(identity))
    problems.push(
      problem('msix/bad-identity', `${identity === '' ? 'app.id is missing' : `${JSON.stringify(identity)} is no package identity`}`, {
        hint: 'Write 3 to 50 letters, digits, dots and hyphens, in app.id or packages.msix.identity.',
        where: where(chosen.identity === undefined ? 'app.id' : 'packages.msix.identity'),
      }),
    )
  if (
    !/^(CN|O|OU|L|S|C|E|STREET|SERIALNUMBER|OID\.[\d.]+)=[^=]+(, *(CN|O|OU|L|S|C|E|STREET|SERIALNUMBER|OID\.[\d.]+)=[^=]+)*$/.test(
      publisherOf(app, chosen),
    )
  )
    problems.push(
      problem('msix/bad-publisher', `${JSON.stringify(publisherOf(app, chosen))} is no subject of a certificate`, {
        hint: "Write it as the certificate says it: 'CN=Flet, C=CA'.",
        where: where('packages.msix.publisher'),
      }),
    )
  if (msixVersion(app.version) !== '' && chosen.prerelease === 'refuse' && /^[^+]*-/.test(app.version))
    problems.push(
      problem('msix/prerelease', `an MSIX package cannot hold the version ${app.version}: it has four numbers and no words`, {
        hint: `Set packages.msix.prerelease to "drop", which makes it ${msixVersion(app.version)}: Windows then takes no other release of that number for newer.`,
        where: where('app.version'),
      }),
    )
  if (msixVersion(app.version) === '')
    problems.push(
      problem('msix/bad-version', `${app.version} is no version of an MSIX package: it holds four numbers up to 65535`, {
        hint: 'Give the release a version with smaller numbers.',
        where: where('app.version'),
      }),
    )
  if (!/^10\.0\.\d{1,5}\.\d{1,5}$/.test(chosen.minimum))
    problems.push(
      problem('msix/bad-minimum', `${JSON.stringify(chosen.minimum)} is no version of Windows`, {
        hint: "Write it as '10.0.17763.0'.",
        where: where('packages.msix.minimum'),
      }),
    )
  if (!['x64', 'arm64', 'x86'].includes(msixArch(target)))
    problems.push(
      problem('msix/bad-target', `there is no MSIX package for ${target}`, {
        hint: 'Narrow packages.msix.targets to windows-x64, windows-arm64 and windows-x86.',
        where: where('packages.msix.targets'),
      }),
    )
  return problems
}
