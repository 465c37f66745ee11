// The sources of keys, one line each.
export { command } from './command.ts'
export { env } from './env.ts'
export { file } from './file.ts'
