// Slipway's own version, from its package.json: beside `src` in a checkout, beside `dist` when installed.
import type { Io } from './io/io.ts'

export const slipwayVersion = async (io: Io): Promise<string> => {
  const { version } = JSON.parse(await io.files.readText(`${import.meta.dirname}/../package.json`)) as { readonly version: string }
  return version
}
