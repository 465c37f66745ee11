// Mach-O: ad-hoc signing of thin and universal files, and taking a signature off; one pass, a page in memory (Apple's cs_blobs.h).
import { exactReader, type Source, streamRange } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { readMachO } from '../macho.ts'
import { type Directory, type Handed, pageHasher, signatureBytes, signatureOf } from './code-directory.ts'
import { joinMachO, splitMachO, type ThinFile, type ThinSource } from './fat.ts'
import { type FileBytes, type Layout, readLayout } from './layout.ts'
import { readSignature } from './signature.ts'

export interface AdHocSigning {
  /** What the signature calls the code: a bundle identifier or a file's name; 1 to 255 printable ASCII characters. */
  readonly identifier: string
  /** As Go's and Apple's linkers sign: the CodeDirectory alone. Default false: requirements and an empty CMS, as `codesign -s -`. */
  readonly linkerSigned?: boolean
  /** Of the hashes: 4096 (default, what Apple's and Go's linkers write) or 16384. */
  readonly pageBytes?: 4096 | 16384
  /** Entitlements and flags of the older signature of each slice stay, where it can be read. Default false. */
  readonly keep?: boolean
}

/**
 * The file signed ad hoc: an older signature is replaced, each slice of a universal file is signed. It is made while it is read,
 * so memory does not grow with the file. Throws `macho/bad-identifier`, `macho/no-room` (no 16 bytes behind the load commands),
 * `macho/size-changed`, and what `readMachO`, `readLayout` and `joinMachO` throw.
 */
export const signAdHoc = async (source: Source, options: AdHocSigning): Promise<FileBytes> => {
  if (!/^[\x21-\x7e]{1,255}$/.test(options.identifier)) {
    throw new FormatError('macho/bad-identifier', 'an identifier has 1 to 255 printable ASCII characters and no space')
  }
  return eachSlice(source, slice => signThin(slice, options))
}

/** The file without its signatures; one that has none comes out as it is. Throws what `readLayout` and `joinMachO` throw. */
export const stripMachO = (source: Source): Promise<FileBytes> => eachSlice(source, stripThin)

const eachSlice = async (source: Source, change: (slice: ThinSource) => Promise<ThinFile>): Promise<FileBytes> => {
  const slices = await splitMachO(source)
  const changed: ThinFile[] = []
  for (const slice of slices) changed.push(await change(slice))
  const { isFat } = await readMachO(source)
  const [first] = changed
  return isFat || first === undefined ? joinMachO(changed) : first
}

const signThin = async (slice: ThinSource, options: AdHocSigning): Promise<ThinFile> => {
  const layout = await readLayout(slice)
  const { pageBytes = 4096, identifier, linkerSigned = false } = options
  const codeBytes = align(layout.contentEnd, 16)
  const { text } = layout
  const handed = options.keep === true && !linkerSigned ? await handedOf(slice, layout) : undefined
  const directory: Directory = {
    handed,
    identifier,
    codeBytes,
    pageBytes,
    isLinkerSigned: linkerSigned,
    text: { offset: text?.fileOffset ?? 0, sizeBytes: text?.fileBytes ?? 0 },
    isProgram: layout.isProgram,
  }
  // Apple's own are padded to 16 bytes; Go's are not, and shall come out the same.
  const roomBytes = linkerSigned ? signatureBytes(directory) : align(signatureBytes(directory), 16)
  const head = withSignature(layout, { offset: codeBytes, sizeBytes: roomBytes })
  const { cpuType, cpuSubtype } = layout
  const chunks = () => signedChunks(slice, { head, layout, directory, roomBytes })
  return { cpuType, cpuSubtype, sizeBytes: codeBytes + roomBytes, chunks }
}

