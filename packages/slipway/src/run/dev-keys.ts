// Throw-away keys of the dev profile: made once in .slipway/dev/, never asked for a password, never used for a release (CONFIG 3, Profiles).
import type { AppSettings } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import { makeKeys } from '../keys/keyring/make.ts'

export const ensureDevKeys = async (io: Io, apps: readonly AppSettings[]): Promise<void> => {
  for (const { app, trust } of apps) {
    if ((await io.files.stat(`${trust.folder}/root.json`)) !== null) continue
    await makeKeys(io, { app: app.key, keyring: trust.keyring, folder: trust.folder })
  }
}
