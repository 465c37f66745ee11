// The manifest kinds in the order in which they are believed (CONFIG 3, "Found").
export { tauriConf } from './tauri-conf.ts'
export { electronBuilder } from './electron-builder.ts'
export { packageJson } from './package-json.ts'
export { cargoToml } from './cargo-toml.ts'
export { pyprojectToml } from './pyproject-toml.ts'
