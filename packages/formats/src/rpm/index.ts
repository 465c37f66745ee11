// rpm: everything that others use of it.
export { type RpmChange, type RpmJob } from './job.ts'
export { rpmArchive } from './archive-parts.ts'
export { installedBytes, type RpmContent, type RpmFile, type RpmFolder, type RpmLink } from './files.ts'
export { type RpmHeader } from './header-read.ts'
export {
  foreignPayload,
  type ForeignCompressor,
  gzipPayload,
  type PayloadOptions,
  type RpmPayload,
  type Spool,
  xzPayload,
  zstdPayload,
} from './payload.ts'
export { readRpm, readRpmDescription, type Rpm, type RpmPayloadFound, type RpmSigned } from './read.ts'
export { type RpmFound } from './read-files.ts'
export { type Decompressor, type PayloadReading, readRpmPayload, type RpmDigest, type RpmVerifying, verifyRpm } from './read-payload.ts'
export { parseRelation, relationText, type RpmMark, type RpmRelation } from './relation.ts'
export { type RpmScript, type RpmTrigger } from './scripts.ts'
export { type RpmFileFlag, type RpmRelationKind, type RpmScriptKind } from './tags.ts'
export { rpmFront, rpmHeader, type RpmSignature, writeRpm } from './write.ts'
