// The one reader of the environment (CONTRACTS 12).
import { keepSecret } from '@slipway/core'
import type { Secrets } from './io.ts'

export const secrets: Secrets = {
  env: name => process.env[name],
  secret: name => {
    const value = process.env[name]
    // A CI passes a secret that it does not have as an empty text.
    if (value === undefined || value === '') return undefined
    keepSecret(value)
    return value
  },
  matching: pattern =>
    Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) => (value !== undefined && matches(pattern, name) ? [[name, value]] : [])),
    ),
}

/** `search` ignores the state that a global or sticky pattern keeps between calls. */
const matches = (pattern: RegExp, name: string): boolean => name.search(pattern) !== -1
