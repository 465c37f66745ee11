// The builders: one line a unit.
export { bun } from './bun.ts'
export { cargo } from './cargo.ts'
export { command } from './command.ts'
export { go } from './go.ts'
export { join } from './join.ts'
export { nodeSea } from './node-sea.ts'
export { prebuilt } from './prebuilt.ts'
