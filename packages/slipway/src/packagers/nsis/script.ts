// The script that makensis compiles: pages, sections and functions of one installer (NSIS manual 3 and 4). Every text of others is escaped.
import { parseTarget, type App } from '@slipway/core'
import { fourNumbers } from '../windows/version.ts'
import { windowsName } from '../windows/names.ts'
import { languageLines } from './languages.ts'
import { publisherName, uninstallKey, type RegistrySource } from './registry.ts'
import { runningFunction } from './running.ts'
import { installSection, uninstallSection, type ScriptSource } from './sections.ts'
import { below, emptyDefine, escaped, quoted } from './text.ts'

export const installerFile = 'installer.exe'
/** Key of the app among the programs of Windows; must stay the same for all its versions. */
export const programKey = ({ id, bin }: App): string => (id === '' ? bin : id)

export const nsisScript = (source: ScriptSource): string => {
  const registry = registryOf(source)
  const lines = [
    ...head(source),
    ...versionLines(source),
    ...pages(source, registry),
    ...functions(source, registry),
    ...installSection(source, registry),
    ...uninstallSection(source, registry),
  ]
  // A byte order mark: the script is UTF-8 whatever the locale.
  return `\ufeff${lines.join('\n')}\n`
}

const registryOf = ({ app, tree, mode, icon }: ScriptSource): RegistrySource => ({
  app,
  key: programKey(app),
  program: tree.executable.replaceAll('/', '\\'),
  installedKib: Math.ceil(tree.entries.reduce((sum, one) => sum + (one.type === 'file' ? one.sizeBytes : 0), 0) / 1024),
  modeSwitch: mode === 'choice' ? ' /$MultiUser.InstallMode' : '',
  hasIcon: icon !== null,
})

/** There are no stubs for arm64: that of x64 runs there, and installs programs of arm64. */
const stubs: Readonly<Record<string, string>> = { x86: 'x86-unicode', x64: 'amd64-unicode', arm64: 'amd64-unicode' }
const levels = { user: 'user', machine: 'admin', choice: 'highest' } as const

const head = (source: ScriptSource): readonly string[] => {
  const { app, target, mode, uninstaller } = source
  const stub = stubs[parseTarget(target)?.arch ?? ''] ?? 'amd64-unicode'
  // Of a name with &, which marks a key otherwise, the second form is the one for menus.
  const name = quoted(app.name)
  return [
    emptyDefine,
    `Target ${stub}`,
    'ManifestDPIAware true',
    'ManifestDPIAwareness "PerMonitorV2,System"',
    'ManifestLongPathAware true',
    'ManifestSupportedOS all',
    `SetCompressor /SOLID /FINAL ${source.compression}`,
    // Else files had the time at which they were packed.
    'SetDateSave off',
    'CRCCheck force',
    'AllowSkipFiles off',
    `Name ${name} ${quoted(app.name.replaceAll('&', '&&'))}`,
    `OutFile "${installerFile}"`,
    `BrandingText ${quoted(`${app.name} ${app.version}`.replaceAll('&', '&&'))}`,
    ...(mode === 'choice' ? [] : [`RequestExecutionLevel ${levels[mode]}`]),
    ...(source.icon === null ? [] : [`!define MUI_ICON "${source.icon}"`, `!define MUI_UNICON "${source.icon}"`]),
    ...(uninstaller === null ? [] : [uninstallerLine(uninstaller)]),
    ...(mode === 'choice' ? multiUser(source) : []),
    '!include MUI2.nsh',
    '!include FileFunc.nsh',
    ...(mode === 'choice' ? ['!include MultiUser.nsh'] : []),
    'Var updated',
    'Var forced',
    'Var previous',
    'Var onDesktop',
  ]
}

/** The one line that starts a program of this machine: file names of ours, nothing of others in it. */
const uninstallerLine = ({ copy, file }: { readonly copy: 'out' | 'in'; readonly file: string }): string =>
  copy === 'out' ? `!uninstfinalize '/bin/cp "%1" ${file}'` : `!uninstfinalize '/bin/cp ${file} "%1"'`

const multiUser = ({ app, target }: ScriptSource): readonly string[] => [
  '!define MULTIUSER_MUI',
  '!define MULTIUSER_EXECUTIONLEVEL Highest',
  '!define MULTIUSER_INSTALLMODE_COMMANDLINE',
  '!define MULTIUSER_INSTALLMODE_DEFAULT_CURRENTUSER',
  `!define MULTIUSER_INSTALLMODE_INSTDIR ${quoted(windowsName(app.name))}`,
  `!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_KEY ${uninstallKey(programKey(app))}`,
  '!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_VALUENAME "InstallLocation"',
  // An update goes where the app is, whoever it was installed for.
  `!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_KEY ${uninstallKey(programKey(app))}`,
  '!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_VALUENAME "InstallLocation"',
  ...(target === 'windows-x86' ? [] : ['!define MULTIUSER_USE_PROGRAMFILES64']),
]

