// The keys of a run: roles and signers from the keyring or from the config's own references, each opened once, when first asked for.
import { fail } from '@slipway/core'
import type { AppSettings } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import type { Key } from '../keys/key.ts'
import { openKeyring, openRoleKey, openSignerKey } from '../keys/keyring.ts'
import type { Keys } from './work.ts'
import { keysOfRole, readRoot } from './trust.ts'

interface KeysOf {
  readonly settings: AppSettings
  readonly ask?: (question: string, options?: { readonly hidden?: boolean }) => Promise<string>
}

export const openKeys = (io: Io, { settings, ask }: KeysOf): Keys => {
  const opened = new Map<string, Promise<unknown>>()
  const onceOf = <T>(name: string, open: () => Promise<T>): Promise<T> => {
    const known = opened.get(name) ?? open()
    opened.set(name, known)
    return known as Promise<T>
  }
  const ring = () => onceOf('ring', () => openKeyring(io, { path: settings.trust.keyring, ...(ask === undefined ? {} : { ask }) }))
  return {
    root: () =>
      onceOf('root', async () => {
        const root = await readRoot(io, settings)
        const first = keysOfRole(root.signed, 'root')[0]
        if (first === undefined)
          return fail('trust/no-root-key', 'trust/root.json names no root key', {
            hint: 'Restore trust/root.json from git.',
            exit: 'corrupt',
          })
        return { keyId: first.keyId, public: Buffer.from(first.public, 'hex') }
      }),
    role: role =>
      onceOf(role, async (): Promise<Key> => {
        const own = settings.trust[role]
        return own === undefined ? (await ring()).key(role) : openRoleKey(own, io)
      }),
    signer: (id, options) =>
      onceOf(`signer ${id}`, async (): Promise<Key> => {
        const own = typeof options['key'] === 'string' ? options['key'] : undefined
        if (own === undefined) return (await ring()).signer(id)
        return openSignerKey(io, { id, key: own, ...(typeof options['password'] === 'string' ? { password: options['password'] } : {}) })
      }),
  }
}
