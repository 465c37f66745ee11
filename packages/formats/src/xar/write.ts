// xar, writing (xar 1.6, "xar!"; what flat packages of macOS are): a table of contents in XML, then a heap of bytes.
import { createHash } from 'node:crypto'
import { encodeText } from '../bytes.ts'
import { deflateAlone } from '../deflate.ts'
import { FormatError } from '../format-error.ts'
import { isInsidePath } from '../inside-path.ts'
import { escapeXml } from '../xml.ts'
import { zlibFrame } from '../zlib-frame.ts'
import { xarHeaderBytes, xarMagic } from './xar.ts'

/** A small file, which is deflated here. */
export interface XarFile {
  readonly path: string
  readonly bytes: Uint8Array
}
/** A file that is kept as it is; size and digest stand in front of it, so they are known before. */
export interface XarStored {
  readonly path: string
  readonly sizeBytes: number
  /** Hex. */
  readonly sha1: string
  readonly chunks: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

export interface XarWriting {
  /** Of every file and of the archive, in whole seconds since 1970. */
  readonly mtime: number
}

/**
 * An archive; folders are made of the paths, in the order given. Digests are SHA-1: the one kind that every installer reads.
 * Throws `xar/bad-entry` and `xar/size-changed`.
 */
export async function* writeXar(files: readonly (XarFile | XarStored)[], { mtime }: XarWriting): AsyncGenerator<Uint8Array> {
  const placed: Placed[] = []
  let offset = digestBytes
  for (const file of files) {
    checkPath(file.path, placed)
    const one = 'bytes' in file ? await deflated(file) : stored(file)
    placed.push({ ...one, offset })
    offset += one.sizeBytes
  }
  const toc = encodeText(tocOf(placed, mtime))
  const packed = await zlibOf(toc)
  yield headerOf(packed.length, toc.length)
  yield packed
  yield sha1(packed)
  for (const one of placed) yield* checkedChunks(one)
}

const digestBytes = 20
/** Numbers in the header: SHA-1. */
const sha1Algorithm = 1

interface Content {
  readonly path: string
  readonly sizeBytes: number
  readonly plainBytes: number
  readonly sha1: string
  readonly plainSha1: string
  readonly encoding: string
  readonly chunks: XarStored['chunks']
}
interface Placed extends Content {
  /** In the heap. */
  readonly offset: number
}

const deflated = async ({ path, bytes }: XarFile): Promise<Content> => {
  const packed = await zlibOf(bytes)
  const common = { path, plainBytes: bytes.length, plainSha1: hex(sha1(bytes)) }
  return { ...common, sizeBytes: packed.length, sha1: hex(sha1(packed)), encoding: 'application/x-gzip', chunks: () => [packed] }
}

const stored = ({ sizeBytes, ...file }: XarStored): Content => ({
  ...file,
  sizeBytes,
  plainBytes: sizeBytes,
  plainSha1: file.sha1,
  encoding: 'application/octet-stream',
})

async function* checkedChunks({ path, sizeBytes, chunks }: Content): AsyncGenerator<Uint8Array> {
  let givenBytes = 0
  for await (const chunk of chunks()) {
    givenBytes += chunk.length
    if (givenBytes > sizeBytes) break
    yield chunk
  }
  if (givenBytes !== sizeBytes)
    throw new FormatError('xar/size-changed', `${path} gave ${givenBytes} bytes or more where ${sizeBytes} were announced`)
}

const sha1 = (bytes: Uint8Array): Uint8Array => createHash('sha1').update(bytes).digest()
const hex = (bytes: Uint8Array): string => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')

/** Which xar calls gzip. */
const zlibOf = async (bytes: Uint8Array): Promise<Uint8Array> => zlibFrame(bytes, await deflateAlone(bytes, 9))

/** Magic, bytes of the header, version 1, bytes of the table packed and plain, digest. */
const headerOf = (packedBytes: number, plainBytes: number): Uint8Array => {
  const header = new Uint8Array(xarHeaderBytes)
  const view = new DataView(header.buffer)
  view.setUint32(0, xarMagic)
  view.setUint16(4, xarHeaderBytes)
  view.setUint16(6, 1)
  view.setBigUint64(8, BigInt(packedBytes))
  view.setBigUint64(16, BigInt(plainBytes))
  view.setUint32(24, sha1Algorithm)
  return header
}

const checkPath = (path: string, before: readonly { readonly path: string }[]): void => {
  const refuse = (reason: string): never => {
    throw new FormatError('xar/bad-entry', `${JSON.stringify(path)} cannot be written: ${reason}`)
  }
  if (!isInsidePath(path) || path.split('/').some(step => step === '' || step === '.')) refuse('it is no plain path inside of the archive')
  if (before.some(one => one.path === path || one.path.startsWith(`${path}/`) || path.startsWith(`${one.path}/`)))
    refuse('it stands there already')
}

const tocOf = (files: readonly Placed[], mtime: number): string => {
  // As xar writes it: the archive's date without a zone, those of files with one.
  const date = new Date(mtime * 1000).toISOString().slice(0, 19)
  let id = 0
  const below = (inside: readonly Placed[], depth: number, indent: string): readonly string[] => {
    const names = [...new Set(inside.map(({ path }) => path.split('/')[depth] ?? ''))]
    return names.flatMap(name => {
      const of = inside.filter(({ path }) => path.split('/')[depth] === name)
      const file = of.find(({ path }) => path.split('/').length === depth + 1)
      id += 1
      const head = [`${indent}<file id="${id}">`, ...entryLines({ name, file, date: `${date}Z` }).map(line => `${indent} ${line}`)]
      return [...head, ...(file === undefined ? below(of, depth + 1, `${indent} `) : []), `${indent}</file>`]
    })
  }
  const checksum = `<checksum style="sha1"><offset>0</offset><size>${digestBytes}</size></checksum>`
  const head = ['<?xml version="1.0" encoding="UTF-8"?>', '<xar>', ' <toc>', `  <creation-time>${date}</creation-time>`, `  ${checksum}`]
  return [...head, ...below(files, 0, '  '), ' </toc>', '</xar>', ''].join('\n')
}

const entryLines = ({
  name,
  file,
  date,
}: {
  readonly name: string
  readonly file: Placed | undefined
  readonly date: string
}): readonly string[] => {
  const owner = ['<uid>0</uid>', '<user>root</user>', '<gid>0</gid>', '<group>wheel</group>', `<mtime>${date}</mtime>`]
  const rest = [`<name>${escapeXml(name)}</name>`, `<type>${file === undefined ? 'directory' : 'file'}</type>`]
  if (file === undefined) return [...rest, '<mode>0755</mode>', ...owner]
  return [
    '<data>',
    ` <length>${file.sizeBytes}</length>`,
    ` <offset>${file.offset}</offset>`,
    ` <size>${file.plainBytes}</size>`,
    ` <encoding style="${file.encoding}"/>`,
    ` <extracted-checksum style="sha1">${file.plainSha1}</extracted-checksum>`,
    ` <archived-checksum style="sha1">${file.sha1}</archived-checksum>`,
    '</data>',
    ...rest,
    '<mode>0644</mode>',
    ...owner,
  ]
}
