// The signers: one line a unit.
export { minisign } from './minisign.ts'
