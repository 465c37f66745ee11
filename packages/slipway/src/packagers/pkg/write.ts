// The files of a component in the archive: PackageInfo, bill of materials, payload and scripts.
import { writeBom, type BomEntry } from '@slipway/formats/bom/write'
import { encodeText } from '@slipway/formats/bytes'
import { cksumOf, cksumOfBytes } from '@slipway/formats/cksum'
import { odcGzParts, type OdcEntry } from '@slipway/formats/cpio-odc'
import { gzipOf } from '@slipway/formats/gzip'
import { spooledXarFile } from '@slipway/formats/xar/spool'
import type { XarFile, XarStored } from '@slipway/formats/xar/write'
import type { TreeEntry } from '../../tree.ts'
import { madeFile } from '../linux/installed.ts'
import type { PackSubject } from '../packager.ts'
import type { Component } from './components.ts'
import { packageInfoOf } from './distribution.ts'

interface Writing {
  readonly date: number
  readonly level: number
  readonly spool?: NonNullable<PackSubject['spool']>
}

export const componentFiles = async (component: Component, { date, level, spool }: Writing): Promise<readonly (XarFile | XarStored)[]> => {
  const { identifier, location, entries, scripts } = component
  const place = placeOf(location)
  const stored = (path: string, contents: Iterable<OdcEntry>): Promise<XarStored> =>
    spooledXarFile(`${identifier}.pkg/${path}`, gzipOf(odcGzParts(contents)), spool)
  const scriptFiles = Object.entries(scripts).map(([name, text]) => madeFile(name, text, { mode: 0o755 }))
  return [
    { path: `${identifier}.pkg/PackageInfo`, bytes: encodeText(packageInfoOf(component)) },
    { path: `${identifier}.pkg/Bom`, bytes: writeBom(await bomEntries(entries, place, date)) },
    await stored('Payload', odcEntries(entries, { place, date, level })),
    ...(scriptFiles.length === 0 ? [] : [await stored('Scripts', odcEntries(scriptFiles, { place: placeOf('/'), date, level }))]),
  ]
}

interface Place {
  readonly mode: number
  readonly gid: number
}

const adminGroup = 80

/** The folder that is installed into, as macOS has it: the Installer gives it the mode and the group that stand here. */
const placeOf = (location: string): Place => (location === '/Applications' ? { mode: 0o775, gid: adminGroup } : { mode: 0o755, gid: 0 })

// What `ls` shows of a link on a Mac.
const linkMode = 0o755

const odcEntries = function* (
  entries: readonly TreeEntry[],
  { place, date: mtime, level }: { readonly place: Place; readonly date: number; readonly level: number },
): Generator<OdcEntry> {
  yield { path: '.', type: 'folder', mode: place.mode, gid: place.gid, mtime, sizeBytes: 0 }
  for (const one of entries) {
    const path = `./${one.path}`
    if (one.type === 'file')
      yield { path, type: 'file', mode: one.mode, mtime, sizeBytes: one.sizeBytes, deflated: () => one.deflated(level) }
    else if (one.type === 'link') yield { path, type: 'symlink', mode: linkMode, mtime, sizeBytes: 0, linkTarget: one.linkTarget }
    else yield { path, type: 'folder', mode: one.mode, mtime, sizeBytes: 0 }
  }
}

const bomEntries = async (entries: readonly TreeEntry[], place: Place, mtime: number): Promise<readonly BomEntry[]> => {
  const owner = { uid: 0, gid: 0, mtime }
  const listed: BomEntry[] = [{ ...owner, path: '.', type: 'folder', mode: place.mode, gid: place.gid, sizeBytes: 0, checksum: 0 }]
  for (const one of entries) {
    const { path } = one
    if (one.type === 'file') listed.push({ ...owner, path, type: 'file', mode: one.mode, ...(await cksumOf(one.bytes())) })
    else if (one.type === 'folder') listed.push({ ...owner, path, type: 'folder', mode: one.mode, sizeBytes: 0, checksum: 0 })
    else {
      const target = encodeText(one.linkTarget)
      const { linkTarget } = one
      listed.push({ ...owner, path, type: 'symlink', mode: linkMode, sizeBytes: target.length, checksum: cksumOfBytes(target), linkTarget })
    }
  }
  return listed
}
