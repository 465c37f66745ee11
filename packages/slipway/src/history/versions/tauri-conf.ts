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
      icon: iconOf(bundle['icon'], file),
      category: string(bundle['category']),
      desktop: true,
    })
  },
}

/** What `tauri icon` leaves beside those that are listed, in the size that every system asks for; or a listed one of that size. */
const iconOf = (listed: unknown, file: string): string | undefined => {
  const paths = Array.isArray(listed) ? listed.flatMap(one => string(one)?.replace(/^\.\//, '') ?? []) : []
  const folder = file.slice(0, file.lastIndexOf('/') + 1)
  const large = paths.find(path => /(^|\/)(icon|512x512(@2x)?|256x256@2x|1024x1024)\.png$/.test(path))
  const beside = paths.find(path => path.includes('/'))
  const path = large ?? (beside === undefined ? undefined : `${beside.slice(0, beside.lastIndexOf('/'))}/icon.png`)
  return path === undefined ? undefined : `${folder}${path}`
}
