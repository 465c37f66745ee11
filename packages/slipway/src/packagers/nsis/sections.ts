// The two sections of an installer: what it does, and what its uninstaller takes away again (NSIS manual 4.6).
import type { App, Target } from '@slipway/core'
import type { FileTree } from '../../tree.ts'
import { windowsName } from '../windows/names.ts'
import type { Language } from './languages.ts'
import { registerLines, uninstallKey, unregisterLines, type RegistrySource } from './registry.ts'
import { below, escaped } from './text.ts'

export interface ScriptSource {
  readonly app: App
  readonly target: Target
  readonly tree: FileTree
  readonly mode: 'user' | 'machine' | 'choice'
  readonly languages: readonly Language[]
  readonly choosesFolder: boolean
  readonly hasDesktop: boolean
  readonly running: 'close' | 'refuse'
  readonly compression: 'lzma' | 'bzip2' | 'zlib'
  readonly icon: string | null
  readonly licence: string | null
  /** Where the uninstaller is copied to, or from, while it is put together. */
  readonly uninstaller: { readonly copy: 'out' | 'in'; readonly file: string } | null
}

/**
 * The file of an entry in the folder of makensis: names of others never reach its file system. It reads all of a folder for each
 * file in it, so each has few.
 */
export const packedName = (index: number): string => `files/${index >> 6}/${index}`

/** Exit code when the installed version cannot be removed. */
const notRemovedExitCode = 5

export const installSection = (source: ScriptSource, registry: RegistrySource): readonly string[] => {
  const { app, tree, hasDesktop, mode, uninstaller } = source
  const link = windowsName(app.name)
  const program = `"$INSTDIR\\${escaped(registry.program)}"`
  const modeSwitch = mode === 'choice' ? '/$MultiUser.InstallMode ' : ''
  return [
    'Section',
    'Call waitForEnd',
    `ReadRegStr $previous SHCTX ${uninstallKey(registry.key)} "InstallLocation"`,
    'StrCpy $onDesktop 1',
    'StrCmp $previous "" fresh',
    // A shortcut that the user threw away stays away.
    `IfFileExists ${below('$DESKTOP', `${link}.lnk`)} +2`,
    'StrCpy $onDesktop 0',
    'IfFileExists "$previous\\uninstall.exe" 0 fresh',
    'ClearErrors',
    // It stays in its folder and ends when it is done, so that it can be waited for.
    `ExecWait '"$previous\\uninstall.exe" /S ${modeSwitch}--updated _?=$previous' $0`,
    'IfErrors failed',
    'StrCmp $0 0 removed',
    'failed:',
    'MessageBox MB_OK|MB_ICONSTOP "$(notRemoved)" /SD IDOK',
    `SetErrorLevel ${notRemovedExitCode}`,
    'Quit',
    'removed:',
    'Delete "$previous\\uninstall.exe"',
    'RMDir "$previous"',
    'fresh:',
    ...(uninstaller?.copy === 'out' ? [] : fileLines(tree)),
    'SetOutPath "$INSTDIR"',
    'WriteUninstaller "$INSTDIR\\uninstall.exe"',
    ...registerLines(registry),
    `CreateShortcut ${below('$SMPROGRAMS', `${link}.lnk`)} ${program}`,
    ...(hasDesktop ? ['StrCmp $onDesktop 1 0 +2', `CreateShortcut ${below('$DESKTOP', `${link}.lnk`)} ${program}`] : []),
    'IfSilent 0 done',
    'StrCmp $forced 1 0 done',
    'Call start',
    'done:',
    'SectionEnd',
  ]
}

const fileLines = ({ entries }: FileTree): readonly string[] => {
  const lines: string[] = []
  let folder: string | undefined
  entries.forEach((one, index) => {
    const steps = one.path.split('/')
    const name = steps.at(-1) ?? ''
    const home = one.type === 'folder' ? one.path : steps.slice(0, -1).join('/')
    if (home !== folder) lines.push(`SetOutPath ${home === '' ? '"$INSTDIR"' : below('$INSTDIR', home)}`)
    folder = home
    if (one.type === 'file') lines.push(`File "/oname=${escaped(name)}" "${packedName(index)}"`)
  })
  return lines
}

/** Only what the installer brought is removed; what the user put beside it stays. */
export const uninstallSection = ({ app, tree }: ScriptSource, registry: RegistrySource): readonly string[] => {
  const link = windowsName(app.name)
  const files = tree.entries.flatMap(({ type, path }) => (type === 'file' && path !== tree.executable ? [path] : []))
  return [
    'Section Uninstall',
    'Call un.waitForEnd',
    'SetOutPath "$TEMP"',
    // The program first: where it cannot go, the rest stays too.
    'ClearErrors',
    `Delete ${below('$INSTDIR', tree.executable)}`,
    'IfErrors 0 +3',
    `SetErrorLevel ${notRemovedExitCode}`,
    'Quit',
    ...files.map(path => `Delete ${below('$INSTDIR', path)}`),
    ...foldersOf(tree).map(path => `RMDir ${below('$INSTDIR', path)}`),
    ...unregisterLines(registry),
    'StrCmp $updated 1 kept',
    `Delete ${below('$SMPROGRAMS', `${link}.lnk`)}`,
    `Delete ${below('$DESKTOP', `${link}.lnk`)}`,
    `DeleteRegKey SHCTX ${uninstallKey(registry.key)}`,
    'Delete "$INSTDIR\\uninstall.exe"',
    'RMDir "$INSTDIR"',
    'kept:',
    'SectionEnd',
  ]
}

/** Every folder of the tree, the deepest first. */
const foldersOf = ({ entries }: FileTree): readonly string[] => {
  const folders = new Set<string>()
  for (const { type, path } of entries) {
    const steps = path.split('/')
    for (let at = 1; at < steps.length + (type === 'folder' ? 1 : 0); at++) folders.add(steps.slice(0, at).join('/'))
  }
  return [...folders].sort().reverse()
}
