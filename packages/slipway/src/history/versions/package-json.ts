// package.json (docs.npmjs.com/cli/configuring-npm/package-json), and the electron-builder config in its key `build`.
import { person, string, table, manifest, type ManifestKind } from './manifest.ts'

export const packageJson: ManifestKind = {
  files: ['package.json'],
  read: async (text, file) => {
    const json = table(JSON.parse(text.replace(/^\uFEFF/, '')))
    const build = table(json['build'])
    const electron = string(build['appId']) !== undefined || string(build['productName']) !== undefined
    const plainName = string(json['name'])?.replace(/^@[^/]*\//, '')
    return manifest({
      file,
      version: placeholder(json) ? undefined : string(json['version']),
      name: string(build['productName']) ?? string(json['productName']) ?? plainName,
      id: string(build['appId']),
      bin: typeof json['bin'] === 'string' ? plainName : Object.keys(table(json['bin']))[0],
      summary: string(json['description']),
      license: /^(UNLICENSED|SEE LICENSE)/.test(string(json['license']) ?? '') ? undefined : string(json['license']),
      publisher: person(json['author']),
      homepage: string(json['homepage']),
      desktop: electron ? true : undefined,
    })
  },
}

/** The root of a workspace, or an app whose version stands elsewhere, says 0.0.0. */
const placeholder = (json: Readonly<Record<string, unknown>>): boolean =>
  json['private'] === true && /^0\.0\.0(-|$)/.test(string(json['version']) ?? '')
