export { completeness } from './completeness.ts'
export { signatures } from './signatures.ts'
