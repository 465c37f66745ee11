// What an installed copy of this release trusts, read from the trust folder (CONTRACTS 13, TRUST 3).
import { fail } from '@slipway/core'
import type { PublicKeyRecord } from '@slipway/core'
import { keyIdText, parsePublicKey } from '@slipway/formats/minisign'
import type { AppSettings } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import { keysOfRole, readRoot } from './trust.ts'

export const acceptsOf = async ({
  io,
  settings,
}: {
  io: Io
  settings: AppSettings
}): Promise<Readonly<Record<string, PublicKeyRecord>>> => {
  const root = await readRoot(io, settings)
  const rootKey = keysOfRole(root.signed, 'root')[0]
  const path = `${settings.trust.folder}/minisign.pub`
  if ((await io.files.stat(path)) === null)
    fail('trust/no-minisign', `There is no ${path}`, {
      hint: 'Run `slipway keys generate`, or put the two lines of your minisign.pub there.',
      where: { file: path },
    })
  const text = await io.files.readText(path)
  const minisign = parsePublicKey(text)
  return {
    minisign: { type: 'ed25519', keyId: keyIdText(minisign.keyId), public: text.trim() },
    root: { type: 'ed25519', keyId: rootKey?.keyId ?? '', public: rootKey?.public ?? '' },
  }
}
