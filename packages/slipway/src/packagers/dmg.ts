// dmg: a disk image with the bundle and a link to Applications, whose window opens as it was drawn (HFS Plus in UDIF).
import { failAll, problem, sha256Text, type Problem } from '@slipway/core'
import { hfsVolume, type HfsEntry } from '@slipway/formats/hfs/write'
import { writeUdif } from '@slipway/formats/udif/write'
import { bundleOf, type Bundle } from './dmg/bundle.ts'
import { compressionName, compressionOf, compressionProblems } from './dmg/compression.ts'
import { licenceResources } from './dmg/licence.ts'
import { dmgOptions as options, type DmgOptions } from './dmg/options.ts'
import { backgroundOf, windowFiles } from './dmg/window.ts'
import { toldVersion } from './mac/version.ts'
import { packager, stem, type Naming, type PackSubject } from './packager.ts'

/** Facts: bundle, volume and its size, compression. Codes: `dmg/bad-volume`, and those of dmg/. */
export const dmg = packager({
  id: 'dmg',
  title: 'macOS disk image',
  os: ['macos'],
  role: 'install',
  inside: 'app',
  with: ['app.zip', 'app.tar.gz', 'pkg', 'app'],
  always: true,
  tells: toldVersion,
  options,
  ext: () => 'dmg',
  fileName: naming => `${stem(naming)}.dmg`,
  check: (naming, chosen) => problemsOf(naming, chosen),
  assets: (_naming, { background, licence }) => [
    ...(background === undefined ? [] : [{ path: background, from: 'packages.dmg.background' }]),
    ...(licence === undefined ? [] : [{ path: licence, from: 'packages.dmg.licence' }]),
  ],
  keeps: ({ app }) => ({ bundleId: app.id }),
  async *pack(subject, chosen) {
    const bundle = await bundleOf(subject)
    failAll(compressionProblems(chosen, bundle.minimum))
    const volumeName = volumeOf(subject, chosen)
    const volume = volumeFrom(subject, chosen, bundle)
    const compression = compressionName(chosen, bundle.minimum)
    yield* writeUdif(volume.bytes(), {
      sizeBytes: volume.sizeBytes,
      compression: compressionOf(compression, chosen, subject),
      // Packing LZMA takes some fifteen times the memory of a block.
      parallel: compression === 'lzma' ? 2 : 4,
      ...(chosen.licence === undefined ? {} : { resources: licenceResources(subject, chosen.licence) }),
    })
    return { bundle: bundle.name, volume: volumeName, volumeBytes: volume.sizeBytes, compression }
  },
})

const volumeFrom = (subject: PackSubject, chosen: DmgOptions, bundle: Bundle) => {
  const { tree, date } = subject
  const volumeName = volumeOf(subject, chosen)
  const entries: HfsEntry[] = tree.entries.map(one => one)
  const background = backgroundOf(subject, chosen)
  const all = [...entries, { type: 'link' as const, path: 'Applications', linkTarget: '/Applications' }]
  const volumeIcon = bundle.icon === undefined ? [] : [{ ...bundle.icon, path: '.VolumeIcon.icns' }]
  const others = volumeIcon.map(one => one.path)
  const files = windowFiles(all, { subject, chosen, volumeName, bundle: bundle.name, background, others })
  return hfsVolume([...all, ...files, ...volumeIcon], {
    volumeName,
    mtime: date,
    // 0x0400: the volume has an icon of its own.
    rootFlags: volumeIcon.length > 0 ? 0x0400 : 0,
    volumeId: Uint8Array.from(sha256Text(`${volumeName}\0${date}`).match(/../g)?.slice(0, 8) ?? [], byte => Number.parseInt(byte, 16)),
  })
}

const problemsOf = ({ app, insideOptions }: Naming, chosen: DmgOptions): readonly Problem[] => {
  const minimum = insideOptions?.['minimum']
  const old = compressionProblems(chosen, typeof minimum === 'string' ? minimum : '')
  const name = volumeOf({ app }, chosen)
  if (name !== '' && name.length <= 255 && !/[/:\0-\x1f]/.test(name)) return old
  return [
    ...old,
    problem('dmg/bad-volume', `${JSON.stringify(name)} is no name of a volume`, {
      hint: 'Write 1 to 255 characters without slash and colon (HFS Plus, TN1150).',
      where: { path: 'packages.dmg.volume' },
    }),
  ]
}

const volumeOf = ({ app }: Pick<Naming, 'app'>, { volume }: DmgOptions): string =>
  volume ?? `${app.name} ${app.version}`.replaceAll(/[/:]/g, '-')
