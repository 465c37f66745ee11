// MSIX packages (MS-APPX and the AppxBlockMap schema of 2010): files in blocks of 64 KiB that can be checked and unpacked one by one.
import { createHash } from 'node:crypto'
import { type ByteChunks, encodeText, rechunk } from './bytes.ts'
import { crc32 } from './crc32.ts'
import type { DeflatePieceOn } from './deflate.ts'
import { deflateHere } from './deflate-program.ts'

export interface AppxBlock {
  /** SHA-256 of the plain bytes, base64. */
  readonly hash: string
  readonly compressedBytes: number
}
export interface AppxFile {
  /** With forward slashes. */
  readonly path: string
  readonly sizeBytes: number
  readonly blocks: readonly AppxBlock[]
}
export interface AppxSums {
  readonly sizeBytes: number
  readonly compressedBytes: number
  readonly crc32: number
  readonly blocks: readonly AppxBlock[]
}

const blockBytes = 1 << 16

export interface AppxPacking {
  /** 1 to 9. */
  readonly level: number
  /** Default: on this thread. Never changes the bytes. */
  readonly deflate?: DeflatePieceOn
}

/** Raw deflate in blocks that know nothing of each other; without the final block that ends a stream. Returns what the block map says of it. */
export async function* appxBlocks(chunks: ByteChunks, { level, deflate }: AppxPacking): AsyncGenerator<Uint8Array, AppxSums> {
  const blocks: AppxBlock[] = []
  const flying: Promise<Uint8Array>[] = []
  const hashes: string[] = []
  let [sizeBytes, compressedBytes, sum] = [0, 0, 0]
  const land = async (packed: Promise<Uint8Array>): Promise<Uint8Array> => {
    const bytes = await packed
    compressedBytes += bytes.length
    blocks.push({ hash: hashes[blocks.length] ?? '', compressedBytes: bytes.length })
    return bytes
  }
  for await (const block of rechunk(chunks, blockBytes)) {
    sizeBytes += block.length
    sum = crc32(block, sum)
    hashes.push(createHash('sha256').update(block).digest('base64'))
    const packed = deflate === undefined ? Promise.resolve(deflateHere(block, level)) : deflate(block, level)
    // Whoever stops reading leaves blocks behind; their failure is then nobody's.
    packed.catch(() => undefined)
    flying.push(packed)
    const first = flying.length > mostFlying ? flying.shift() : undefined
    if (first !== undefined) yield await land(first)
  }
  for (const one of flying) yield await land(one)
  return { sizeBytes, compressedBytes, crc32: sum, blocks }
}

const mostFlying = 32

/** Bytes of a local header of a zip in front of a file: what the block map calls LfhSize. */
const localHeaderBytes = 30

/** `AppxBlockMap.xml`. Paths have backslashes there. */
export const appxBlockMap = (files: readonly AppxFile[]): Uint8Array =>
  encodeText(
    [
      '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
      '<BlockMap xmlns="http://schemas.microsoft.com/appx/2010/blockmap" HashMethod="http://www.w3.org/2001/04/xmlenc#sha256">',
      ...files.flatMap(({ path, sizeBytes, blocks }) => [
        `<File Name="${escaped(path.replaceAll('/', '\\'))}" Size="${sizeBytes}" LfhSize="${localHeaderBytes + encodeText(appxPartName(path)).length}">`,
        ...blocks.map(one => `<Block Hash="${one.hash}" Size="${one.compressedBytes}"/>`),
        '</File>',
      ]),
      '</BlockMap>',
      '',
    ].join('\r\n'),
  )

/** `[Content_Types].xml`: by ending, and by name where a file has none (ISO 29500-2, 10.1.2). */
export const appxContentTypes = (paths: readonly string[]): Uint8Array => {
  const endings = new Set<string>()
  const overrides: string[] = []
  for (const path of paths) {
    const ending = /\.([A-Za-z0-9]+)$/.exec(path.slice(path.lastIndexOf('/') + 1))?.[1]?.toLowerCase()
    if (ending === undefined) overrides.push(path)
    else endings.add(ending)
  }
  return encodeText(
    [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">',
      ...[...endings].sort().map(one => `<Default Extension="${one}" ContentType="${contentTypes[one] ?? 'application/octet-stream'}"/>`),
      '<Override PartName="/AppxManifest.xml" ContentType="application/vnd.ms-appx.manifest+xml"/>',
      '<Override PartName="/AppxBlockMap.xml" ContentType="application/vnd.ms-appx.blockmap+xml"/>',
      ...overrides.map(path => `<Override PartName="/${escaped(appxPartName(path))}" ContentType="application/octet-stream"/>`),
      '</Types>',
      '',
    ].join('\r\n'),
  )
}

const contentTypes: Readonly<Record<string, string>> = {
  dll: 'application/x-msdownload',
  exe: 'application/x-msdownload',
  html: 'text/html',
  js: 'application/javascript',
  json: 'application/json',
  png: 'image/png',
  txt: 'text/plain',
  xml: 'application/vnd.ms-appx.manifest+xml',
}

/** How a path stands in the zip: an address without host (ISO 29500-2, 9.1.1). */
export const appxPartName = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
