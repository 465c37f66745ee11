// Whether the program runs, without plugins: Windows opens no file for writing that it runs from (NSIS manual 4.9.5).
import { escaped } from './text.ts'

/** The exit code of installer and uninstaller when the program did not end. */
const runningExitCode = 4

/**
 * A function that returns when nothing runs from `$INSTDIR` any more, and quits otherwise. An updater starts the installer while its
 * app is ending, so a silent one waits five seconds before it does anything.
 */
export const runningFunction = (prefix: '' | 'un.', program: string, policy: 'close' | 'refuse'): readonly string[] => {
  const file = `"$INSTDIR\\${escaped(program)}"`
  const name = escaped(program.split('\\').at(-1) ?? program)
  const kill = (force: string): readonly string[] => [`nsExec::Exec '"$SYSDIR\\taskkill.exe" ${force}/IM "${name}"'`, 'Pop $0']
  return [
    `Function ${prefix}waitForEnd`,
    'StrCpy $1 0',
    'again:',
    `IfFileExists ${file} 0 free`,
    'ClearErrors',
    `FileOpen $0 ${file} a`,
    'IfErrors taken',
    'FileClose $0',
    'free:',
    'Return',
    'taken:',
    'IntOp $1 $1 + 1',
    ...(policy === 'close'
      ? [
          'StrCmp $1 1 0 asked',
          'IfSilent asked',
          'MessageBox MB_OKCANCEL|MB_ICONEXCLAMATION "$(running)" IDOK close',
          `SetErrorLevel ${runningExitCode}`,
          'Quit',
          'asked:',
          'IntCmp $1 10 close tired force',
          'force:',
          'IntCmp $1 20 0 tired ask',
          ...kill('/F '),
          'Goto tired',
          'close:',
          ...kill(''),
          'StrCpy $1 10',
        ]
      : ['IntCmp $1 10 ask tired ask']),
    'tired:',
    'Sleep 500',
    'Goto again',
    'ask:',
    'MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(stillRunning)" /SD IDCANCEL IDRETRY retry',
    `SetErrorLevel ${runningExitCode}`,
    'Quit',
    'retry:',
    'StrCpy $1 0',
    'Goto again',
    'FunctionEnd',
  ]
}
