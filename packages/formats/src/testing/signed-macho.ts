// A small program with a signature as others make them, for tests: with entitlements and flags, and as if a certificate stood behind it.
import { collect, concat, encodeText, fromBytes } from '../bytes.ts'
import { type Directory, type Handed, pageHasher, signatureBytes, signatureOf } from '../macho/code-directory.ts'
import { readLayout } from '../macho/layout.ts'
import { signAdHoc } from '../macho/sign-adhoc.ts'
import { writePlist } from '../plist/write.ts'
import { unsignedMachO } from './binaries.ts'

const blob = (magic: number, body: Uint8Array): Uint8Array => {
  const bytes = concat([new Uint8Array(8), body])
  new DataView(bytes.buffer).setUint32(0, magic)
  new DataView(bytes.buffer).setUint32(4, bytes.length)
  return bytes
}

const key = 'com.apple.security.device.audio-input'
const tagged = (tag: number, ...body: readonly Uint8Array[]): Uint8Array => {
  const content = concat(body)
  return concat([Uint8Array.of(tag, content.length), content])
}
/** As Apple writes it in DER: version 1, then a dictionary of one pair. */
const der = tagged(
  0x70,
  tagged(2, Uint8Array.of(1)),
  tagged(0xb0, tagged(0x30, tagged(0x0c, encodeText(key)), tagged(1, Uint8Array.of(0xff)))),
)

/** The microphone, behind the hardened runtime of macOS 13.1. */
export const askedFor: Handed = {
  flags: 0x12002,
  execFlags: 0x41,
  runtimeVersion: 0x000d0100,
  blobs: [
    [5, blob(0xfade7171, encodeText(writePlist({ [key]: true })))],
    [7, blob(0xfade7172, der)],
  ],
}

/** Its signature says `askedFor`. With `cms` it has a certificate's blob, of sixteen zeros. */
export const signedMachO = async ({ cms = false }: { readonly cms?: boolean } = {}): Promise<Uint8Array> => {
  const plain = await collect((await signAdHoc(fromBytes(unsignedMachO()), { identifier: 'old' })).chunks(), 1 << 20)
  const { signature: place, linkEdit } = await readLayout(fromBytes(plain))
  const codeBytes = place?.offset ?? 0
  const base = { identifier: 'old', codeBytes, pageBytes: 4096, isLinkerSigned: false, isProgram: true } as const
  const directory: Directory = { ...base, text: { offset: 0, sizeBytes: 0 }, handed: askedFor }
  const sizeBytes = signatureBytes(directory) + (cms ? 16 : 0)
  const code = plain.slice(0, codeBytes)
  const view = new DataView(code.buffer)
  view.setUint32((place?.at ?? 0) + 12, sizeBytes, true)
  view.setBigUint64(linkEdit.at + 48, BigInt(codeBytes + sizeBytes - linkEdit.fileOffset), true)
  const hasher = pageHasher(directory)
  hasher.update(code)
  const signature = concat([signatureOf(directory, hasher.finish()), new Uint8Array(cms ? 16 : 0)])
  const blobs = new DataView(signature.buffer)
  blobs.setUint32(4, signature.length)
  // The certificate's blob is the last one, and empty in ours.
  if (cms) blobs.setUint32(signature.length - 20, 24)
  return concat([code, signature])
}
