// Which package manager a JavaScript project uses, by its lock file, and how each of them runs things.
import { string, type Table } from '../history/versions/manifest.ts'
import { below, type Repository } from './repository.ts'

export interface PackageManager {
  readonly id: 'npm' | 'pnpm' | 'yarn' | 'bun'
  readonly script: (name: string) => string
  /** A program of node_modules/.bin. */
  readonly program: (name: string) => string
}

const locks = { 'pnpm-lock.yaml': 'pnpm', 'yarn.lock': 'yarn', 'bun.lock': 'bun', 'bun.lockb': 'bun', 'package-lock.json': 'npm' } as const

export const packageManagerOf = async (repository: Repository, folder: string): Promise<PackageManager> => {
  for (const place of new Set([folder, '']))
    for (const [file, id] of Object.entries(locks)) if (await repository.has(below(place, file))) return managers[id]
  const named = /^(npm|pnpm|yarn|bun)@/.exec(string(repository.packageJson?.['packageManager']) ?? '')?.[1]
  return managers[(named ?? 'npm') as PackageManager['id']]
}

const managers: Readonly<Record<PackageManager['id'], PackageManager>> = {
  npm: { id: 'npm', script: name => `npm run ${name}`, program: name => `npx --no-install ${name}` },
  pnpm: { id: 'pnpm', script: name => `pnpm run ${name}`, program: name => `pnpm exec ${name}` },
  yarn: { id: 'yarn', script: name => `yarn run ${name}`, program: name => `yarn run ${name}` },
  bun: { id: 'bun', script: name => `bun run ${name}`, program: name => `bun run ${name}` },
}

/** All dependencies of a package.json by name. */
export const dependenciesOf = (json: Table | null): ReadonlySet<string> =>
  new Set(['dependencies', 'devDependencies', 'optionalDependencies'].flatMap(key => Object.keys(Object(json?.[key]) as object)))
