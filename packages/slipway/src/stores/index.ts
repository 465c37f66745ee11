// The stores, one line each.
export { folder } from './folder.ts'
