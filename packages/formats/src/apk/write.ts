// apk, writing: a signature, a control and a data member of gzip, one after the other (apk-v2(5); abuild 3, create_apks).
import { createHash } from 'node:crypto'
import { type ByteChunks, collect, concat, encodeText } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import type { Deflated } from '../deflate.ts'
import { gzipOf } from '../gzip.ts'
import { inFlight } from '../in-flight.ts'
import { type TarDeflated, type TarEntry, tarGzParts, tarHeader, tarPadding } from '../tar.ts'
import { type ApkFields, apkPkginfo, apkScriptKinds, type ApkScripts } from './package.ts'
import { type ApkSignature, signatureName } from './signature.ts'

/** A file has `deflated`, and `sha1` or `bytes`; both streams may be opened more than once. Of many files they are asked for, twice. */
export interface ApkEntry extends TarEntry {
  readonly deflated?: Deflated | (() => Promise<Deflated>)
  bytes?(): ByteChunks
  /** 40 hex digits of the content, where they are known already. */
  readonly sha1?: string | (() => Promise<string>)
}

/** The packed control member: what is signed. `sha1` is also the package's identity in an index. */
export interface ApkControl {
  readonly bytes: Uint8Array
  /** Hex. */
  readonly sha1: string
  readonly sha256: string
}

export interface ApkPackage {
  readonly fields: ApkFields
  readonly scripts?: ApkScripts
  /** In any order; the folders that lead to files are not added. */
  readonly entries: readonly ApkEntry[]
  /** Not called without need; the same control member each time. */
  readonly sign?: (control: ApkControl) => Promise<readonly ApkSignature[]>
  /** Takes the data member in, once, and gives what reads it again: then it is not made a second time. */
  readonly spool?: (chunks: AsyncIterable<Uint8Array>) => Promise<() => ByteChunks>
}

/**
 * A whole package, the same bytes each time; without a spool deflate streams are read twice, because the control member names the data's digest.
 * Throws `apk/bad-name`, `apk/bad-version`, `apk/bad-relation`, `apk/bad-trigger`, `apk/bad-field`, `apk/bad-path`, `apk/bad-script`,
 * `apk/too-large`, `apk/bad-signature`, `apk/data-changed` and what tar and gzip throw.
 */
export async function* writeApk(apk: ApkPackage): AsyncGenerator<Uint8Array> {
  const entries = sorted(apk.entries)
  const measures = { installedBytes: installedBytes(apk), dataSha256: '' }
  // What is bad is told before the files are read.
  checkScripts(apk)
  apkPkginfo(apk.fields, measures)
  const summed = (): AsyncIterable<TarDeflated> => inFlight(entries, withChecksum)
  const data = createHash('sha256')
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of dataMember(summed())) {
      data.update(chunk)
      yield chunk
    }
  }
  const again = (await apk.spool?.(counted())) ?? (() => dataMember(summed()))
  if (apk.spool === undefined) for await (const _ of counted());
  const dataSha256 = data.digest('hex')
  const control = await controlMember(apk, apkPkginfo(apk.fields, { ...measures, dataSha256 }))
  const signatures = (await apk.sign?.(control)) ?? []
  if (signatures.length > 0) {
    const files = signatures.map(one => ({ path: signatureName(one), mode: 0o644, bytes: one.bytes }))
    yield await cutMember(files, apk.fields.date)
  }
  yield control.bytes
  const written = createHash('sha256')
  for await (const chunk of again()) {
    written.update(chunk)
    yield chunk
  }
  if (written.digest('hex') !== dataSha256) throw new FormatError('apk/data-changed', 'the files changed while they were packed')
}

const dataMember = (entries: AsyncIterable<TarDeflated>): AsyncGenerator<Uint8Array> => gzipOf(tarGzParts(entries))

interface CutFile {
  readonly path: string
  readonly mode: number
  readonly bytes: Uint8Array
}

/** A member that is not the last: no end of archive, for all members together are one tar. */
const cutMember = (files: readonly CutFile[], mtime: number): Promise<Uint8Array> => {
  const parts = files.flatMap(({ path, mode, bytes }) => [
    tarHeader({ path, type: 'file', mode, sizeBytes: bytes.length, mtime }),
    bytes,
    tarPadding(bytes.length),
  ])
  return collect(gzipOf([{ plain: concat(parts) }]), Number.MAX_SAFE_INTEGER)
}

