// The runtime of an AppImage: ours or a given one, checked, with the update information in its place (AppImageSpec, type 2).
import { fail, parseTarget, sha256, SlipwayError, type Hex, type Problem } from '@slipway/core'
import { decodeBase64 } from '@slipway/formats/base64'
import { gunzipWhole } from '@slipway/formats/gzip'
import { decodeText, encodeText, fieldsOf, untilNul } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import type { PackSubject } from '../packager.ts'

export interface GivenRuntime {
  /** Of a file in the project. */
  readonly path: string
  readonly sha256: Hex
}
export type RuntimeArch = 'x64' | 'arm64'

/** The architectures as AppImages name them, and as ELF numbers them (e_machine). */
export const runtimeArches = { x64: { name: 'x86_64', machine: 62 }, arm64: { name: 'aarch64', machine: 183 } } as const

export const archOf = (target: string): RuntimeArch | null => {
  const arch = parseTarget(target)?.arch
  return arch === 'x64' || arch === 'arm64' ? arch : null
}

/**
 * The bytes before the file system. Codes: `appimage/wrong-runtime` (another digest), `appimage/bad-runtime` (no
 * type 2 runtime of this architecture, or without room for update information).
 */
export const runtimeOf = (subject: Subject, given: GivenRuntime | Uint8Array, update: string): Uint8Array => {
  const arch = archOf(subject.target) ?? 'x64'
  const bytes = given instanceof Uint8Array ? given : givenRuntime(subject, given, arch)
  const where = { path: `packages.appimage.runtime.${arch}`, target: subject.target }
  try {
    const { sizeBytes, room } = elfFacts(bytes, arch)
    if (sizeBytes !== bytes.length) throw new FormatError('elf/bad-header', `bytes follow its end at ${sizeBytes}`)
    if (update !== '') bytes.set(placed(update, room), room.offset)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    fail('appimage/bad-runtime', `the runtime is no type 2 AppImage runtime for ${arch}: ${error.message}`, {
      hint: 'Leave runtime away to use the one of slipway.',
      where,
    })
  }
  return bytes
}

type Subject = Pick<PackSubject, 'assets' | 'target'>

/** What is wrong with a given runtime that can be read. Codes: those of `runtimeOf`. */
export const runtimeProblems = (
  subject: Subject,
  runtime: Partial<Readonly<Record<RuntimeArch, GivenRuntime | undefined>>> | undefined,
  update: string,
): readonly Problem[] => {
  const given = runtime?.[archOf(subject.target) ?? 'x64']
  if (given === undefined || subject.assets?.has(given.path) !== true) return []
  try {
    runtimeOf(subject, given, update)
    return []
  } catch (error) {
    if (error instanceof SlipwayError) return error.problems
    throw error
  }
}

/** Ours. Its bytes are loaded for the packages alone that hold them. */
export const ownRuntime = async (arch: RuntimeArch): Promise<Uint8Array> => {
  const { runtimes } = await import('./runtimes.gen.ts')
  return gunzipWhole(decodeBase64(runtimes[arch]))
}

const givenRuntime = ({ assets, target }: Subject, given: GivenRuntime, arch: RuntimeArch): Uint8Array => {
  const bytes = assets?.get(given.path)?.bytes
  const digest = bytes === undefined ? 'nothing' : sha256(bytes)
  if (bytes === undefined || digest !== given.sha256)
    return fail('appimage/wrong-runtime', `${JSON.stringify(given.path)} has the digest ${digest} instead of ${given.sha256}`, {
      hint: 'Look where the file came from; if it is the right one, write its digest into the config.',
      where: { path: `packages.appimage.runtime.${arch}.sha256`, target },
    })
  return Uint8Array.from(bytes)
}

interface Room {
  readonly offset: number
  readonly sizeBytes: number
}

/** Size by its section table, which is last, and the place of `.upd_info`. */
const elfFacts = (bytes: Uint8Array, arch: RuntimeArch): { readonly sizeBytes: number; readonly room: Room } => {
  const elf = fieldsOf(bytes, 'little')
  const bad = (message: string): FormatError => new FormatError('elf/bad-header', message)
  if (fieldsOf(bytes, 'big').u32(0) !== 0x7f454c46 || elf.u8(4) !== 2) throw bad('no 64-bit ELF file')
  if (elf.u16(8) !== 0x4941 || elf.u8(10) !== 2) throw bad('it does not have AI and 2 at byte 8')
  if (elf.u16(18) !== runtimeArches[arch].machine) throw bad(`it is for the machine ${elf.u16(18)}`)
  const [start, stride, count] = [elf.u64(40), elf.u16(58), elf.u16(60)]
  const names = elf.u64(start + elf.u16(62) * stride + 24)
  for (let index = 0; index < count; index++) {
    const at = start + index * stride
    const name = bytes.subarray(names + elf.u32(at), names + elf.u32(at) + 16)
    if (decodeText(untilNul(name)) !== '.upd_info') continue
    return { sizeBytes: start + stride * count, room: { offset: elf.u64(at + 24), sizeBytes: elf.u64(at + 32) } }
  }
  throw bad('it has no section .upd_info')
}

const placed = (update: string, room: Room): Uint8Array => {
  const text = encodeText(update)
  if (text.length >= room.sizeBytes)
    throw new FormatError('elf/bad-header', `update information of ${text.length} bytes has no room in ${room.sizeBytes}`)
  return text
}
