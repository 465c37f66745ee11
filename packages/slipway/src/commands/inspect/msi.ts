// Windows Installer packages and cabinets as inspect shows them: product, codes, tables, files and where they go, signature streams.
import { openFolder, readCab, type CabEntry, type CabListing } from '@slipway/formats/cab/read'
import { msiCabinets, msiPaths } from '@slipway/formats/msi/paths'
import { type Msi, readMsi } from '@slipway/formats/msi/read'
import type { MsiRow } from '@slipway/formats/msi/write'
import type { Source } from '@slipway/formats/bytes'
import { foundOf, looksLikeProgram, lookAt, type Seen, seenOf } from './look.ts'
import { type Entry, type Found, given, limits, modeText, type Subject } from './report.ts'

const fileMode = modeText(0o644)

export const readCabReport = async ({ source, digests }: Subject): Promise<Found> =>
  foundOf('cab', await filesIn(source, { digests, pathOf: ({ name }) => name.replaceAll('\\', '/') }))

export const readMsiReport = async ({ source, digests }: Subject): Promise<Found> => {
  const msi = await readMsi(source)
  const properties = new Map(rowsOf(msi, 'Property').map(row => [textOf(row['Property']), textOf(row['Value'])]))
  const paths = msiPaths(msi)
  const seen: Seen[] = []
  for (const cabinet of msiCabinets(msi)) seen.push(...(await filesIn(cabinet, { digests, pathOf: ({ name }) => paths.get(name) ?? name })))
  // Files of cabinets beside the package are listed by its table alone.
  const listed = new Set(seen.map(({ entry }) => entry.path))
  for (const row of rowsOf(msi, 'File')) {
    const path = paths.get(textOf(row['File'])) ?? textOf(row['File'])
    if (!listed.has(path)) seen.push(unlooked(entryOf(path, Number(row['FileSize'] ?? 0))))
  }
  return foundOf('msi', seen, {
    arch: archOf(msi),
    version: properties.get('ProductVersion') ?? null,
    signatures: msi.streams.some(one => one.name === '\u0005DigitalSignature') ? ['authenticode'] : [],
    facts: factsOf(msi, properties),
  })
}

const rowsOf = (msi: Msi, table: string): readonly MsiRow[] => msi.tables.get(table)?.rows ?? []
const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')

const factsOf = (msi: Msi, properties: ReadonlyMap<string, string>): Readonly<Record<string, unknown>> =>
  given({
    name: properties.get('ProductName'),
    publisher: properties.get('Manufacturer'),
    productCode: properties.get('ProductCode'),
    upgradeCode: properties.get('UpgradeCode'),
    packageCode: msi.summary['packageCode'],
    mode: properties.get('ALLUSERS') === '1' ? 'machine' : 'user',
    // 8: the package asks for no rights.
    elevates: (Number(msi.summary['sourceBits'] ?? 0) & 8) === 0,
    template: msi.summary['template'],
    summary: msi.summary,
    codePage: msi.codePage,
    features: rowsOf(msi, 'Feature').map(row => textOf(row['Feature'])),
    services: rowsOf(msi, 'ServiceInstall').map(row => textOf(row['Name'])),
    tables: Object.fromEntries([...msi.tables].map(([name, { rows }]) => [name, rows.length])),
    streams: Object.fromEntries(msi.streams.map(({ name, sizeBytes }) => [name, sizeBytes])),
  })

const archs: Readonly<Record<string, string>> = { x64: 'x64', AMD64: 'x64', Intel64: 'ia64', Arm64: 'arm64', Intel: 'x86', '': 'x86' }
const archOf = ({ summary }: Msi): string | null => archs[textOf(summary['template']).split(';')[0] ?? ''] ?? null

const entryOf = (path: string, sizeBytes: number): Entry => ({ path, type: 'file', mode: fileMode, sizeBytes })

const unlooked = (entry: Entry): Seen => (looksLikeProgram(entry) ? { entry, isUnlooked: true } : { entry })

interface Looking {
  readonly digests: boolean
  readonly pathOf: (file: CabEntry) => string
}

/** A cabinet is unpacked from its begin, as a tar is. */
const filesIn = async (source: Source, { digests, pathOf }: Looking): Promise<readonly Seen[]> => {
  const cab = await readCab(source)
  const bytes = cab.files.reduce((sum, one) => sum + one.sizeBytes, 0)
  if (cab.files.length > limits.limitEntries || bytes > limits.limitBytes || !isReadable(cab))
    return cab.files.map(file => unlooked(entryOf(pathOf(file), file.sizeBytes)))
  const seen: Seen[] = []
  for (const folder of cab.folders.keys())
    for await (const { file, bytes: content } of openFolder(source, cab, folder)) {
      const entry = entryOf(pathOf(file), file.sizeBytes)
      seen.push(seenOf(entry, await lookAt(content(), { sizeBytes: file.sizeBytes, digests })))
    }
  return seen
}

const isReadable = ({ folders, files }: CabListing): boolean =>
  folders.every(one => one.compression === 'none' || one.compression === 'mszip') && files.every(one => one.folder !== undefined)
