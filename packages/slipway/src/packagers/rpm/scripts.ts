// Scripts and triggers of an rpm: the user's own, and what systemd units and needed programs ask for (rpm's scriptlet manual).
import { fail } from '@slipway/core'
import type { RpmJob, RpmScript, RpmTrigger } from '@slipway/formats/rpm/index'
import { parseRelation } from '@slipway/formats/rpm/index'
import { readableScripts, scriptAssets, scriptTexts, type Scripts } from '../linux/scripts.ts'
import type { Hooks } from '../linux/services.ts'
import type { Asset } from '../packager.ts'

export const scriptKinds = ['pretrans', 'pre', 'post', 'preun', 'postun', 'posttrans', 'verify'] as const

export interface RpmScripting {
  readonly scripts?: Scripts | undefined
  readonly triggers?: readonly SaidTrigger[] | undefined
}
interface SaidTrigger {
  readonly when: RpmTrigger['when']
  readonly on: readonly string[]
  readonly script: string
}
type Read = (path: string) => Uint8Array | undefined

const at = 'packages.rpm'
const triggerScripts = (triggers: readonly SaidTrigger[]): Scripts =>
  Object.fromEntries(triggers.map((one, index) => [`trigger ${index + 1}`, one.script]))

export const rpmScriptAssets = ({ scripts = {}, triggers = [] }: RpmScripting): readonly Asset[] => [
  ...scriptAssets(scripts, at),
  ...scriptAssets(triggerScripts(triggers), at).map(one => ({ ...one, from: `${at}.triggers` })),
]

/** Each that can be read, alone. */
export const readableRpmScripts = (
  { scripts = {}, triggers = [] }: RpmScripting,
  assets: ReadonlyMap<string, unknown>,
): readonly RpmScripting[] => [
  ...readableScripts(scripts, assets).map(one => ({ scripts: one })),
  ...triggers.flatMap(one => (readableScripts({ script: one.script }, assets).length > 0 ? [{ triggers: [one] }] : [])),
]

/** The first argument is how many versions there are afterwards: 0 is a removal. Code: `rpm/illegal-script`. */
export const rpmScripts = (
  { scripts = {}, triggers = [] }: RpmScripting,
  hooks: Hooks,
  read: Read,
): Pick<RpmJob, 'scripts' | 'triggers'> => {
  const { afterInstall, beforeRemove, afterRemove } = hooks
  const preun = beforeRemove.length === 0 ? [] : ['if [ "$1" = 0 ]; then', ...beforeRemove.map(line => `  ${line}`), 'fi']
  const made = textsOf(scripts, { lines: { post: afterInstall, preun, postun: afterRemove }, read })
  const triggered = textsOf(triggerScripts(triggers), { lines: {}, read })
  return {
    scripts: Object.fromEntries(Object.entries(made).map(([kind, text]) => [kind, scriptOf(text)])),
    triggers: triggers.map(({ when, on }, index) => {
      const name = `trigger ${index + 1}`
      const { text, program = [] } = scriptOf(triggered[name] ?? '')
      const [first = '/bin/sh', ...more] = program
      if (more.length > 0) illegal(name, 'has an interpreter with arguments, which rpm gives to no trigger')
      return { when, on: on.map(one => parseRelation(one)), text, program: first }
    }),
  }
}

interface Making {
  readonly lines: Readonly<Record<string, readonly string[]>>
  readonly read: Read
}

const textsOf = (scripts: Scripts, { lines, read }: Making): Readonly<Record<string, string>> => {
  // rpm's own interpreter, the only one that is there before a system is installed.
  const lua = Object.entries(scripts).flatMap(([name, said = '']) => {
    const text = said.startsWith(luaMark) ? said : new TextDecoder().decode(read(said))
    if (text.startsWith(luaMark) && (lines[name] ?? []).length > 0)
      illegal(name, 'is in Lua, and app.services or app.needs adds lines to it')
    return text.startsWith(luaMark) ? [[name, text] as const] : []
  })
  const inLua = Object.fromEntries(lua)
  const others = Object.fromEntries(Object.entries(scripts).filter(([name]) => inLua[name] === undefined))
  return { ...scriptTexts({ scripts: others, lines, read, refuse: illegal }), ...inLua }
}

const luaMark = '#!<lua>'

/** rpm keeps the interpreter apart from the text. */
const scriptOf = (text: string): RpmScript => {
  const end = text.indexOf('\n')
  const [first, rest] = end === -1 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)]
  return { program: first.slice(2).trim().split(/\s+/), text: rest }
}

const illegal = (name: string, what: string): never =>
  fail('rpm/illegal-script', `the ${name} of packages.rpm ${what}`, {
    hint: "Begin it with '#!/bin/sh' and 'set -e', or with '#!<lua>' for rpm's own Lua.",
    where: { path: name.startsWith('trigger') ? 'packages.rpm.triggers' : `packages.rpm.scripts.${name}` },
  })
