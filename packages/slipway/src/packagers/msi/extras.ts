// msi: what stands beside the files: shortcuts, the search path and services, each a feature of its own or part of the main one.
import type { App, Service, Target } from '@slipway/core'
import type { MsiRow } from '@slipway/formats/msi/write'
import { windowsName } from '../windows/names.ts'
import { componentCode } from './codes.ts'
import { bitsOf, fromRegistry, keeper, type Layout } from './layout.ts'
import { installerNames } from './names.ts'
import { environmentRows, literal, ownRegistryRows, registrationRows, type OwnValues } from './registry.ts'

export interface ExtraSource {
  readonly app: App
  readonly target: Target
  readonly mode: 'user' | 'machine'
  readonly registryKey: string
  readonly productCode: string
  readonly layout: Layout
  readonly hasIcon: boolean
  /** Which features are on unless an administrator says otherwise. */
  readonly isOn: { readonly StartMenu: boolean; readonly Desktop: boolean; readonly Path: boolean }
  readonly own: OwnValues
}
export type Rows = Readonly<Record<string, readonly MsiRow[]>>

export const extraRows = (source: ExtraSource): Rows => {
  const { app, layout, mode } = source
  const place = { mode, component: 'Registration' }
  const services = installedServices(source)
  const own = ['Registration', ...features]
  const keepers = own.map(id => keeper(source, id))
  const open = registrationRows({
    app,
    root: mode === 'user' ? 1 : 2,
    key: app.id,
    program: layout.program.file,
    component: 'Registration',
  })
  return {
    Component: own.map(id => componentRow(source, id)),
    Registry: [...keepers, folderRow(source), ...open, ...ownRegistryRows(source.own, place)],
    AppSearch: [{ Property: 'OLDFOLDER', Signature_: 'OldFolder' }],
    RegLocator: [folderSearch(source)],
    Feature: featureRows(source),
    FeatureComponents: [
      ...[...layout.rows.Component.map(row => String(row['Component'] as string)), 'Registration'].map(id => ({
        Feature_: 'Main',
        Component_: id,
      })),
      ...features.map(id => ({ Feature_: id, Component_: id })),
    ],
    Directory: [systemFolder('ProgramMenuFolder'), systemFolder('DesktopFolder')],
    Shortcut: [shortcutRow(source, 'StartMenu', 'ProgramMenuFolder'), shortcutRow(source, 'Desktop', 'DesktopFolder')],
    Environment: [
      // = sets, - takes it away again, * is the machine's; [~] is what stood there.
      { Environment: 'Path', Name: mode === 'user' ? '=-PATH' : '=-*PATH', Value: `[~];[${layout.program.directory}]`, Component_: 'Path' },
      ...environmentRows(source.own, place),
    ],
    ServiceInstall: services.map((one, index) => serviceRow(source, one, index)),
    ServiceControl: services.map((one, index) => controlRow(source, one, index)),
  }
}

const folderName = 'Folder'

/** Where it was installed to, for the next version: whoever chose a folder once is not asked again. */
const folderRow = (source: ExtraSource): MsiRow => ({
  ...{ Registry: 'folder', ...folderPlace(source), Name: folderName },
  Value: '[INSTALLFOLDER]',
  Component_: 'Registration',
})

/** 2: the value as it stands; 16: in the part of the registry for 64 bits, where the component writes it. */
const folderSearch = (source: ExtraSource): MsiRow => ({
  ...{ Signature_: 'OldFolder', ...folderPlace(source), Name: folderName },
  Type: 2 + (bitsOf(source.target) === 0 ? 0 : 16),
})

const folderPlace = ({ mode, registryKey }: ExtraSource) => ({
  Root: mode === 'user' ? 1 : 2,
  Key: `Software\\${registryKey}\\Installer`,
})

const features = ['StartMenu', 'Desktop', 'Path'] as const
type Feature = (typeof features)[number]

const systemFolder = (id: string): MsiRow => ({ Directory: id, Directory_Parent: 'TARGETDIR', DefaultDir: '.' })

