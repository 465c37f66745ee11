// The feeds: one line a unit.
export { electron } from './electron.ts'
export { install } from './install.ts'
export { tauri } from './tauri.ts'
