// Scripts that run at an installation: the user's own, and the lines that units and needed programs ask for.
import type { Asset } from '../packager.ts'

/** Text that begins with `#!`, or the path of a file of the project. */
export type Scripts = Readonly<Record<string, string | undefined>>

export const scriptAssets = (scripts: Scripts, at: string): readonly Asset[] =>
  Object.entries(scripts).flatMap(([name, said]) =>
    said === undefined || isText(said) ? [] : [{ path: said, from: `${at}.scripts.${name}` }],
  )

/** Each that can be read, alone: all of its problems are its own. */
export const readableScripts = (scripts: Scripts, assets: ReadonlyMap<string, unknown>): readonly Scripts[] =>
  Object.entries(scripts).flatMap(([name, said]) => (said !== undefined && (isText(said) || assets.has(said)) ? [{ [name]: said }] : []))

export interface ScriptSource {
  readonly scripts: Scripts
  /** Script -> lines of ours. */
  readonly lines: Readonly<Record<string, readonly string[]>>
  readonly read: (path: string) => Uint8Array | undefined
  readonly refuse: (name: string, what: string) => never
}

/** Name -> text, each begun by `#!` and ended by a line end. */
export const scriptTexts = ({ scripts, lines, read, refuse }: ScriptSource): Readonly<Record<string, string>> => {
  const texts: Record<string, string> = {}
  for (const name of new Set([...Object.keys(scripts), ...Object.keys(lines)])) {
    const said = scripts[name]
    const ours = lines[name] ?? []
    const text = said === undefined || isText(said) ? said : new TextDecoder().decode(read(said))
    if (text === undefined && ours.length === 0) continue
    const [first = '', ...rest] = (text ?? '#!/bin/sh\n').split('\n')
    if (!/^#! *\/\S+/.test(first)) refuse(name, 'does not begin with #! and an interpreter')
    if (text?.includes('\r') === true) refuse(name, 'has line ends of Windows, which no interpreter is named with')
    if (ours.length > 0 && !isShell(first)) refuse(name, 'is no shell script, and app.services or app.needs adds lines to it')
    // Ours first: a script of the user may end with `exit`.
    texts[name] = `${[first, ...ours, ...rest].join('\n').replace(/\n*$/, '')}\n`
  }
  return texts
}

export const isShell = (firstLine: string): boolean => /^#! *(\/usr)?\/bin\/(env )?(sh|bash|dash|ash)\b/.test(firstLine)

const isText = (said: string): boolean => said.startsWith('#!') || said.includes('\n')
