// How the blocks of a disk image are packed: what the oldest macOS that the app starts on can read (hdiutil(1), UDZO, ULFO and ULMO).
import { problem, type Problem } from '@slipway/core'
import { lzfseRuns, type UdifCompression, xzRuns, zlibRuns } from '@slipway/formats/udif/runs'
import type { PackSubject } from '../packager.ts'
import type { DmgOptions } from './options.ts'

type Compression = NonNullable<DmgOptions['compression']>

/** The first macOS that opens such an image. */
const systems: Readonly<Record<Compression, string>> = { zlib: '10.2', lzfse: '10.11', lzma: '10.15' }

/** Code: `dmg/old-system`. `minimum`: the oldest macOS of the app, '' where nobody says it. */
export const compressionProblems = ({ compression }: DmgOptions, minimum: string): readonly Problem[] => {
  if (compression === undefined || minimum === '' || !isOlder(minimum, systems[compression])) return []
  return [
    problem('dmg/old-system', `macOS ${minimum}, which the app starts on, cannot open a disk image of ${compression}`, {
      hint: `Write packages.dmg.compression: 'zlib', or let the app start on ${systems[compression]} and newer (packages.app.minimum).`,
      where: { path: 'packages.dmg.compression' },
    }),
  ]
}

/** The chosen one, else what opens fastest among those that `minimum` reads. */
export const compressionName = ({ compression }: DmgOptions, minimum: string): Compression =>
  compression ?? (minimum === '' || isOlder(minimum, systems.lzfse) ? 'zlib' : 'lzfse')

export const compressionOf = (name: Compression, { level }: DmgOptions, { deflate, lzfse }: PackSubject): UdifCompression => {
  if (name === 'lzma') return xzRuns(level)
  return name === 'lzfse' ? lzfseRuns(lzfse) : zlibRuns(level, deflate)
}

const isOlder = (version: string, other: string): boolean => {
  const [left = [], right = []] = [version, other].map(text => text.split('.').map(Number))
  const at = [0, 1, 2].find(part => (left[part] ?? 0) !== (right[part] ?? 0)) ?? 0
  return (left[at] ?? 0) < (right[at] ?? 0)
}