const controlMember = async ({ fields, scripts = {} }: ApkPackage, pkginfo: string): Promise<ApkControl> => {
  const files = apkScriptKinds.flatMap(kind => {
    const text = scripts[kind]
    return text === undefined ? [] : [{ path: `.${kind}`, mode: 0o755, bytes: encodeText(text) }]
  })
  const bytes = await cutMember([{ path: '.PKGINFO', mode: 0o644, bytes: encodeText(pkginfo) }, ...files], fields.date)
  const digest = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex')
  return { bytes, sha1: digest('sha1'), sha256: digest('sha256') }
}

const checkScripts = ({ fields, scripts = {} }: ApkPackage): void => {
  if ((scripts.trigger === undefined) !== ((fields.triggers ?? []).length === 0))
    throw new FormatError('apk/bad-trigger', 'a trigger script, and only it, needs folders that trigger it')
  // apk starts a script as a program.
  const bare = apkScriptKinds.find(kind => scripts[kind]?.startsWith('#!') === false)
  if (bare !== undefined) throw new FormatError('apk/bad-script', `the ${bare} script does not begin with #! and an interpreter`)
}

/** apk takes a package of 0 bytes for one without files. */
const installedBytes = ({ entries, scripts = {} }: ApkPackage): number => {
  const sum = entries.reduce((total, entry) => total + entry.sizeBytes, 0)
  return sum === 0 && entries.length + Object.keys(scripts).length > 0 ? 1 : sum
}

const withChecksum = async (entry: ApkEntry): Promise<TarDeflated> => {
  const { path, type, mode, sizeBytes, mtime, linkTarget } = entry
  const plain = { path, type, mode, sizeBytes, mtime, ...(linkTarget === undefined ? {} : { linkTarget }) }
  if (type === 'folder') return plain
  const [deflated, sha1] = await Promise.all([
    typeof entry.deflated === 'function' ? entry.deflated() : entry.deflated,
    typeof entry.sha1 === 'function' ? entry.sha1() : (entry.sha1 ?? sha1Of(entry)),
  ])
  return { ...plain, ...(deflated === undefined ? {} : { deflated }), pax: { 'APK-TOOLS.checksum.SHA1': sha1 } }
}

const sha1Of = async (entry: ApkEntry): Promise<string> => {
  const hash = createHash('sha1')
  if (entry.type === 'symlink') return hash.update(encodeText(entry.linkTarget ?? '')).digest('hex')
  let sizeBytes = 0
  for await (const chunk of entry.bytes?.() ?? []) {
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  if (sizeBytes === entry.sizeBytes) return hash.digest('hex')
  throw new FormatError('apk/data-changed', `${entry.path} gave ${sizeBytes} bytes where ${entry.sizeBytes} were announced`)
}

// apk reads a size as 11 octal digits and a path below PATH_MAX - 10 (src/tar.c).
const limitFileBytes = 8 ** 11 - 1
const limitPathBytes = 4085

const sorted = (entries: readonly ApkEntry[]): readonly ApkEntry[] => {
  const bare = (entry: ApkEntry): string => entry.path.replace(/\/+$/, '')
  const paths = new Set<string>()
  for (const entry of entries) {
    const path = bare(entry)
    const refuse = (reason: string): FormatError => new FormatError('apk/bad-path', `${JSON.stringify(entry.path)} ${reason}`)
    if (path.startsWith('.')) throw refuse('begins with a dot: apk takes it for its own and does not unpack it')
    if (paths.has(path)) throw refuse('is there twice')
    for (const name of [path, entry.linkTarget ?? ''])
      if (encodeText(name).length > limitPathBytes) throw refuse(`is longer than ${limitPathBytes} bytes`)
    if (entry.sizeBytes > limitFileBytes) throw new FormatError('apk/too-large', `${entry.path} is larger than ${limitFileBytes} bytes`)
    paths.add(path)
  }
  return entries.toSorted((left, right) => (bare(left) < bare(right) ? -1 : 1))
}
