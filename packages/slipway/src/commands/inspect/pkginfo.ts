// Alpine and Arch packages: tars that begin with a `.PKGINFO` of `key = value` lines (apk-package(5), PKGBUILD(5)).
import { foundOf, type Seen } from './look.ts'
import { type Found, given } from './report.ts'

const kindsOf: Readonly<Record<string, string>> = {
  depend: 'depends',
  optdepend: 'optional',
  makedepend: 'build',
  checkdepend: 'check',
  provides: 'provides',
  conflict: 'conflicts',
  replaces: 'replaces',
  install_if: 'installIf',
}

export const pkginfoFound = (seen: readonly Seen[], texts: ReadonlyMap<string, string>, wrapping: string): Found => {
  const isMeta = (path: string): boolean => /^\.[^/]+$/.test(path)
  const metaPaths = seen.map(({ entry }) => entry.path).filter(isMeta)
  const isArch = metaPaths.includes('.MTREE') || metaPaths.includes('.BUILDINFO')
  const fields = fieldsOf(texts.get('.PKGINFO') ?? '')
  const dependencies: Record<string, string[]> = {}
  for (const [key, values] of fields) {
    const kind = kindsOf[key]
    if (kind !== undefined) dependencies[kind] = values
  }
  const single = [...fields].filter(([key]) => kindsOf[key] === undefined).map(([key, values]) => [key, values.join(', ')])
  const scripts = [...texts].filter(([path]) => path !== '.PKGINFO').map(([path, text]) => [path.slice(1), text])
  const signatures = metaPaths.filter(path => path.startsWith('.SIGN.')).map(path => `apk (${path.slice('.SIGN.'.length)})`)
  return foundOf(
    isArch ? 'pacman' : 'apk',
    seen.filter(({ entry }) => !isMeta(entry.path)),
    {
      arch: fields.get('arch')?.[0] ?? null,
      version: fields.get('pkgver')?.[0] ?? null,
      signatures,
      facts: given({
        name: fields.get('pkgname')?.[0],
        wrapping,
        fields: Object.fromEntries(single),
        scripts: Object.fromEntries(scripts),
        dependencies,
        members: metaPaths.map(name => ({ name })),
      }),
    },
  )
}

const fieldsOf = (text: string): ReadonlyMap<string, string[]> => {
  const fields = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, key, value] = /^([a-z_]+) = (.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) continue
    const values = fields.get(key) ?? []
    values.push(value)
    fields.set(key, values)
  }
  return fields
}
