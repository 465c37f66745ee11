// What an installed app tells Windows: its entry among the programs, the file types and the addresses that it opens (Win32, "Application Registration").
import type { App } from '@slipway/core'
import { escaped, quoted } from './text.ts'

export interface RegistrySource {
  readonly app: App
  /** Key of the app among programs, and head of the names of its file types. */
  readonly key: string
  /** File of the program, with backslashes, below `$INSTDIR`. */
  readonly program: string
  /** Whole kibibytes. */
  readonly installedKib: number
  /** ` /AllUsers` and the like: what the uninstaller has to hear; a string of the script. */
  readonly modeSwitch: string
  readonly hasIcon: boolean
}

const uninstallHome = 'Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall'
export const uninstallKey = (key: string): string => quoted(`${uninstallHome}\\${key}`)

/** Publisher without the mail address. */
export const publisherName = ({ publisher }: App): string => publisher.replace(/ *<[^>]*>/, '')

/** Lines of a section. `unregisterLines` takes types and addresses away, `DeleteRegKey` of the key the rest. */
export const registerLines = (source: RegistrySource): readonly string[] => {
  const { app, key, installedKib, modeSwitch } = source
  const home = uninstallKey(key)
  const text = (name: string, value: string): string => `WriteRegStr SHCTX ${home} "${name}" ${value}`
  const count = (name: string, value: number): string => `WriteRegDWORD SHCTX ${home} "${name}" ${value}`
  const publisher = publisherName(app)
  return [
    text('DisplayName', quoted(app.name)),
    text('DisplayVersion', quoted(app.version)),
    ...(publisher === '' ? [] : [text('Publisher', quoted(publisher))]),
    ...(app.homepage === '' ? [] : [text('URLInfoAbout', quoted(app.homepage))]),
    text('DisplayIcon', source.hasIcon ? '"$INSTDIR\\uninstall.exe,0"' : `"$INSTDIR\\${escaped(source.program)},0"`),
    text('InstallLocation', '"$INSTDIR"'),
    text('UninstallString', `'"$INSTDIR\\uninstall.exe"${modeSwitch}'`),
    text('QuietUninstallString', `'"$INSTDIR\\uninstall.exe"${modeSwitch} /S'`),
    count('EstimatedSize', installedKib),
    count('NoModify', 1),
    count('NoRepair', 1),
    ...typesOf(source).flatMap(one => typeLines(source, one)),
    ...app.protocols.flatMap(scheme => protocolLines(source, scheme)),
    ...(hasTypes(app) ? [tellExplorer] : []),
  ]
}

/** The types and addresses, where they are still the app's own: another program may have taken one since. */
export const unregisterLines = (source: RegistrySource): readonly string[] => {
  const { app } = source
  return [
    ...typesOf(source).flatMap(({ id, extension }) => [
      `DeleteRegKey SHCTX ${classOf(id)}`,
      `DeleteRegValue SHCTX ${classOf(`.${extension}\\OpenWithProgids`)} ${quoted(id)}`,
      `ReadRegStr $0 SHCTX ${classOf(`.${extension}`)} ""`,
      `StrCmp $0 ${quoted(id)} 0 +3`,
      `DeleteRegValue SHCTX ${classOf(`.${extension}`)} ""`,
      `DeleteRegValue SHCTX ${classOf(`.${extension}`)} "Content Type"`,
      `DeleteRegKey /ifempty SHCTX ${classOf(`.${extension}\\OpenWithProgids`)}`,
      `DeleteRegKey /ifnosubkeys /ifnovalues SHCTX ${classOf(`.${extension}`)}`,
    ]),
    ...app.protocols.flatMap(scheme => [
      `ReadRegStr $0 SHCTX ${classOf(`${scheme}\\shell\\open\\command`)} ""`,
      `StrCmp $0 ${commandOf(source)} 0 +2`,
      `DeleteRegKey SHCTX ${classOf(scheme)}`,
    ]),
    ...(hasTypes(app) ? [tellExplorer] : []),
  ]
}

const hasTypes = ({ opens, protocols }: App): boolean => protocols.length > 0 || opens.some(one => one.extensions.length > 0)

// SHCNE_ASSOCCHANGED
const tellExplorer = `System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'`

interface OwnType {
  readonly id: string
  readonly extension: string
  readonly mime: string
  readonly name: string
}
const typesOf = ({ app, key }: RegistrySource): readonly OwnType[] =>
  app.opens.flatMap(({ type, name, extensions }) =>
    extensions.map(extension => ({
      id: `${key}.${extension}`,
      extension,
      mime: type,
      name: name === '' ? `${extension} (${app.name})` : name,
    })),
  )

const classOf = (name: string): string => quoted(`Software\\Classes\\${name}`)
const commandOf = ({ program }: RegistrySource): string => `'"$INSTDIR\\${escaped(program)}" "%1"'`
const iconOf = ({ program }: RegistrySource): string => `"$INSTDIR\\${escaped(program)},0"`

const typeLines = (source: RegistrySource, { id, extension, mime, name }: OwnType): readonly string[] => [
  `WriteRegStr SHCTX ${classOf(id)} "" ${quoted(name)}`,
  `WriteRegStr SHCTX ${classOf(`${id}\\DefaultIcon`)} "" ${iconOf(source)}`,
  `WriteRegStr SHCTX ${classOf(`${id}\\shell\\open\\command`)} "" ${commandOf(source)}`,
  `WriteRegStr SHCTX ${classOf(`.${extension}\\OpenWithProgids`)} ${quoted(id)} ""`,
  // A type that another program opens already stays so until the user says otherwise.
  `ReadRegStr $0 SHCTX ${classOf(`.${extension}`)} ""`,
  `StrCmp $0 "" 0 +3`,
  `WriteRegStr SHCTX ${classOf(`.${extension}`)} "" ${quoted(id)}`,
  `WriteRegStr SHCTX ${classOf(`.${extension}`)} "Content Type" ${quoted(mime)}`,
]

const protocolLines = (source: RegistrySource, scheme: string): readonly string[] => [
  `WriteRegStr SHCTX ${classOf(scheme)} "" ${quoted(`URL:${source.app.name}`)}`,
  `WriteRegStr SHCTX ${classOf(scheme)} "URL Protocol" ""`,
  `WriteRegStr SHCTX ${classOf(`${scheme}\\DefaultIcon`)} "" ${iconOf(source)}`,
  `WriteRegStr SHCTX ${classOf(`${scheme}\\shell\\open\\command`)} "" ${commandOf(source)}`,
]
