// rpm: the numbers of tags, types and flags that reading and writing share (rpm's rpmtag.h, rpmds.h and rpmfiles.h).

/** Types of a header's values. */
export const types = { null: 0, char: 1, int8: 2, int16: 3, int32: 4, int64: 5, string: 6, bin: 7, strings: 8, i18n: 9 } as const

export const leadBytes = 96
/** Magic, version 1 and four reserved bytes. */
export const headerMagic: Uint8Array = Uint8Array.of(0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0)
/** rpm's own limits of a header (lib/header_internal.h): entries, and bytes of data. */
export const limitHeaderEntries = 0xffff
export const limitHeaderBytes = 0x0fffffff

/** Of the signature header. */
export const sigTags = {
  region: 62,
  dsaHeader: 267,
  rsaHeader: 268,
  sha1Header: 269,
  longSize: 270,
  longArchiveSize: 271,
  sha256Header: 273,
  openPgp: 278,
  size: 1000,
  pgp: 1002,
  md5: 1004,
  gpg: 1005,
  archiveSize: 1007,
  reserved: 1008,
} as const

/** Of the main header. */
export const tags = {
  region: 63,
  i18nTable: 100,
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  summary: 1004,
  description: 1005,
  buildTime: 1006,
  buildHost: 1007,
  size: 1009,
  distribution: 1010,
  vendor: 1011,
  license: 1014,
  packager: 1015,
  group: 1016,
  url: 1020,
  os: 1021,
  arch: 1022,
  oldFileNames: 1027,
  fileSizes: 1028,
  fileModes: 1030,
  fileRdevs: 1033,
  fileMtimes: 1034,
  fileDigests: 1035,
  fileLinkTos: 1036,
  fileFlags: 1037,
  fileUserName: 1039,
  fileGroupName: 1040,
  sourceRpm: 1044,
  fileVerifyFlags: 1045,
  triggerScripts: 1065,
  triggerName: 1066,
  triggerVersion: 1067,
  triggerFlags: 1068,
  triggerIndex: 1069,
  changelogTime: 1080,
  changelogName: 1081,
  changelogText: 1082,
  triggerScriptProg: 1092,
  fileDevices: 1095,
  fileInodes: 1096,
  fileLangs: 1097,
  sourcePackage: 1106,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  payloadFormat: 1124,
  payloadCompressor: 1125,
  payloadFlags: 1126,
  fileColors: 1140,
  longFileSizes: 5008,
  longSize: 5009,
  fileDigestAlgo: 5011,
  encoding: 5062,
  payloadDigest: 5092,
  payloadDigestAlgo: 5093,
  payloadDigestAlt: 5097,
} as const

/** Name, flags and version of each kind of relation. */
export const relationTags = {
  provides: [1047, 1112, 1113],
  requires: [1049, 1048, 1050],
  conflicts: [1054, 1053, 1055],
  obsoletes: [1090, 1114, 1115],
  recommends: [5046, 5048, 5047],
  suggests: [5049, 5051, 5050],
  supplements: [5052, 5054, 5053],
  enhances: [5055, 5057, 5056],
} as const

export type RpmRelationKind = keyof typeof relationTags

/** Text and program of each script. */
export const scriptTags = {
  pre: [1023, 1085],
  post: [1024, 1086],
  preun: [1025, 1087],
  postun: [1026, 1088],
  pretrans: [1151, 1153],
  posttrans: [1152, 1154],
  verify: [1079, 1091],
} as const

export type RpmScriptKind = keyof typeof scriptTags

export const sense = {
  less: 2,
  greater: 4,
  equal: 8,
  posttrans: 1 << 5,
  prereq: 1 << 6,
  pretrans: 1 << 7,
  interp: 1 << 8,
  pre: 1 << 9,
  post: 1 << 10,
  preun: 1 << 11,
  postun: 1 << 12,
  verify: 1 << 13,
  triggerin: 1 << 16,
  triggerun: 1 << 17,
  triggerpostun: 1 << 18,
  rpmlib: 1 << 24,
  triggerprein: 1 << 25,
  config: 1 << 28,
} as const

export const fileFlags = {
  config: 1,
  doc: 2,
  missingok: 8,
  noreplace: 16,
  ghost: 64,
  license: 128,
  readme: 256,
  artifact: 4096,
} as const

export type RpmFileFlag = keyof typeof fileFlags

/** OpenPGP's number of SHA-256 (RFC 9580 9.5), and rpm's names of the digests that files have. */
export const sha256Algorithm = 8
export const digestNames: Readonly<Record<number, string>> = { 1: 'md5', 2: 'sha1', 8: 'sha256', 9: 'sha384', 10: 'sha512', 11: 'sha224' }
