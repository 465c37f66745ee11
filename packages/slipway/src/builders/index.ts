// The builders: one line a unit.
export { command } from './command.ts'
export { prebuilt } from './prebuilt.ts'
