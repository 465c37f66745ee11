// squashfs, writing: a table of metadata as packed blocks of 8 KiB, in which everything has an address as soon as it is written.
import { concat, packLittle } from '../bytes.ts'
import { packBlock, packBlockNow, type SquashfsCompression } from './block.ts'
import * as squashfs from './squashfs.ts'

/** Where something begins: offset of its packed block in the table, and offset in the unpacked block. */
export interface Address {
  readonly blockOffset: number
  readonly offset: number
}

export interface MetadataTable {
  /** The address of what is written next. */
  next(): Address
  /** Before `next` is asked for again. */
  write(bytes: Uint8Array): Promise<void>
  /** Ends the last block; gives the table and where its blocks begin. */
  end(): Promise<{ readonly bytes: Uint8Array; readonly blockOffsets: readonly number[] }>
}

export const metadataTable = (compression: SquashfsCompression): MetadataTable => {
  const parts: Uint8Array[] = []
  const blockOffsets: number[] = []
  const block = new Uint8Array(squashfs.metadataBytes)
  let filled = 0
  let packedBytes = 0
  const flush = async (): Promise<void> => {
    const plain = block.slice(0, filled)
    const { bytes, isStored } = compression.method === 'xz' ? await packBlock(plain, compression) : packBlockNow(plain, compression)
    blockOffsets.push(packedBytes)
    parts.push(packLittle([[2, bytes.length | (isStored ? squashfs.metadataStored : 0)]]), bytes)
    packedBytes += 2 + bytes.length
    filled = 0
  }
  return {
    next: () => ({ blockOffset: packedBytes, offset: filled }),
    write: async bytes => {
      for (let at = 0; at < bytes.length;) {
        const part = bytes.subarray(at, at + block.length - filled)
        block.set(part, filled)
        filled += part.length
        at += part.length
        if (filled === block.length) await flush()
      }
    },
    end: async () => {
      if (filled > 0) await flush()
      return { bytes: concat(parts), blockOffsets }
    },
  }
}

/** A table that is found through a list of its blocks (ids, fragments): the blocks, then the list, which the superblock points to. */
export const listedTable = async (
  content: Uint8Array,
  { compression, offset }: { readonly compression: SquashfsCompression; readonly offset: number },
): Promise<{ readonly bytes: Uint8Array; readonly listOffset: number }> => {
  const table = metadataTable(compression)
  await table.write(content)
  const { bytes, blockOffsets } = await table.end()
  const list = packLittle(blockOffsets.map(at => [8, offset + at] as const))
  return { bytes: concat([bytes, list]), listOffset: offset + bytes.length }
}
