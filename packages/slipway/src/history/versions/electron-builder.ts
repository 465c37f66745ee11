// The config files of electron-builder (electron.build/configuration): id and name. Its version is package.json's.
import { manifest, string, table, type ManifestKind } from './manifest.ts'

export const electronBuilder: ManifestKind = {
  files: ['electron-builder.yml', 'electron-builder.yaml', 'electron-builder.json', 'electron-builder.json5'],
  read: async (text, file) => {
    const { parse } = await import('yaml')
    // JSON is YAML, and so is most JSON5.
    const config = table(parse(text, { maxAliasCount: 100 }))
    return manifest({
      file,
      name: string(config['productName']),
      id: string(config['appId']),
      bin: string(config['executableName']),
      desktop: true,
    })
  },
}
