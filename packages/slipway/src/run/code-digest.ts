// What made a result: in a checkout the digest of our sources, installed the package version (CONTRACTS 8, cache key).
import { createHash } from 'node:crypto'
import type { Hex } from '@slipway/core'
import type { Io } from '../io/io.ts'

const here = import.meta.dirname

export const codeDigest = async (io: Io): Promise<Hex> => {
  const inCheckout = here.endsWith('/slipway/src/run')
  const hash = createHash('sha256')
  if (!inCheckout) return hash.update(await io.files.read(`${here}/../package.json`)).digest('hex')
  const packages = here.slice(0, -'/slipway/src/run'.length)
  for (const name of ['core', 'formats', 'slipway'])
    for (const path of await sources(io, `${packages}/${name}/src`))
      hash.update(path.slice(packages.length)).update(await io.files.read(path))
  return hash.digest('hex')
}

const sources = async (io: Io, folder: string): Promise<readonly string[]> => {
  const entries = await io.files.list(folder)
  const found: string[] = []
  for (const { name, type } of entries) {
    const path = `${folder}/${name}`
    if (type === 'folder') found.push(...(await sources(io, path)))
    else if (name.endsWith('.ts') && !name.endsWith('.test.ts')) found.push(path)
  }
  return found
}
