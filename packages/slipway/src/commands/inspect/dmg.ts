// inspect for disk images: the partitions of UDIF, and what the HFS Plus volume in it holds, with the bundle among it.
import { isHfs, readHfs, type HfsFound } from '@slipway/formats/hfs/read'
import { readUdif } from '@slipway/formats/udif/read'
import type { UdifPartition } from '@slipway/formats/udif/read'
import { bundleFacts } from './bundle.ts'
import { foundOf, lookAround } from './look.ts'
import { given, limits, modeText } from './report.ts'
import type { Draft, Found, Subject } from './report.ts'

export const readDmgReport = async ({ source, digests, nowMs }: Subject): Promise<Found> => {
  const image = await readUdif(source)
  const facts = {
    partitions: image.partitions.map(({ name, sizeBytes, runs }) => `${name}, ${sizeBytes} bytes, ${compressionOf(runs)}`),
    licence: image.resources.includes('LPic') || undefined,
  }
  const signatures = image.isSigned ? ['codesign (image)'] : []
  for (const partition of image.partitions) {
    const volume = image.open(partition)
    if (!(await isHfs(volume))) continue
    const { volumeName, isCaseSensitive, entries, open, sourceOf } = await readHfs(volume, limits)
    const seen = await lookAround(
      entries.map(found => ({ entry: entryOf(found), open: () => open(found), within: use => use(sourceOf(found)) })),
      digests,
    )
    const byPath = new Map(entries.map(one => [one.path, one]))
    const opened = (path: string) => {
      const found = byPath.get(path)
      return found === undefined ? undefined : open(found)
    }
    const bundle = await bundleFacts({ seen, open: opened, nowMs })
    return foundOf('dmg', seen, {
      version: bundle.version ?? null,
      signatures,
      facts: given({ volume: volumeName, caseSensitive: isCaseSensitive || undefined, ...facts, ...bundle.facts }),
    })
  }
  return { format: 'dmg', arch: null, version: null, signatures, facts: given(facts), contents: [] }
}

const entryOf = ({ type, path, mode, sizeBytes, linkTarget }: HfsFound): Draft => ({
  path,
  type: type === 'link' ? 'symlink' : type,
  mode: modeText(mode),
  sizeBytes: type === 'file' ? sizeBytes : 0,
  ...(linkTarget === undefined ? {} : { linkTarget }),
})

const kinds: Readonly<Record<number, string>> = {
  0x80000004: 'adc',
  0x80000005: 'zlib',
  0x80000006: 'bzip2',
  0x80000007: 'lzfse',
  0x80000008: 'lzma',
}
const compressionOf = (runs: UdifPartition['runs']): string => {
  const packed = runs.find(one => one.kind in kinds)
  return packed === undefined ? 'none' : (kinds[packed.kind] ?? 'none')
}
