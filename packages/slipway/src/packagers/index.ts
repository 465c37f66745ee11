// The packagers: one line a unit.
export { binary } from './binary.ts'
export { deb } from './deb.ts'
export { tarGz } from './tar.gz.ts'
export { tarZst } from './tar.zst.ts'
export { zip } from './zip.ts'
