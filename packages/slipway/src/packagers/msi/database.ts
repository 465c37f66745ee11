// msi: all tables of a package, and its summary, put together from what the app folder and the config say.
import { parseTarget, sha256, type App } from '@slipway/core'
import type { MsiRow } from '@slipway/formats/msi/write'
import { writeSummary } from '@slipway/formats/msi/summary'
import type { PackSubject } from '../packager.ts'
import { windowsName } from '../windows/names.ts'
import { msiVersion, packageCodeOf, productCodeOf, upgradeCodeOf } from './codes.ts'
import { extraRows, iconName, type Rows } from './extras.ts'
import { layoutOf, type Layout } from './layout.ts'
import type { MsiOptions } from './options.ts'
import { programFacts } from './program.ts'
import { literal } from './registry.ts'
import { actionRows, sequenceRows } from './sequences.ts'

export interface Database {
  readonly rows: Rows
  readonly summary: Uint8Array
  readonly layout: Layout
  readonly codes: Codes
}
export interface Codes {
  readonly productCode: string
  readonly upgradeCode: string
  readonly packageCode: string
  readonly version: string
}

export const cabinetName = 'app.cab'

export const databaseOf = async (subject: PackSubject, chosen: MsiOptions, icon: Uint8Array | null): Promise<Database> => {
  const { app, target, tree } = subject
  const { mode } = chosen
  const productCode = productCodeOf(app, { target, mode })
  const codes = { productCode, upgradeCode: upgradeCodeOf(app, chosen), version: msiVersion(app.version, chosen) ?? '' }
  const registryKey = windowsName(app.id)
  const layout = await layoutOf({ tree, target, mode, name: app.name, registryKey, productCode })
  const isOn = { StartMenu: true, Desktop: chosen.desktop, Path: chosen.path ?? (await hasNoWindow(subject)) }
  const extra = extraRows({ app, target, mode, registryKey, productCode, layout, hasIcon: icon !== null, isOn, own: chosen })
  const tables = merged([
    layout.rows,
    extra,
    {
      Property: propertyRows(subject, chosen, { ...codes, hasIcon: icon !== null }),
      Media: [{ DiskId: 1, LastSequence: layout.files.length, Cabinet: `#${cabinetName}` }],
      Upgrade: upgradeRows(codes),
      CustomAction: actionRows(`A newer version of ${literal(app.name)} is installed already.`),
      ...(icon === null ? {} : { Icon: [{ Name: iconName, Data: icon }] }),
    },
  ])
  const rows = merged([tables, sequenceRows(tables)])
  const packageCode = packageCodeOf(productCode, contentOf(rows, subject, chosen))
  return { rows, summary: summaryOf(subject, chosen, packageCode), layout, codes: { ...codes, packageCode } }
}

const merged = (parts: readonly Rows[]): Rows => {
  const all: Record<string, readonly MsiRow[]> = {}
  for (const part of parts) for (const [table, rows] of Object.entries(part)) all[table] = [...(all[table] ?? []), ...rows]
  return all
}

const hasNoWindow = async ({ tree }: PackSubject): Promise<boolean> => {
  const program = tree.entries.find(one => one.type === 'file' && one.path === tree.executable)
  return program?.type === 'file' && (await programFacts(program)).hasWindow === false
}

/** Publisher without the mail address. */
const makerOf = ({ publisher, name }: App): string => publisher.replace(/ *<[^>]*>/, '') || name

const propertyRows = (
  { app }: PackSubject,
  { mode }: MsiOptions,
  { productCode, upgradeCode, version, hasIcon }: Omit<Codes, 'packageCode'> & { readonly hasIcon: boolean },
): readonly MsiRow[] => {
  const properties = {
    ProductCode: productCode,
    ProductName: app.name,
    ProductVersion: version,
    ProductLanguage: '1033',
    Manufacturer: makerOf(app),
    UpgradeCode: upgradeCode,
    // Without it the package is the user's own.
    ALLUSERS: mode === 'machine' ? '1' : '',
    SecureCustomProperties: mode === 'machine' ? 'INSTALLFOLDER;NEWERFOUND;OLDERFOUND;OLDFOLDER' : 'NEWERFOUND;OLDERFOUND;OLDFOLDER',
    // A file of the release is installed whatever version lies there: a release may bring an older library.
    REINSTALLMODE: 'amus',
    ARPPRODUCTICON: hasIcon ? iconName : '',
    ARPHELPLINK: app.homepage,
    ARPURLINFOABOUT: app.homepage,
    ARPCOMMENTS: app.summary,
    ARPNOMODIFY: '1',
  }
  return Object.entries(properties)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ Property: name, Value: value }))
}

/** 1 keeps the user's choice of features, 256 and 512 include both ends; 2 only looks. */
const upgradeRows = ({ upgradeCode, version }: Omit<Codes, 'packageCode'>): readonly MsiRow[] => [
  { UpgradeCode: upgradeCode, VersionMin: '0.0.0', VersionMax: version, Attributes: 1 + 256 + 512, ActionProperty: 'OLDERFOUND' },
  { UpgradeCode: upgradeCode, VersionMin: version, VersionMax: null, Attributes: 2, ActionProperty: 'NEWERFOUND' },
]

/** Everything that the bytes of the package follow from. */
const contentOf = (rows: Rows, { tree, date }: PackSubject, chosen: MsiOptions): string =>
  JSON.stringify(
    [date, chosen, tree.entries.map(one => (one.type === 'file' ? [one.path, one.sha256] : one.path)), rows],
    (_key, value: unknown) => (value instanceof Uint8Array ? sha256(value) : value),
  )

const architectures: Readonly<Record<string, string>> = { x64: 'x64', arm64: 'Arm64', x86: 'Intel' }

const summaryOf = ({ app, target, date }: PackSubject, { mode }: MsiOptions, packageCode: string): Uint8Array => {
  const arch = parseTarget(target)?.arch ?? 'x64'
  return writeSummary({
    title: 'Installation Database',
    subject: `${app.name} ${app.version}`,
    author: makerOf(app),
    keywords: 'Installer',
    comments: app.summary,
    template: `${architectures[arch] ?? 'x64'};1033`,
    packageCode,
    date,
    // Windows Installer 5.0 is the first with Arm64.
    schema: arch === 'arm64' ? 500 : 200,
    sourceBits: mode === 'user' ? 2 + 8 : 2,
    program: 'Slipway',
  })
}
