// Secrets are named, never held (CONFIG 3, "Secrets"): what looks like one is refused, and never shown.
import { problem, type Problem } from '@slipway/core'
import { schemesHere, unitsOf } from './kinds.ts'
import type { Plain, PlainObject } from './plain.ts'
import type { ConfigPath, Locator } from './position.ts'
import { isTodo } from './text.ts'

/** All schemes of references (CONFIG 3). */
export const schemes = [
  'env',
  'file',
  'command',
  'keychain',
  'pkcs11',
  'awskms',
  'gcpkms',
  'azurekms',
  'azuresigning',
  'hashivault',
  'ssh-agent',
] as const

/** Forms that only secrets have. */
const forms: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/,
  /untrusted comment:[^\n]*(secret|encrypted)[^\n]*key/i,
  // The same, as base64 of the whole file: what Tauri passes around.
  /\bdW50cnVzdGVkIGNvbW1lbnQ6[A-Za-z0-9+/=]{80,}/,
  /\bRWRTY0Iy[A-Za-z0-9+/=]{40,}/,
  /\bRWQAAEIy[A-Za-z0-9+/=]{60,}/,
  /\b(AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{30,}/,
  /\bgithub_pat_[A-Za-z0-9_]{30,}/,
  /\bglpat-[A-Za-z0-9_-]{20,}/,
  /\bnpm_[A-Za-z0-9]{30,}/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/,
  /\bsk_(live|test)_[A-Za-z0-9]{16,}/,
  /\bAIza[A-Za-z0-9_-]{35}/,
  /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{40,}/,
  // Credentials inside an address.
  /^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/i,
]

export const looksLikeSecret = (text: string): boolean => forms.some(form => form.test(text))

/** 32 and more characters of base64 or hex that no person wrote. */
const looksRandom = (text: string): boolean => {
  if (!/^[A-Za-z0-9+/_-]{32,}={0,2}$/.test(text)) return false
  const counts = new Map<string, number>()
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  const bits = [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0)
  return bits > 3 && /\d/.test(text)
}

/** Names of options and variables that hold a reference or a secret. */
const secretName = /(^|[._-])(password|passphrase|token|secret|key)$|[a-z](Password|Passphrase|Token|Secret|Key)$/
const variableName = /(PASSWORD|PASSPHRASE|TOKEN|SECRET|KEY)/i

export interface Secret {
  readonly path: ConfigPath
  readonly problem: Problem
}

/** Every text of the tree that looks like a secret, or stands where a reference belongs and is none. */
export const secretsIn = (tree: PlainObject, where: (path: ConfigPath) => ReturnType<Locator> | object): readonly Secret[] => {
  const found: Secret[] = []
  const visit = (value: Plain, path: ConfigPath): void => {
    if (typeof value === 'string') {
      const what = judge(value, path)
      const at = { path: path.join('.'), ...where(path) }
      if (what === 'secret') found.push({ path, problem: secretValue(at) })
      if (what === 'scheme') found.push({ path, problem: unknownScheme(value, at) })
    } else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value) as [string, Plain][]) visit(item, [...path, Array.isArray(value) ? Number(key) : key])
  }
  visit(tree, [])
  return found
}

const judge = (value: string, path: ConfigPath): 'secret' | 'scheme' | undefined => {
  if (looksLikeSecret(value)) return 'secret'
  if (isTodo(value)) return undefined
  if (path.includes('env') && variableName.test(String(path.at(-1)))) return looksRandom(value) ? 'secret' : undefined
  if (!isReferencePlace(path)) return undefined
  const scheme = /^([a-z][a-z0-9-]*):/.exec(value)?.[1]
  if (scheme === undefined) return 'secret'
  return schemesHere.includes(scheme) ? undefined : 'scheme'
}

/** `sign.*.password`, `store.*.token`, `sources.*.token`, `trust.release`; a signer's bare text where its main option is a reference. */
const isReferencePlace = (path: ConfigPath): boolean => {
  const own = path[0] === 'apps' ? path.slice(2) : path
  const [top, unit, option] = own.map(String)
  if (top === 'trust') return own.length === 2 && (unit === 'release' || unit === 'live')
  if (top === 'sources') return own.length === 3 && option === 'token'
  if (top !== 'sign' && top !== 'store') return false
  const known = [...unitsOf.sign, ...unitsOf.store].find(one => one.id === unit)
  const name = option ?? known?.main
  if (own.length > 3 || name === undefined || (own.length === 2 && typeof own[1] === 'number')) return false
  return (
    (secretName.test(name) && !/public/i.test(name)) ||
    Object.hasOwn((known as { readonly secrets?: object } | undefined)?.secrets ?? {}, name)
  )
}

const secretValue = (where: object): Problem =>
  problem('config/secret-value', 'A secret may stand here (not shown). The config only names secrets.', {
    hint: "Write 'env:NAME', 'file:PATH', 'keychain:…' or 'command:…', and revoke it if it was real.",
    where,
  })

const unknownScheme = (value: string, where: object): Problem => {
  const scheme = value.slice(0, value.indexOf(':'))
  const known = (schemes as readonly string[]).includes(scheme)
  return problem(
    'config/unknown-scheme',
    known ? `This version cannot read secrets from "${scheme}:".` : 'This reference has no scheme that Slipway knows.',
    {
      hint: `Write ${schemesHere.map(one => `'${one}:…'`).join(', ')}.`,
      where,
    },
  )
}
