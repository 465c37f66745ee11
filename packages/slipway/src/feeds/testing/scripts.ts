// What an install script says of its channel, for tests: its facts, and the packages by running its own table in a shell.
import { execFileSync } from 'node:child_process'

export interface SaidByScript {
  readonly version: string
  readonly n: number
  readonly channel: string
  readonly urls: readonly string[]
}

export const readScript = (text: string): SaidByScript => {
  const facts = JSON.parse(/^# slipway (.*)$/.exec(text.split('\n')[1] ?? '')?.[1] ?? '') as Omit<SaidByScript, 'urls'>
  return { ...facts, urls: text.startsWith('#!') ? urlsOfShell(text) : urlsOfPower(text) }
}

/** All but the last line, which starts it; then its table for each case that it has. */
const urlsOfShell = (text: string): readonly string[] => {
  const cases = [...text.matchAll(/^ {4}'([a-z0-9-]+ [a-z.]+)'\)$/gm)].map(found => found[1] ?? '')
  const asked = cases.map(one => `package '${one}' && printf '%s\\n' "$url"`).join('\n')
  const input = `${text.slice(0, text.lastIndexOf('{ main'))}\nsettings\nversion=$own_version\n${asked}\ntrue\n`
  return execFileSync('/bin/sh', { input, encoding: 'utf8' }).split('\n').slice(0, -1)
}

/** Strings joined by +, with the version between them. */
const urlsOfPower = (text: string): readonly string[] => {
  const version = /^\$ownVersion = '(.*)'$/m.exec(text)?.[1] ?? ''
  const valueOf = (expression: string): string =>
    [...expression.matchAll(/'((?:[^']|'')*)'|\$version/g)]
      .map(([, word]) => (word === undefined ? version : word.replaceAll("''", "'")))
      .join('')
  const place = valueOf(/^function Get-Place\(\[string\]\$version\) \{ (.*) \}$/m.exec(text)?.[1] ?? '')
  return [...text.matchAll(/^ {4}Url = \(Get-Place \$version\) \+ \((.*)\)$/gm)].map(found => place + valueOf(found[1] ?? ''))
}
