// pyproject.toml, table [project] (packaging.python.org/specifications/pyproject-toml).
import { manifest, person, string, table, type ManifestKind } from './manifest.ts'

export const pyprojectToml: ManifestKind = {
  files: ['pyproject.toml'],
  read: async (text, file) => {
    const { parse } = await import('smol-toml')
    const project = table(table(parse(text))['project'])
    const name = string(project['name'])
    if (name === undefined) return undefined
    const urls = Object.entries(table(project['urls'])).find(([key]) => /^home-?page$/i.test(key))
    const [author] = Array.isArray(project['authors']) ? (project['authors'] as unknown[]) : []
    return manifest({
      file,
      version: string(project['version']),
      name,
      bin: Object.keys(table(project['scripts']))[0] ?? name,
      summary: string(project['description']),
      license: string(project['license']),
      publisher: person(author),
      homepage: string(urls?.[1]),
    })
  },
}
