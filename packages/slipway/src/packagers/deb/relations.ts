// Relations between Debian packages and triggers, as the config writes them (Debian Policy 7.1 and 7.8, deb-triggers(5)).
import { problem, type Problem } from '@slipway/core'

/** Codes: `deb/bad-relation`. */
export const badRelations = (id: string, relations: readonly string[]): readonly Problem[] =>
  relations.flatMap(relation => {
    const fault = faultOf(id, relation)
    if (fault === null) return []
    // explain: A relation of a Debian package (depends, recommends, built-using and so on) is not written as dpkg reads it.
    return problem('deb/bad-relation', `${JSON.stringify(relation)} ${fault}`, {
      hint: id === 'builtUsing' ? "Write it as 'golang-1.22 (= 1.22.5-1)'." : "Write it as 'libmpv1 | libmpv2 (>= 0.35)'.",
      where: { path: `packages.deb.${id}` },
    })
  })

const alternatives = new Set(['depends', 'preDepends', 'recommends', 'suggests', 'enhances'])

const faultOf = (id: string, relation: string): string | null => {
  const parts = relation.split('|').map(one => one.trim())
  if (!parts.every(one => relationPattern.test(one))) return 'is no relation between packages (Debian Policy 7.1)'
  if (parts.length > 1 && !alternatives.has(id)) return 'has alternatives, which only dependencies may have (Debian Policy 7.1)'
  const operators = parts.flatMap(one => /\((<<|<=|=|>=|>>) /.exec(one)?.[1] ?? [])
  if (id === 'provides' && operators.some(one => one !== '=')) return 'provides a range of versions; only = is allowed (Debian Policy 7.5)'
  if (id === 'builtUsing' && operators[0] !== '=') return 'does not say the exact version of the source package (Debian Policy 7.8)'
  return null
}

const version = '([0-9]+:)?[0-9][A-Za-z0-9.+~-]*'
const relationPattern = new RegExp(`^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?( \\((<<|<=|=|>=|>>) ${version}\\))?$`)

/** Code: `deb/bad-trigger`. */
export const badTriggers = (triggers: Readonly<Record<string, readonly string[] | undefined>>): readonly Problem[] =>
  Object.entries(triggers).flatMap(([kind, names]) =>
    (names ?? [])
      .filter(name => !(/^[!-~]+$/.test(name) && (name.startsWith('/') ? kind === 'interest' : true)))
      .map(name =>
        problem('deb/bad-trigger', `${JSON.stringify(name)} cannot be a trigger to ${kind} (deb-triggers(5))`, {
          hint: 'A trigger is one word, as ldconfig; paths such as /usr/share/icons can only be of interest.',
          where: { path: `packages.deb.triggers.${kind}` },
        }),
      ),
  )

/** The file `triggers`; empty without any. Nobody waits: an app that is not processed yet still runs. */
export const triggersText = (triggers: Readonly<Record<string, readonly string[] | undefined>>): string =>
  (['interest', 'activate'] as const).flatMap(kind => (triggers[kind] ?? []).map(name => `${kind}-noawait ${name}\n`)).join('')
