// dmg: a disk image with the bundle and a link to Applications, whose window opens as it was drawn (HFS Plus in UDIF).
import { problem, sha256Text, SlipwayError, type Problem } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { hfsVolume, type HfsEntry } from '@slipway/formats/hfs/write'
import { writeUdif, zlibRuns } from '@slipway/formats/udif/write'
import { licenceResources } from './dmg/licence.ts'
import { dmgOptions as options, type DmgOptions } from './dmg/options.ts'
import { backgroundOf, windowFiles } from './dmg/window.ts'
import { packager, stem, type Naming, type PackSubject } from './packager.ts'

/** Facts: bundle, volume and its size. Codes: `dmg/bad-volume`, `dmg/same-name`, and those of dmg/. */
export const dmg = packager({
  id: 'dmg',
  title: 'macOS disk image',
  os: ['macos'],
  role: 'install',
  inside: 'app',
  with: ['app.zip'],
  options,
  ext: () => 'dmg',
  fileName: naming => `${stem(naming)}.dmg`,
  check: (naming, chosen) => problemsOf(naming, chosen),
  assets: (_naming, { background, licence }) => [
    ...(background === undefined ? [] : [{ path: background, from: 'packages.dmg.background' }]),
    ...(licence === undefined ? [] : [{ path: licence, from: 'packages.dmg.licence' }]),
  ],
  async *pack(subject, chosen) {
    const volumeName = volumeOf(subject, chosen)
    const volume = volumeFrom(subject, chosen, volumeName)
    yield* writeUdif(volume.bytes(), {
      sizeBytes: volume.sizeBytes,
      compression: zlibRuns(chosen.level),
      ...(chosen.licence === undefined ? {} : { resources: licenceResources(subject, chosen.licence) }),
    })
    return { bundle: bundleOf(subject), volume: volumeName, volumeBytes: volume.sizeBytes }
  },
})

/** Two names that differ in case or composition alone are one on a Mac. */
const sameName = (error: FormatError, { target }: PackSubject): SlipwayError =>
  new SlipwayError([
    problem('dmg/same-name', `the volume cannot hold both: ${error.message}`, { hint: 'Rename one of the two.', where: { target } }),
  ])

const bundleOf = ({ tree }: PackSubject): string => tree.executable.split('/')[0] ?? ''

const volumeFrom = (subject: PackSubject, chosen: DmgOptions, volumeName: string) => {
  const { tree, date } = subject
  const entries: HfsEntry[] = tree.entries.map(one => one)
  const background = backgroundOf(subject, chosen)
  const all = [...entries, { type: 'link' as const, path: 'Applications', linkTarget: '/Applications' }]
  const files = windowFiles(all, { subject, chosen, volumeName, bundle: bundleOf(subject), background })
  const icon = tree.entries.find(one => /^[^/]+\.app\/Contents\/Resources\/AppIcon\.icns$/.test(one.path))
  const volumeIcon = icon?.type === 'file' ? [{ ...icon, path: '.VolumeIcon.icns' }] : []
  try {
    return hfsVolume([...all, ...files, ...volumeIcon], {
      volumeName,
      mtime: date,
      // 0x0400: the volume has an icon of its own.
      rootFlags: volumeIcon.length > 0 ? 0x0400 : 0,
      volumeId: Uint8Array.from(sha256Text(`${volumeName}\0${date}`).match(/../g)?.slice(0, 8) ?? [], byte => Number.parseInt(byte, 16)),
    })
  } catch (error) {
    if (error instanceof FormatError && error.code === 'hfs/same-name') throw sameName(error, subject)
    throw error
  }
}

const problemsOf = ({ app }: Naming, chosen: DmgOptions): readonly Problem[] => {
  const name = volumeOf({ app }, chosen)
  if (name !== '' && name.length <= 255 && !/[/:\0-\x1f]/.test(name)) return []
  return [
    problem('dmg/bad-volume', `${JSON.stringify(name)} is no name of a volume`, {
      hint: 'Write 1 to 255 characters without slash and colon (HFS Plus, TN1150).',
      where: { path: 'packages.dmg.volume' },
    }),
  ]
}

const volumeOf = ({ app }: Pick<Naming, 'app'>, { volume }: DmgOptions): string =>
  volume ?? `${app.name} ${app.version}`.replaceAll(/[/:]/g, '-')
