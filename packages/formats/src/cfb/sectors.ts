// Compound files (MS-CFB 2.1): numbers that its writer and its reader share.

export const cfbMagic: Uint8Array = Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1)
/** Sector numbers that are none. */
export const [difatSector, fatSector, endOfChain, freeSector, noEntry] = [0xfffffffc, 0xfffffffd, 0xfffffffe, 0xffffffff, 0xffffffff]
/** Streams below this lie in the mini stream, in pieces of `miniBytes`. */
export const [cutoffBytes, miniBytes, entryBytes, headerFats] = [4096, 64, 128, 109]
export const [streamType, rootType] = [2, 5]
