// Before any work: the keys that a stage needs open, and are the ones that the trust folder names (CONTRACTS 11: 2 and 4 come before work).
import { fail } from '@slipway/core'
import { keyIdText, parsePublicKey } from '@slipway/formats/minisign'
import type { AppSettings } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import { stages } from '../plan/steps.ts'
import type { Stage } from '../plan/steps.ts'
import { acceptsOf } from './accepts.ts'
import { keysOfRole, readRoot } from './trust.ts'
import type { Keys } from './work.ts'

export interface KeyCheck {
  readonly settings: AppSettings
  readonly keys: Keys
  readonly until: Stage
}

/** Codes: `trust/no-root`, `trust/no-minisign`, those of the keyring and of key sources, `keys/not-trusted`. */
export const assertKeys = async (io: Io, { settings, keys, until }: KeyCheck): Promise<void> => {
  const reached = (stage: Stage): boolean => stages.indexOf(stage) <= stages.indexOf(until)
  if (!reached('sign')) return
  const root = (await readRoot(io, settings)).signed
  const { minisign } = await acceptsOf({ io, settings })
  const signer = await keys.signer('minisign', settings.sign.find(one => one.id === 'minisign')?.options ?? {})
  const named = keyIdText(parsePublicKey(minisign?.public ?? '').keyId)
  if (signer.keyId.toLowerCase() !== named.toLowerCase()) notTrusted('minisign', signer.keyId, [named])
  const roles = [...(reached('gate') ? (['release'] as const) : []), ...(reached('publish') ? (['live'] as const) : [])]
  for (const role of roles) {
    const { keyId } = await keys.role(role)
    const trusted = keysOfRole(root, role === 'live' ? 'timestamp' : 'targets').map(one => one.keyId)
    if (!trusted.includes(keyId)) notTrusted(role, keyId, trusted)
  }
}

/** A key that no client trusts signs nothing: the same words wherever it is found. */
export const notTrusted = (role: string, keyId: string, trusted: readonly string[]): never =>
  fail(
    'keys/not-trusted',
    `The key at hand for ${role} is ${keyId.slice(0, 16)}, and the trust folder names ${trusted.map(id => id.slice(0, 16)).join(', ')}`,
    {
      hint: 'Use the keyring that belongs to this trust folder (trust.keyring, SLIPWAY_KEYS), or the trust folder that belongs to this keyring.',
      exit: 'machine',
    },
  )
