// npm tarballs: package/package.json (docs.npmjs.com, package.json).
import type { Found } from './report.ts'
import { given } from './report.ts'

/** npm runs these when the package is installed from a registry. */
const scriptsAtInstall = ['preinstall', 'install', 'postinstall']

/** Undefined where it is no package: then the tarball is only a tarball. */
export const npmFacts = (packageJson: string): Partial<Found> | undefined => {
  const found = parsed(packageJson)
  const { name, version } = found
  if (typeof name !== 'string') return undefined
  const scripts = textsOf(found['scripts'])
  const atInstall = Object.fromEntries(Object.entries(scripts).filter(([script]) => scriptsAtInstall.includes(script)))
  const bin = found['bin']
  return {
    arch: listOf(found['cpu']).join(' + ') || null,
    version: typeof version === 'string' ? version : null,
    facts: given({
      name,
      os: listOf(found['os']),
      cpu: listOf(found['cpu']),
      npmLibc: listOf(found['libc']),
      bin: typeof bin === 'string' ? { [name]: bin } : textsOf(bin),
      license: typeof found['license'] === 'string' ? found['license'] : undefined,
      scripts: atInstall,
      runsAtInstall: Object.keys(atInstall),
      dependencies: given({
        depends: relations(found['dependencies']),
        optional: relations(found['optionalDependencies']),
        peer: relations(found['peerDependencies']),
      }),
    }),
  }
}

const parsed = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const listOf = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).filter(one => typeof one === 'string')

const textsOf = (value: unknown): Record<string, string> =>
  typeof value !== 'object' || value === null
    ? {}
    : Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'))

const relations = (value: unknown): string[] => Object.entries(textsOf(value)).map(([name, range]) => `${name} ${range}`)
