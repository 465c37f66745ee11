// tauri.conf.json of Tauri 2 (schema.tauri.app/config/2), and the older place of the same values in Tauri 1.
import { manifest, string, table, type ManifestKind } from './manifest.ts'

export const tauriConf: ManifestKind = {
  files: ['tauri.conf.json', 'src-tauri/tauri.conf.json'],
  read: async (text, file) => {
    const { parse } = await import('jsonc-parser')
    const json = table(parse(text))
    const first = table(json['package'])
    const bundle = json['bundle'] === undefined ? table(table(json['tauri'])['bundle']) : table(json['bundle'])
    const version = string(json['version']) ?? string(first['version'])
    const name = string(json['productName']) ?? string(first['productName'])
    return manifest({
      file,
      // It may name a package.json instead, which then says it itself.
      version: version?.endsWith('.json') ? undefined : version,
      name,
      id: string(json['identifier']) ?? string(bundle['identifier']),
      bin: string(json['mainBinaryName']),
      summary: string(bundle['shortDescription']),
      license: string(bundle['license']),
      publisher: string(bundle['publisher']),
      homepage: string(bundle['homepage']),
      category: string(bundle['category']),
      desktop: true,
    })
  },
}
