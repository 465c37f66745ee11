// squashfs, writing: a table of metadata as packed blocks of 8 KiB, in which everything has an address as soon as it is written.
import { concat, packLittle } from '../bytes.ts'
import { packBlockNow, type SquashfsCompression } from './block.ts'
import * as squashfs from './squashfs.ts'

/** Where something begins: offset of its packed block in the table, and offset in the unpacked block. */
export interface Address {
  readonly blockOffset: number
  readonly offset: number
}

export interface MetadataTable {
  /** The address of what is written next. */
  next(): Address
  write(bytes: Uint8Array): void
  /** Ends the last block; gives the table and where its blocks begin. */
  end(): { readonly bytes: Uint8Array; readonly blockOffsets: readonly number[] }
}

export const metadataTable = (compression: SquashfsCompression): MetadataTable => {
  const parts: Uint8Array[] = []
  const blockOffsets: number[] = []
  const block = new Uint8Array(squashfs.metadataBytes)
  let filled = 0
  let packedBytes = 0
  const flush = (): void => {
    const { bytes, isStored } = packBlockNow(block.slice(0, filled), compression)
    blockOffsets.push(packedBytes)
    parts.push(packLittle([[2, bytes.length | (isStored ? squashfs.metadataStored : 0)]]), bytes)
    packedBytes += 2 + bytes.length
    filled = 0
  }
  return {
    next: () => ({ blockOffset: packedBytes, offset: filled }),
    write: bytes => {
      for (let at = 0; at < bytes.length;) {
        const part = bytes.subarray(at, at + block.length - filled)
        block.set(part, filled)
        filled += part.length
        at += part.length
        if (filled === block.length) flush()
      }
    },
    end: () => {
      if (filled > 0) flush()
      return { bytes: concat(parts), blockOffsets }
    },
  }
}

/** A table that is found through a list of its blocks (ids, fragments): the blocks, then the list, which the superblock points to. */
export const listedTable = (
  content: Uint8Array,
  { compression, offset }: { readonly compression: SquashfsCompression; readonly offset: number },
): { readonly bytes: Uint8Array; readonly listOffset: number } => {
  const table = metadataTable(compression)
  table.write(content)
  const { bytes, blockOffsets } = table.end()
  const list = packLittle(blockOffsets.map(at => [8, offset + at] as const))
  return { bytes: concat([bytes, list]), listOffset: offset + bytes.length }
}
