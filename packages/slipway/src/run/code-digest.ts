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
    for (const path of await sources(io, `${packages}/${name}/src`)) hash.update(path.slice(packages.length)).update(await io.files.read(path))
  return hash.digest('hex')
}

const sources = async (io: Io, folder: string): Promise<readonly string[]> => {
  const entries = await io.files.list(folder)
  const nested = await Promise.all(
    entries.map(({ name, type }) => {
      if (type === 'folder') return sources(io, `${folder}/${name}`)
      return name.endsWith('.ts') && !name.endsWith('.test.ts') ? [`${folder}/${name}`] : []
    }),
  )
  return nested.flat()
}
