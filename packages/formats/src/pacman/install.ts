// pacman: .INSTALL, the functions that are run at an installation (PKGBUILD(5), "INSTALL/UPGRADE/REMOVE SCRIPTING").

/** In the order of a package's life. pacman passes the new version, and the old one to upgrades. */
export const pacmanScriptKinds = ['pre_install', 'post_install', 'pre_upgrade', 'post_upgrade', 'pre_remove', 'post_remove'] as const
export type PacmanScriptKind = (typeof pacmanScriptKinds)[number]
export type PacmanScripts = Partial<Readonly<Record<PacmanScriptKind, string>>>

/** One function a script, of its text without the `#!` line: pacman reads the file into a shell of its own. */
export const pacmanInstall = (scripts: PacmanScripts): string =>
  pacmanScriptKinds
    .flatMap(kind => {
      const text = scripts[kind]
      if (text === undefined) return []
      const body = text.replace(/^#![^\n]*(?:\n|$)/, '').trimEnd()
      // A function without a command is no function.
      const isEmpty = body.split('\n').every(line => /^\s*(?:#.*)?$/.test(line))
      return [`${kind}() {\n${body}\n${isEmpty ? ':\n' : ''}}\n`]
    })
    .join('\n')

/** The functions of a .INSTALL, by the form in which they are commonly written; the text itself is for people. */
export const pacmanScriptKindsOf = (install: string): readonly PacmanScriptKind[] =>
  pacmanScriptKinds.filter(kind => new RegExp(`^\\s*(?:function\\s+)?${kind}\\s*(?:\\(\\s*\\)|\\{)`, 'm').test(install))
