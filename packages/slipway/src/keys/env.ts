// env: a secret in an environment variable, as `env:NAME` (CONFIG 3).
import { fail } from '@slipway/core'
import { keySource } from './key.ts'

/** Codes: `env/missing`. */
export const env = keySource({
  id: 'env',
  title: 'An environment variable',
  present: async (name, io) => (io.secrets.env(name) ?? '') !== '',
  read: async (name, io) =>
    io.secrets.secret(name) ??
    fail('env/missing', `the environment variable ${name} is not set`, {
      hint: `Set ${name}; in CI, add it to the secrets of the job.`,
      exit: 'machine',
    }),
})
