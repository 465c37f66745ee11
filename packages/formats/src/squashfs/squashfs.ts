// squashfs 4.0: the numbers of the format, as in the Linux kernel's fs/squashfs/squashfs_fs.h and its public description.

export const magic = 0x73717368
export const superblockBytes = 96
/** Metadata is cut into blocks of this size before it is packed. */
export const metadataBytes = 8192
/** In the size word before a metadata block: stored as it is. */
export const metadataStored = 0x8000
/** In the size word of a data block or fragment: stored as it is. */
export const dataStored = 1 << 24
export const none32 = 0xffffffff
export const none64 = 2n ** 64n - 1n

export const flagNoFragments = 0x0010
export const flagDuplicates = 0x0040
export const flagNoXattrs = 0x0200
export const flagOptions = 0x0400

export const methodIds = { gzip: 1, lzma: 2, lzo: 3, xz: 4, lz4: 5, zstd: 6 } as const
export type MethodName = keyof typeof methodIds

/** Basic types stand in directories; the extended inode of a type is its number plus 7. */
export const typeFolder = 1
export const typeFile = 2
export const typeSymlink = 3
export const extended = 7

/** A directory is at most 256 entries a header, each within 32,767 inode numbers of it. */
export const limitRun = 256
/** Linux's own limits for a name and a link target, in bytes. */
export const limitNameBytes = 255
export const limitTargetBytes = 4095
/** A directory's size says three bytes more than it has (for `.` and `..`). */
export const sizeOfDots = 3