const versionLines = ({ app }: ScriptSource): readonly string[] => {
  const key = (name: string, value: string): string => `VIAddVersionKey /LANG=0 "${name}" ${quoted(value)}`
  const publisher = publisherName(app)
  return [
    `VIProductVersion "${fourNumbers(app.version) ?? '0.0.0.0'}"`,
    key('ProductName', app.name),
    key('ProductVersion', app.version),
    key('FileVersion', app.version),
    key('FileDescription', app.summary === '' ? app.name : app.summary),
    key('CompanyName', publisher),
    key('LegalCopyright', publisher),
  ]
}

const pages = ({ app, mode, licence, choosesFolder, languages }: ScriptSource, { program }: RegistrySource): readonly string[] => {
  const skipped = (page: string, ...defines: readonly string[]): readonly string[] => [
    '!define MUI_PAGE_CUSTOMFUNCTION_PRE skipWhenUpdated',
    ...defines,
    `!insertmacro ${page}`,
  ]
  return [
    '!define MUI_ABORTWARNING',
    ...skipped('MUI_PAGE_WELCOME'),
    ...(licence === null ? [] : skipped(`MUI_PAGE_LICENSE "${licence}"`)),
    ...(mode === 'choice' ? skipped('MULTIUSER_PAGE_INSTALLMODE') : []),
    ...(choosesFolder ? skipped('MUI_PAGE_DIRECTORY', '!define MUI_PAGE_CUSTOMFUNCTION_LEAVE ownFolder') : []),
    '!insertmacro MUI_PAGE_INSTFILES',
    '!define MUI_FINISHPAGE_RUN',
    '!define MUI_FINISHPAGE_RUN_FUNCTION start',
    '!insertmacro MUI_PAGE_FINISH',
    '!insertmacro MUI_UNPAGE_CONFIRM',
    '!insertmacro MUI_UNPAGE_INSTFILES',
    ...languageLines(languages, app.name),
    'Function skipWhenUpdated',
    'StrCmp $updated 1 0 +2',
    'Abort',
    'FunctionEnd',
    'Function start',
    // Explorer runs as the user, also where the installer runs as an administrator.
    ...(mode === 'user'
      ? [`SetOutPath "$INSTDIR"`, `Exec '"$INSTDIR\\${escaped(program)}"'`]
      : [`Exec '"$WINDIR\\explorer.exe" "$INSTDIR\\${escaped(program)}"'`]),
    'FunctionEnd',
  ]
}

const functions = (source: ScriptSource, { key, program }: RegistrySource): readonly string[] => {
  const { app, mode, target, running, choosesFolder } = source
  const folder = windowsName(app.name)
  const programs = target === 'windows-x86' ? '$PROGRAMFILES' : '$PROGRAMFILES64'
  const home = mode === 'user' ? '$LOCALAPPDATA\\Programs' : programs
  const context = (prefix: '' | 'UN'): readonly string[] =>
    mode === 'choice' ? [`!insertmacro MULTIUSER_${prefix}INIT`] : [`SetShellVarContext ${mode === 'user' ? 'current' : 'all'}`]
  const told = ['${GetParameters} $0', 'ClearErrors', '${GetOptions} $0 "--updated" $1', 'IfErrors +2', 'StrCpy $updated 1']
  return [
    'Function .onInit',
    ...context(''),
    ...told,
    'ClearErrors',
    '${GetOptions} $0 "--force-run" $1',
    'IfErrors +2',
    'StrCpy $forced 1',
    // What /D= says is there already.
    ...(mode === 'choice'
      ? []
      : [
          'StrCmp $INSTDIR "" 0 said',
          `ReadRegStr $INSTDIR SHCTX ${uninstallKey(key)} "InstallLocation"`,
          'StrCmp $INSTDIR "" 0 said',
          `StrCpy $INSTDIR ${below(home, folder)}`,
          'said:',
        ]),
    'FunctionEnd',
    'Function un.onInit',
    ...context('UN'),
    ...told,
    'FunctionEnd',
    ...(choosesFolder ? ownFolder(folder) : []),
    ...runningFunction('', program, running),
    ...runningFunction('un.', program, running),
  ]
}

/** A folder that holds other things already gets a folder of the app's own in it. */
const ownFolder = (folder: string): readonly string[] => [
  'Function ownFolder',
  'IfFileExists "$INSTDIR\\uninstall.exe" own',
  '${DirState} "$INSTDIR" $0',
  'StrCmp $0 1 0 own',
  `StrCpy $INSTDIR ${below('$INSTDIR', folder)}`,
  'own:',
  'FunctionEnd',
]
