// Maintainer scripts: the user's own, and what systemd units and needed programs ask for (Debian Policy 6.5, 9.3.3).
import { fail } from '@slipway/core'
import type { Hooks } from '../linux/services.ts'
import type { Asset } from '../packager.ts'

export const scriptNames = ['preinst', 'postinst', 'prerm', 'postrm'] as const
export type ScriptName = (typeof scriptNames)[number]
/** Text that begins with `#!`, or the path of a file of the project. */
export type Scripts = { readonly [Name in ScriptName]?: string | undefined }

export const scriptAssets = (scripts: Scripts): readonly Asset[] =>
  scriptNames.flatMap(name => {
    const said = scripts[name]
    return said === undefined || isText(said) ? [] : [{ path: said, from: `packages.deb.scripts.${name}` }]
  })

/** Name -> text, each with a line end. Codes: `deb/bad-script`. */
export const scriptTexts = (
  scripts: Scripts,
  hooks: Hooks,
  read: (path: string) => Uint8Array | undefined,
): ReadonlyMap<ScriptName, string> => {
  const made: Readonly<Record<ScriptName, readonly string[]>> = {
    preinst: [],
    postinst: guarded('configure', hooks.afterInstall),
    prerm: guarded('remove', hooks.beforeRemove),
    postrm: hooks.afterRemove,
  }
  const texts = new Map<ScriptName, string>()
  for (const name of scriptNames) {
    const said = scripts[name]
    const text = said === undefined || isText(said) ? said : new TextDecoder().decode(read(said))
    const lines = made[name]
    if (text === undefined && lines.length === 0) continue
    texts.set(name, text === undefined ? ['#!/bin/sh', 'set -e', ...lines, ''].join('\n') : joined(text, { lines, name }))
  }
  return texts
}

const isText = (said: string): boolean => said.startsWith('#!') || said.includes('\n')

const guarded = (state: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`if [ "$1" = ${state} ]; then`, ...lines.map(line => `  ${line}`), 'fi']

/** Ours first: a script of the user may end with `exit`. */
const joined = (text: string, { lines, name }: { readonly lines: readonly string[]; readonly name: ScriptName }): string => {
  const [first = '', ...rest] = text.split('\n')
  if (!/^#! *\/\S+/.test(first)) badScript(name, 'does not begin with #! and an interpreter (Debian Policy 10.4)')
  if (text.includes('\r')) badScript(name, 'has line ends of Windows, which no interpreter is named with')
  if (lines.length > 0 && !/^#! *(\/usr)?\/bin\/(env )?(sh|bash|dash)\b/.test(first))
    badScript(name, 'is no shell script, and app.services or app.needs adds lines to it')
  return `${[first, ...lines, ...rest].join('\n').replace(/\n*$/, '')}\n`
}

const badScript = (name: ScriptName, what: string): never =>
  fail('deb/bad-script', `the ${name} of packages.deb ${what}`, {
    hint: "Begin it with '#!/bin/sh' and 'set -e'.",
    where: { path: `packages.deb.scripts.${name}` },
  })
