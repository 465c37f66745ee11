// AppxManifest.xml of a desktop program (Windows app package manifest schema, foundation and uap of Windows 10).
import type { App, Target } from '@slipway/core'
import { parseTarget } from '@slipway/core'
import { xml } from '../linux/text.ts'
import { fourNumbers } from '../windows/version.ts'
import type { Naming } from '../packager.ts'
import type { MsixOptions } from './options.ts'

export interface ManifestSubject {
  readonly app: App
  readonly target: Target
  readonly options: MsixOptions
  /** In the package, with slashes. */
  readonly executable: string
}

export const identityOf = (app: App, { identity }: MsixOptions): string => identity ?? app.id
export const publisherOf = (app: App, { publisher }: MsixOptions): string =>
  publisher ??
  `CN=${nameOf(app)
    .replaceAll(/[,+="<>#;\\]/g, ' ')
    .trim()}`
export const msixVersion = (version: string): string => fourNumbers(version) ?? ''
/** By the four numbers alone: with the same ones Windows installs nothing over what is there. */
export const compareMsix = (before: Naming, after: Naming): number => {
  const [a, b] = [before, after].map(({ app }) => msixVersion(app.version).split('.').map(Number))
  return [0, 1, 2, 3].map(at => (a?.[at] ?? 0) - (b?.[at] ?? 0)).find(difference => difference !== 0) ?? 0
}
export const msixArch = (target: Target): string => parseTarget(target)?.arch ?? ''

const nameOf = ({ publisher, name }: App): string => publisher.replace(/ *<[^>]*>/, '') || name

export const manifestOf = ({ app, target, options, executable }: ManifestSubject): string =>
  [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10" xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10" xmlns:uap3="http://schemas.microsoft.com/appx/manifest/uap/windows10/3" xmlns:desktop="http://schemas.microsoft.com/appx/manifest/desktop/windows10" xmlns:rescap="http://schemas.microsoft.com/appx/manifest/foundation/windows10/restrictedcapabilities" IgnorableNamespaces="uap uap3 desktop rescap">`,
    `  <Identity Name="${xml(identityOf(app, options))}" Publisher="${xml(publisherOf(app, options))}" Version="${msixVersion(app.version)}" ProcessorArchitecture="${msixArch(target)}"/>`,
    '  <Properties>',
    `    <DisplayName>${xml(app.name)}</DisplayName>`,
    `    <PublisherDisplayName>${xml(nameOf(app))}</PublisherDisplayName>`,
    `    <Description>${xml(app.summary || app.name)}</Description>`,
    '    <Logo>Assets\\StoreLogo.png</Logo>',
    '  </Properties>',
    '  <Resources>',
    '    <Resource Language="en-us"/>',
    '  </Resources>',
    '  <Dependencies>',
    `    <TargetDeviceFamily Name="Windows.Desktop" MinVersion="${options.minimum}" MaxVersionTested="10.0.26100.0"/>`,
    '  </Dependencies>',
    '  <Capabilities>',
    '    <rescap:Capability Name="runFullTrust"/>',
    '  </Capabilities>',
    '  <Applications>',
    `    <Application Id="App" Executable="${xml(executable.replaceAll('/', '\\'))}" EntryPoint="Windows.FullTrustApplication">`,
    `      <uap:VisualElements DisplayName="${xml(app.name)}" Description="${xml(app.summary || app.name)}" BackgroundColor="${xml(options.background)}" Square150x150Logo="Assets\\Square150x150Logo.png" Square44x44Logo="Assets\\Square44x44Logo.png">`,
    '        <uap:DefaultTile Square71x71Logo="Assets\\Square71x71Logo.png" Wide310x150Logo="Assets\\Wide310x150Logo.png" Square310x310Logo="Assets\\Square310x310Logo.png"/>',
    '      </uap:VisualElements>',
    ...extensionsOf(app, options, executable),
    '    </Application>',
    '  </Applications>',
    '</Package>',
    '',
  ].join('\r\n')

const extensionsOf = (app: App, { alias }: MsixOptions, executable: string): readonly string[] => {
  const inside = [
    ...app.protocols.flatMap(scheme => [
      '        <uap:Extension Category="windows.protocol">',
      `          <uap:Protocol Name="${xml(scheme)}"/>`,
      '        </uap:Extension>',
    ]),
    ...app.opens
      .filter(one => one.extensions.length > 0)
      .flatMap((one, index) => [
        '        <uap:Extension Category="windows.fileTypeAssociation">',
        `          <uap:FileTypeAssociation Name="type${index}">`,
        `            <uap:SupportedFileTypes>${one.extensions.map(ending => `<uap:FileType>.${xml(ending)}</uap:FileType>`).join('')}</uap:SupportedFileTypes>`,
        '          </uap:FileTypeAssociation>',
        '        </uap:Extension>',
      ]),
    ...(alias
      ? [
          `        <uap3:Extension Category="windows.appExecutionAlias" Executable="${xml(executable.replaceAll('/', '\\'))}" EntryPoint="Windows.FullTrustApplication">`,
          `          <uap3:AppExecutionAlias><desktop:ExecutionAlias Alias="${xml(app.bin)}.exe"/></uap3:AppExecutionAlias>`,
          '        </uap3:Extension>',
        ]
      : []),
  ]
  return inside.length === 0 ? [] : ['      <Extensions>', ...inside, '      </Extensions>']
}
