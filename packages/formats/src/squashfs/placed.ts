// Where the bytes of a file lie in a squashfs: what the data writer finds and the inode says.

/** Where a file's bytes are; filled while the blocks go out. */
export interface Placed {
  startOffset: number
  /** One word a block: packed size, with `dataStored`; 0 is a block of zeros that takes no room. */
  readonly sizeWords: number[]
  sparseBytes: number
  fragment: number
  fragmentOffset: number
}
