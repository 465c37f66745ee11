// Cargo.toml (doc.rust-lang.org/cargo/reference/manifest.html); keys with `workspace = true` come from [workspace.package].
import { manifest, string, table, type ManifestKind } from './manifest.ts'

export const cargoToml: ManifestKind = {
  files: ['Cargo.toml', 'src-tauri/Cargo.toml'],
  read: async (text, file) => {
    const { parse } = await import('smol-toml')
    const toml = table(parse(text))
    const shared = table(table(toml['workspace'])['package'])
    const own = table(toml['package'])
    if (Object.keys(own).length === 0 && Object.keys(shared).length === 0) return undefined
    const get = (key: string): unknown => (table(own[key])['workspace'] === true || own[key] === undefined ? shared[key] : own[key])
    const [author] = Array.isArray(get('authors')) ? (get('authors') as unknown[]) : []
    const [firstBin] = Array.isArray(toml['bin']) ? (toml['bin'] as unknown[]) : []
    const name = string(own['name'])
    return manifest({
      file,
      version: string(get('version')),
      name,
      bin: string(table(firstBin)['name']) ?? name,
      summary: string(get('description')),
      license: string(get('license')),
      publisher: string(author),
      homepage: string(get('homepage')) ?? string(get('repository')),
    })
  },
}