const componentRow = ({ layout, productCode, target }: ExtraSource, id: string): MsiRow => ({
  Component: id,
  // A path of the app folder has no colon.
  ComponentId: componentCode(productCode, `:${id}`),
  Directory_: id === 'StartMenu' ? 'ProgramMenuFolder' : id === 'Desktop' ? 'DesktopFolder' : layout.program.directory,
  Attributes: bitsOf(target) + fromRegistry,
  Condition: null,
  KeyPath: `k${id}`,
})

const titles: Readonly<Record<Feature, string>> = {
  StartMenu: 'Shortcut in the start menu',
  Desktop: 'Shortcut on the desktop',
  Path: 'Program on the search path',
}

const featureRows = ({ app, isOn }: ExtraSource): readonly MsiRow[] => [
  featureRow({
    Feature: 'Main',
    Title: cut(app.name, 64),
    Description: cut(app.summary, 255),
    Directory_: 'INSTALLFOLDER',
    Display: 1,
    Attributes: 16,
  }),
  // INSTALLLEVEL is 1: what has 2 is off until ADDLOCAL names it.
  ...features.map((id, index) =>
    featureRow({ Feature: id, Feature_Parent: 'Main', Title: titles[id], Display: 2 * index + 2, Level: isOn[id] ? 1 : 2 }),
  ),
]

const featureRow = (row: MsiRow): MsiRow => ({ Feature_Parent: null, Description: null, Level: 1, Directory_: null, Attributes: 0, ...row })

const shortcutRow = ({ app, layout, hasIcon }: ExtraSource, id: 'StartMenu' | 'Desktop', folder: string): MsiRow => {
  const name = cut(windowsName(app.name), 100)
  return {
    Shortcut: id,
    Directory_: folder,
    Name: installerNames([name]).get(name) ?? name,
    Component_: id,
    Target: `[#${layout.program.file}]`,
    Arguments: null,
    Description: cut(app.summary, 255),
    Icon_: hasIcon ? iconName : null,
    WkDir: layout.program.directory,
  }
}

export const iconName = 'App.ico'

/** Never half of a pair of units. */
const cut = (text: string, length: number): string => text.slice(0, length).replace(/[\ud800-\udbff]$/, '')

/** Those of the machine that are made of the app's own program; a systemd unit says nothing to Windows. */
const installedServices = ({ app, mode }: Pick<ExtraSource, 'app' | 'mode'>): readonly Service[] =>
  mode === 'user' ? [] : app.services.filter(one => !one.user && one.file === null)

/** For the facts: services of the app that this package does not install. */
export const leftServices = (source: Pick<ExtraSource, 'app' | 'mode'>): readonly string[] => {
  const installed = installedServices(source)
  return source.app.services.filter(one => !installed.includes(one)).map(one => one.name)
}

const serviceName = ({ name }: Service): string => literal(name.replace(/\.service$/, ''))

const serviceRow = ({ app, layout }: ExtraSource, service: Service, index: number): MsiRow => ({
  ServiceInstall: `service${index + 1}`,
  Name: serviceName(service),
  DisplayName: literal(service.summary || app.name),
  // A process of its own; started with Windows, or when asked for; what fails is logged and stops nothing.
  ServiceType: 16,
  StartType: service.enable ? 2 : 3,
  ErrorControl: 1,
  Arguments: service.run === '' ? null : literal(service.run),
  Component_: layout.program.component,
  Description: cut(service.summary || app.summary, 255),
})

const controlRow = ({ layout }: ExtraSource, service: Service, index: number): MsiRow => ({
  ServiceControl: `service${index + 1}`,
  Name: serviceName(service),
  // 1 starts it when installed; 2 and 32 stop it, 128 deletes it when removed.
  Event: (service.enable ? 1 : 0) + 2 + 32 + 128,
  // The installation does not wait for it, and so does not fail by it.
  Wait: 0,
  Component_: layout.program.component,
})
