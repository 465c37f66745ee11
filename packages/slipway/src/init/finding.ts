// What a look at the repository finds: one finding a repository, whatever kind of project it is; compose.ts makes a config of it.
import type { Target } from '@slipway/core'
import { parseTarget, targets as knownTargets } from '@slipway/core'
import type { Draft, Line } from './draft.ts'

/** Keys of `app` that a finding may state. */
export type AppKey = 'name' | 'id' | 'bin' | 'version' | 'summary' | 'license' | 'publisher' | 'homepage' | 'icon' | 'category'
export interface Stated {
  readonly value: string
  /** File that says it. */
  readonly from: string
}
export interface Finding {
  readonly kind: 'tauri' | 'electron' | 'go' | 'cargo' | 'npm' | 'binaries' | 'none'
  /** What was found, in words, with the files that say so. */
  readonly title: string
  readonly desktop: boolean
  readonly app: Readonly<Partial<Record<AppKey, Stated>>>
  /** null: nothing says which, so `plan` asks. */
  readonly targets: { readonly list: readonly Target[] | null; readonly why: string; readonly more?: readonly string[] }
  /** Its targets stand in its own options, so that `targets` need not repeat them. */
  readonly buildNamesTargets?: boolean
  readonly build: Line
  /** Formats by id, also those that are not there yet. */
  readonly packages: { readonly ids: readonly string[]; readonly why: string }
  /** Options of the deb beside its maintainer. */
  readonly deb?: Draft
  readonly feeds?: readonly { readonly id: string; readonly why: string }[]
  readonly sign?: Line
  /** Where releases went so far: shown, not used, where that store is not there yet. */
  readonly places?: readonly { readonly store: string; readonly value: string; readonly from: string }[]
  /** The folder that other tools of this project write to and may empty: ours must be another. */
  readonly taken?: readonly string[]
  /** What was seen and could not be taken over. */
  readonly notes?: readonly string[]
}

export const stated = (value: string | undefined, from: string): Stated | undefined => (value === undefined ? undefined : { value, from })

/** Without the members that are undefined. */
export const statements = (members: Readonly<Partial<Record<AppKey, Stated | undefined>>>): Finding['app'] =>
  Object.fromEntries(Object.entries(members).filter(([, one]) => one !== undefined))

/** In the order of CONFIG 2, each once, only those that a config may name. */
export const sortedTargets = (list: readonly Target[]): readonly Target[] =>
  knownTargets.filter(target => target !== 'any' && list.includes(target))

export const osOf = (target: Target): string => parseTarget(target)?.os ?? ''

/** One argument of a command line (CONFIG 3, "Commands"); undefined where it cannot be one. Braces in it are placeholders. */
export const quoted = (text: string): string | undefined => {
  if (/^[A-Za-z0-9_@%+=:,./{}-]+$/.test(text)) return text
  return /['\p{Cc}]/u.test(text) || text === '' ? undefined : `'${text}'`
}
/** The same of a text that was found: braces in it would be placeholders that nobody meant. */
export const word = (text: string): string | undefined => (/[{}]/.test(text) ? undefined : quoted(text))

/** A path for a builder; undefined where braces would be placeholders, or nobody could have meant it. */
export const pathText = (text: string): string | undefined =>
  /[{}\\\p{Cc}]/u.test(text) || text.startsWith('/') || text.split('/').includes('..') ? undefined : text
