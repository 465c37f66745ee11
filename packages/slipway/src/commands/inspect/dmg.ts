// inspect for disk images: the partitions of UDIF, and what the HFS Plus volume in it holds, with the app's own Info.plist.
import { collect } from '@slipway/formats/bytes'
import { isHfs, readHfs, type HfsFound } from '@slipway/formats/hfs/read'
import { readPlist } from '@slipway/formats/plist/read'
import { isDict, plistText } from '@slipway/formats/plist/value'
import { readUdif } from '@slipway/formats/udif/read'
import type { UdifPartition } from '@slipway/formats/udif/read'
import { foundOf, lookAround } from './look.ts'
import { given, limits, modeText } from './report.ts'
import type { Draft, Found, Subject } from './report.ts'

const limitPlistBytes = 1 << 20

export const readDmgReport = async ({ source, digests }: Subject): Promise<Found> => {
  const image = await readUdif(source)
  const facts = {
    partitions: image.partitions.map(({ name, sizeBytes, runs }) => `${name}, ${sizeBytes} bytes, ${compressionOf(runs)}`),
    licence: image.resources.includes('LPic') || undefined,
  }
  const signatures = image.isSigned ? ['codesign'] : []
  for (const partition of image.partitions) {
    const volume = image.open(partition)
    if (!(await isHfs(volume))) continue
    const { volumeName, isCaseSensitive, entries, open } = await readHfs(volume, limits)
    const plist = entries.find(one => /^[^/]+\.app\/Contents\/Info\.plist$/.test(one.path))
    const app = plist === undefined ? undefined : await bundleFacts(open(plist))
    const seen = await lookAround(
      entries.map(found => ({ entry: entryOf(found), open: () => open(found) })),
      digests,
    )
    return {
      ...foundOf('dmg', seen, {
        version: app?.version ?? null,
        facts: given({ volume: volumeName, caseSensitive: isCaseSensitive || undefined, app, ...facts }),
      }),
      signatures,
    }
  }
  return { format: 'dmg', arch: null, version: null, signatures, facts: given(facts), contents: [] }
}

const bundleFacts = async (chunks: AsyncIterable<Uint8Array>) => {
  const plist = readPlist(await collect(chunks, limitPlistBytes))
  if (!isDict(plist)) return undefined
  return {
    id: plistText(plist, 'CFBundleIdentifier'),
    version: plistText(plist, 'CFBundleShortVersionString'),
    executable: plistText(plist, 'CFBundleExecutable'),
    minimum: plistText(plist, 'LSMinimumSystemVersion'),
  }
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
