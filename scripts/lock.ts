// `node scripts/lock.ts`: completes package-lock.json with the platform packages of other systems; `--check` only names what is wrong.
// npm leaves out those that a registry does not serve, and `npm ci` then refuses the lock on every system.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './lib/files.ts'

interface Entry {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly engines?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
interface Lock {
  readonly packages: Readonly<Record<string, Entry>>
}

/** What the lock lacks, and where it disagrees with the root package.json; one line each. */
export const lockProblems = (root: string): readonly string[] => {
  const lock = readLock(root)
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Entry
  const locked = lock.packages[''] ?? {}
  const differing = (['dependencies', 'devDependencies', 'optionalDependencies'] as const).filter(
    key => JSON.stringify(sorted(wanted[key])) !== JSON.stringify(sorted(locked[key])),
  )
  return [
    ...differing.map(key => `package-lock.json disagrees with package.json about ${key}: npm install --package-lock-only`),
    ...demanding(lock).map(path => `package-lock.json: ${path} would be left out by an older Node in silence: node scripts/lock.ts`),
    ...Object.keys(lackingEntries(lock)).map(path => `package-lock.json lacks ${path}: node scripts/lock.ts`),
  ]
}

/**
 * Optional packages of ours that ask for a newer Node than the one that `npm ci` runs with: npm leaves them out without a word, and what
 * needs them fails later, on the Node that they asked for. That one comes with the project itself.
 */
const demanding = (lock: Lock): readonly string[] =>
  Object.entries(lock.packages).flatMap(([path, { optional, dev, engines }]) =>
    optional === true && dev !== true && engines?.['node'] !== undefined ? [path] : [],
  )

/** Entries for optional packages with an exact version that no entry answers. */
const lackingEntries = (lock: Lock): Readonly<Record<string, Entry>> => {
  const packages: Record<string, Entry> = { ...lock.packages }
  const added: Record<string, Entry> = {}
  for (const [owner, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      const version = /^[~^]?(\d+\.\d+\.\d+[\w.+-]*)$/.exec(range)?.[1]
      const found = nearest(packages, owner, name)
      if (version === undefined || (found !== undefined && (found.version === version || range !== version))) continue
      // Another version may be in the place at the top; beside its owner there is always room.
      const path = found === undefined ? `node_modules/${name}` : `${owner}/node_modules/${name}`
      packages[path] = added[path] = entryOf(name, version, entry.dev === true)
    }
  }
  return added
}

/** As Node looks: in the owner's own packages, then upwards. */
const nearest = (packages: Lock['packages'], owner: string, name: string): Entry | undefined => {
  const found = packages[`${owner === '' ? '' : `${owner}/`}node_modules/${name}`]
  if (found !== undefined || owner === '') return found
  const up = owner.lastIndexOf('node_modules/')
  return nearest(packages, up <= 0 ? '' : owner.slice(0, up - 1), name)
}

const systems = ['darwin', 'linux', 'win32', 'freebsd', 'android', 'openharmony']

/** Platform packages say in their names what they are for: `binding-linux-arm64-musl`. */
const entryOf = (name: string, version: string, dev: boolean): Entry => {
  const words = name.split(/[/-]/)
  const os = words.find(word => systems.includes(word))
  const cpu = words[os === undefined ? words.indexOf('wasm32') : words.indexOf(os) + 1]
  const abi = words.at(-1) ?? ''
  const libc = os === 'linux' ? (abi.startsWith('musl') ? 'musl' : abi.startsWith('gnu') ? 'glibc' : undefined) : undefined
  return {
    version,
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(dev ? { dev } : {}),
    ...(libc === undefined ? {} : { libc: [libc] }),
    optional: true,
    ...(os === undefined ? {} : { os: [os] }),
  }
}

const withoutEngines = ({ engines: _, ...entry }: Entry): Entry => entry

const sorted = (map: Readonly<Record<string, string>> | undefined): unknown =>
  Object.entries(map ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))

const readLock = (root: string): Lock => JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock

if (import.meta.main) {
  const root = process.argv.slice(2).find(argument => !argument.startsWith('-')) ?? projectRoot
  if (!process.argv.includes('--check')) {
    const lock = readLock(root)
    const silent = new Set(demanding(lock))
    const kept = Object.entries(lock.packages).map(([path, entry]) => [path, silent.has(path) ? withoutEngines(entry) : entry] as const)
    const all = Object.entries({ ...Object.fromEntries(kept), ...lackingEntries(lock) }).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
    writeFileSync(join(root, 'package-lock.json'), `${JSON.stringify({ ...lock, packages: Object.fromEntries(all) }, null, 2)}\n`)
  }
  const problems = lockProblems(root)
  for (const line of problems) console.error(line)
  if (problems.length > 0) process.exitCode = 1
}
