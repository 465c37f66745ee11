// The trust folder: the TUF root that everything is verified against, and the public halves beside it (CONTRACTS 13).
import { fail } from '@slipway/core'
import { parseMetadata } from '@slipway/formats/tuf/metadata'
import type { Document, Root, RoleType } from '@slipway/formats/tuf/metadata'
import type { Io } from '../io/io.ts'

/** Reads `<folder>/root.json`; `trust/no-root` (exit 2) without it: nothing is trusted on first use. */
export const readRoot = async (io: Io, { trust }: { readonly trust: { readonly folder: string } }): Promise<Document<'root'>> => {
  const file = `${trust.folder}/root.json`
  if ((await io.files.stat(file)) === null)
    fail('trust/no-root', `There is no ${file}`, {
      hint: 'Run `slipway keys generate` once, and commit the trust folder.',
      where: { file },
    })
  return parseMetadata('root', await io.files.read(file))
}

export const keysOfRole = (root: Root, role: RoleType): readonly { readonly keyId: string; readonly public: string }[] =>
  root.roles[role].keyids.map(keyId => ({ keyId, public: root.keys[keyId]?.keyval.public ?? '' }))