/** A damaged signature says nothing. */
const handedOf = async (slice: Source, { signature }: Layout): Promise<Handed | undefined> => {
  try {
    return (await readSignature(slice, { offset: 0, signature }))?.handed
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

interface Plan {
  readonly head: Uint8Array
  readonly layout: Layout
  readonly directory: Directory
  readonly roomBytes: number
}

async function* signedChunks(slice: Source, { head, layout, directory, roomBytes }: Plan): AsyncGenerator<Uint8Array> {
  const hasher = pageHasher(directory)
  for await (const chunk of changedContent(slice, head, layout.contentEnd)) {
    hasher.update(chunk)
    yield chunk
  }
  const padding = new Uint8Array(directory.codeBytes - layout.contentEnd)
  hasher.update(padding)
  yield padding
  const signature = signatureOf(directory, hasher.finish())
  yield signature
  yield new Uint8Array(roomBytes - signature.length)
}

async function* changedContent(slice: Source, head: Uint8Array, end: number): AsyncGenerator<Uint8Array> {
  const read = exactReader(slice, (message, offset) => new FormatError('macho/truncated', message, offset))
  yield head
  yield* streamRange(read, { offset: head.length, sizeBytes: end - head.length })
}

const align = (value: number, to: number): number => Math.ceil(value / to) * to

/** The head with the place of the signature, and a `__LINKEDIT` that holds it. */
const withSignature = (layout: Layout, place: { readonly offset: number; readonly sizeBytes: number }): Uint8Array => {
  if (place.offset + place.sizeBytes > 0xffffffff) throw new FormatError('macho/too-large', 'a slice above 4 GiB cannot be signed')
  const head = layout.signature === undefined ? withCommand(layout) : layout.head.slice()
  const view = new DataView(head.buffer)
  const at = layout.signature?.at ?? layout.head.length
  view.setUint32(at + 8, place.offset, true)
  view.setUint32(at + 12, place.sizeBytes, true)
  setLinkEdit(view, layout, place.offset + place.sizeBytes)
  return head
}

const commandBytes = 16

const withCommand = ({ head, roomEnd }: Layout): Uint8Array => {
  if (head.length + commandBytes > roomEnd) {
    throw new FormatError('macho/no-room', `no ${commandBytes} bytes are free behind the load commands for a signature`, head.length)
  }
  const larger = new Uint8Array(head.length + commandBytes)
  larger.set(head)
  const view = new DataView(larger.buffer)
  view.setUint32(head.length, 0x1d, true)
  view.setUint32(head.length + 4, commandBytes, true)
  return counted(larger, 1)
}

const counted = (head: Uint8Array, difference: 1 | -1): Uint8Array => {
  const view = new DataView(head.buffer)
  view.setUint32(16, view.getUint32(16, true) + difference, true)
  view.setUint32(20, view.getUint32(20, true) + difference * commandBytes, true)
  return head
}

/** Memory is counted in pages of arm64; it shrinks only when a signature is taken off. */
const setLinkEdit = (view: DataView, { linkEdit }: Layout, end: number): void => {
  const fileBytes = end - linkEdit.fileOffset
  view.setBigUint64(linkEdit.at + 48, BigInt(fileBytes), true)
  if (fileBytes > linkEdit.memoryBytes) view.setBigUint64(linkEdit.at + 32, BigInt(align(fileBytes, 16384)), true)
}

const stripThin = async (slice: ThinSource): Promise<ThinFile> => {
  const layout = await readLayout(slice)
  const { head, signature, contentEnd, cpuType, cpuSubtype } = layout
  const bare = signature === undefined ? head : withoutCommand(layout, signature.at)
  return { cpuType, cpuSubtype, sizeBytes: contentEnd, chunks: () => changedContent(slice, bare, contentEnd) }
}

const withoutCommand = (layout: Layout, at: number): Uint8Array => {
  const bare = new Uint8Array(layout.head.length)
  bare.set(layout.head.subarray(0, at))
  bare.set(layout.head.subarray(at + commandBytes), at)
  counted(bare, -1)
  const linkEditAt = layout.linkEdit.at > at ? layout.linkEdit.at - commandBytes : layout.linkEdit.at
  const view = new DataView(bare.buffer)
  view.setBigUint64(linkEditAt + 48, BigInt(layout.contentEnd - layout.linkEdit.fileOffset), true)
  return bare
}
