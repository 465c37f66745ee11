// apk (Alpine, version 2): everything that others use of it.
export {
  type ApkFields,
  apkPkginfo,
  apkScriptKinds,
  type ApkScriptKind,
  type ApkScripts,
  isApkArch,
  isApkDependency,
  isApkName,
  isApkProvision,
} from './package.ts'
export { type Apk, type ApkReading, readApk } from './read.ts'
export { type ApkSignature, type ApkSignatureKind } from './signature.ts'
export { apkVersion, type ApkVersioned, compareApk, isApkVersion } from './version.ts'
export { type ApkControl, type ApkEntry, type ApkPackage, writeApk } from './write.ts'
