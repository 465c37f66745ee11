// msix: a Windows app package, unsigned (signing is a signer's): a zip whose files can be checked block by block (MS-APPX).
import { fail, failAll, problem, type Problem } from '@slipway/core'
import { appxBlockMap, appxBlocks, appxContentTypes, appxPartName, type AppxFile, type AppxSums } from '@slipway/formats/appx'
import { resizeImage, writePng, type Image } from '@slipway/formats/png'
import { inMemory } from '@slipway/formats/squashfs/write'
import { writeZip, type ZipEntry } from '@slipway/formats/zip/write'
import { iconBytes, iconImage } from './linux/icons.ts'
import { identityOf, manifestOf, msixArch, msixVersion, publisherOf, tiles } from './msix/manifest.ts'
import { msixOptions as options, type MsixOptions } from './msix/options.ts'
import { packager, stem, type Naming, type PackSubject } from './packager.ts'
import { windowsTreeProblems } from './windows/names.ts'

/**
 * Facts: identity, publisher, version and architecture, as an .appinstaller names them. Codes: `msix/bad-identity`, `msix/bad-publisher`,
 * `msix/bad-version`, `msix/bad-minimum`, `msix/bad-target`, `msix/no-icon`, `msix/small-icon`, `msix/no-executable`, and those of windows/.
 */
export const msix = packager({
  id: 'msix',
  title: 'MSIX package',
  os: ['windows'],
  role: 'both',
  options,
  ext: () => 'msix',
  fileName: naming => `${stem(naming)}.msix`,
  check: (naming, chosen) => problemsOf(naming, chosen),
  assets: ({ app }, { icon }) => {
    const path = icon ?? app.icon
    return path === '' ? [] : [{ path, from: icon === undefined ? 'app.icon' : 'packages.msix.icon', optional: true }]
  },
  async *pack(subject, chosen) {
    failAll([
      ...problemsOf(subject, chosen),
      ...windowsTreeProblems(subject.tree, { target: subject.target, homeCharacters: 90, longPaths: false }),
    ])
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

/** Payload, then what describes it: the block map holds all that stands before it. */
async function* entriesOf(subject: PackSubject, chosen: MsixOptions, files: AppxFile[]): AsyncGenerator<ZipEntry> {
  const { app, target, tree } = subject
  const executable = tree.executable
  if (!tree.entries.some(one => one.path === executable && one.type === 'file'))
    fail('msix/no-executable', `the app folder holds no ${executable}`, { hint: 'Name the program in app.bin.', where: { target } })
  const packed = (path: string, bytes: () => AsyncIterable<Uint8Array>): Promise<ZipEntry> =>
    entryOf(subject, { path, bytes, level: chosen.level, files })
  for (const one of tree.entries) if (one.type === 'file') yield await packed(one.path, one.bytes)
  const image = await iconOf(subject, chosen)
  for (const [name, side] of Object.entries(tiles))
    yield await packed(`Assets/${name}.png`, () => once(writePng(resizeImage(image, { width: side, height: side }))))
  const manifest = new TextEncoder().encode(manifestOf({ app, target, options: chosen, executable }))
  yield await packed('AppxManifest.xml', () => once(manifest))
  const map = appxBlockMap(files)
  const types = appxContentTypes(files.map(one => one.path))
  const rest: AppxFile[] = []
  yield await entryOf(subject, { path: 'AppxBlockMap.xml', bytes: () => once(map), level: chosen.level, files: rest })
  yield await entryOf(subject, { path: '[Content_Types].xml', bytes: () => once(types), level: chosen.level, files: rest })
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

interface Payload {
  readonly path: string
  readonly bytes: () => AsyncIterable<Uint8Array>
  readonly level: number
  readonly files: AppxFile[]
}

/** A zip says sizes before bytes, so the blocks wait on disk. */
const entryOf = async ({ date, spool }: PackSubject, { path, bytes, level, files }: Payload): Promise<ZipEntry> => {
  let sums: AppxSums = { sizeBytes: 0, compressedBytes: 0, crc32: 0, blocks: [] }
  const blocks = async function* (): AsyncGenerator<Uint8Array> {
    sums = yield* appxBlocks(bytes(), level)
  }
  const open = await (spool ?? inMemory)(blocks())
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield* open()
  }
  files.push({ path, sizeBytes: sums.sizeBytes, blocks: sums.blocks })
  const name = path === '[Content_Types].xml' ? path : appxPartName(path)
  const { sizeBytes, compressedBytes, crc32 } = sums
  return { type: 'file', path: name, mode: 0o644, mtime: date, deflated: { sizeBytes, compressedBytes, crc32, chunks } }
}

const iconOf = async (subject: PackSubject, { icon }: MsixOptions): Promise<Image> => {
  const { app, target } = subject
  const path = icon ?? app.icon
  const from = icon === undefined ? 'app.icon' : 'packages.msix.icon'
  const bytes = await iconBytes(subject, path)
  if (bytes === undefined)
    return fail('msix/no-icon', 'an MSIX package has no icon, and Windows takes none without', {
      hint: 'Name a PNG of at least 256 pixels in app.icon.',
      where: { path: from, target },
    })
  const image = iconImage({ bytes, path, from })
  if (image === 'svg' || image.width < 256)
    return fail('msix/small-icon', `the icon ${JSON.stringify(path)} ${image === 'svg' ? 'is an SVG' : `has ${image.width} pixels`}`, {
      hint: 'Name a PNG of at least 256 pixels: packages: { msix: { icon: … } }.',
      where: { path: from, target },
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
