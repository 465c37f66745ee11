// asar as inspect shows it: the tree, what stands outside of it, and the hash that Electron checks.
import { createHash } from 'node:crypto'
import { type AsarFound, openAsarEntry, readAsar } from '@slipway/formats/asar'
import { collect } from '@slipway/formats/bytes'
import { insideOf } from '@slipway/formats/macho/fat'
import { foundOf, lookAround, type Openable } from './look.ts'
import { npmFacts } from './npm.ts'
import { type Found, given, limits, type Subject } from './report.ts'

const limitPackageBytes = 4 * 2 ** 20

export const readAsarReport = async ({ source, digests }: Subject): Promise<Found> => {
  const { entries, header } = await readAsar(source, { limitEntries: limits.limitEntries })
  const openable = (found: AsarFound): Openable => {
    const { path, sizeBytes, isExecutable, isUnpacked, linkTarget, sha256, offset } = found
    const entry = {
      path,
      // What stands outside is listed, and cannot be looked into.
      type: found.type === 'file' && offset === undefined ? ('other' as const) : found.type,
      mode: found.type === 'folder' || isExecutable ? '0755' : '0644',
      sizeBytes,
      ...(sha256 === undefined || isUnpacked ? {} : { sha256 }),
      ...(linkTarget === undefined ? {} : { linkTarget }),
    }
    const readable = { entry, open: () => openAsarEntry(source, found) }
    return offset === undefined ? readable : { ...readable, within: use => use(insideOf(source, offset, sizeBytes)) }
  }
  const files = entries.filter(entry => entry.type === 'file')
  const manifest = files.find(
    ({ path, offset, sizeBytes }) => path === 'package.json' && offset !== undefined && sizeBytes <= limitPackageBytes,
  )
  const text = manifest === undefined ? '{}' : new TextDecoder().decode(await collect(openAsarEntry(source, manifest), limitPackageBytes))
  const known = npmFacts(text)
  return foundOf('asar', await lookAround(entries.map(openable), digests), {
    version: known?.version ?? null,
    facts: given({
      name: known?.facts?.['name'],
      headerSha256: createHash('sha256').update(header).digest('hex'),
      integrity: `${files.filter(({ sha256 }) => sha256 !== undefined).length} of ${files.length} files`,
      unpacked: files.filter(({ isUnpacked }) => isUnpacked).map(({ path }) => path),
    }),
  })
}
