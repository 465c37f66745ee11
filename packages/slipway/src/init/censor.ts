// What looks like a secret in other files is not copied into the config, nor into its comments: it would be committed twice (CONFIG 1.3).
import { looksLikeSecret } from '../config/secrets.ts'
import { draft, type Draft, type Value } from './draft.ts'

const asked = 'TODO: what was found here looks like a secret and is not repeated'
const left = 'Left out: it looks like a secret.'

export const withoutSecrets = ({ lines }: Draft): Draft =>
  draft(
    ...lines.map(line => ({
      comments: (line.comments ?? []).map(one => (holdsSecret(one) ? left : one)),
      ...(line.entry === undefined ? {} : { entry: [line.entry[0], censored(line.entry[1])] as const }),
    })),
  )

const censored = (value: Value): Value => {
  if (typeof value === 'string') return looksLikeSecret(value) ? asked : value
  if (typeof value !== 'object') return value
  return isList(value) ? value.filter(one => !looksLikeSecret(one)) : withoutSecrets(value)
}
const isList = (value: object): value is readonly string[] => Array.isArray(value)

/** Alone, in quotes or in a sentence. */
export const holdsSecret = (text: string): boolean => looksLikeSecret(text) || text.split(/[\s"'`()]+/).some(looksLikeSecret)
