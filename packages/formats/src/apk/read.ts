// apk, reading: the members of a package, with every digest in it proven (apk-v2(5); apk-tools 3.0.6, src/extract_v2.c).
import { createHash } from 'node:crypto'
import { type ByteChunks, collect, concat, decodeText, encodeText } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { type GzipMember, gzipMembers, type PackedSum } from '../gzip-members.ts'
import { parsePkginfo, type PkginfoFields } from '../pkginfo.ts'
import { readTar, tarEnd, tarHeader, type TarFound } from '../tar.ts'
import { type ApkScriptKind, apkScriptKinds } from './package.ts'
import { type ApkSignature, readSignature } from './signature.ts'

export interface ApkReading {
  readonly limitEntries: number
  /** Of all members, unpacked. */
  readonly limitBytes: number
  /** Sees each entry of the data before its digests are proven; may read its bytes. */
  readonly visit?: (entry: TarFound) => Promise<void>
}

export interface Apk {
  /** Of .PKGINFO: `pkgname`, `pkgver`, `depend`… */
  readonly fields: PkginfoFields
  readonly scripts: ReadonlyMap<ApkScriptKind, Uint8Array>
  /** Not verified here. */
  readonly signatures: readonly ApkSignature[]
  /** Of the packed control member: what signatures are over. */
  readonly control: PackedSum
  /** Of the packed data member; equal to the field `datahash`. */
  readonly data: PackedSum
  readonly entries: readonly Omit<TarFound, 'bytes'>[]
}

/**
 * Throws `apk/bad-member` (order or number of members), `apk/end-of-archive` (a member that is not the last ends the archive),
 * `apk/bad-signature`, `apk/no-pkginfo`, `apk/bad-field`, `apk/no-datahash`, `apk/bad-datahash`, `apk/bad-checksum`,
 * `bytes/too-large` and what gzip and tar throw.
 */
export const readApk = async (chunks: ByteChunks, options: ApkReading): Promise<Apk> => {
  const signatures: ApkSignature[] = []
  let control: (Control & { readonly sum: PackedSum }) | undefined
  let data: Pick<Apk, 'entries' | 'data'> | undefined
  for await (const member of gzipMembers(chunks, options)) {
    if (data !== undefined) throw new FormatError('apk/bad-member', 'a member follows the data')
    if (control !== undefined) {
      const entries = await readData(member, options)
      data = { entries, data: member.sum() }
      continue
    }
    const files = await readCut(member, options)
    const isSigned = files[0]?.path.startsWith('.SIGN.') === true
    if (isSigned) signatures.push(...files.map(file => readSignature(file.path, file.content)))
    else control = { ...readControl(files), sum: member.sum() }
  }
  if (control === undefined) throw new FormatError('apk/bad-member', 'there is no control member')
  if (data === undefined) throw new FormatError('apk/bad-member', 'there is no data member')
  if (control.dataSha256 !== data.data.sha256)
    throw new FormatError('apk/bad-datahash', `the data's SHA-256 is ${data.data.sha256} and not ${control.dataSha256}`)
  return { fields: control.fields, scripts: control.scripts, signatures, control: control.sum, ...data }
}

interface CutFile {
  readonly path: string
  readonly content: Uint8Array
}

const limitCutBytes = 1 << 24
const sentinel = '.END-OF-MEMBER'

/** A member without an end of archive: a last entry of our own shows that the tar's reader came through to it. */
const readCut = async (member: GzipMember, { limitEntries }: ApkReading): Promise<readonly CutFile[]> => {
  const bytes = await collect(member.bytes(), limitCutBytes)
  const last = tarHeader({ path: sentinel, type: 'folder', mode: 0, sizeBytes: 0, mtime: 0 })
  const files: CutFile[] = []
  try {
    for await (const entry of readTar([concat([bytes, last, tarEnd])], { limitEntries: limitEntries + 1, limitBytes: limitCutBytes * 2 })) {
      if (entry.type === 'folder' && entry.path === `${sentinel}/`) return files
      if (entry.type !== 'file' || entry.path.includes('/'))
        throw new FormatError('apk/bad-member', `${JSON.stringify(entry.path)} is no file of a control member`)
      files.push({ path: entry.path, content: await collect(entry.bytes(), limitCutBytes) })
    }
  } catch (error) {
    if (!(error instanceof FormatError) || error.code !== 'tar/trailing-data') throw error
    throw new FormatError('apk/end-of-archive', 'a member before the data ends the archive, so that tar and apk would not see the rest')
  }
  throw new FormatError('apk/bad-member', 'a member before the data does not end with a whole entry')
}

interface Control {
  readonly fields: PkginfoFields
  readonly scripts: ReadonlyMap<ApkScriptKind, Uint8Array>
  readonly dataSha256: string
}

const readControl = (files: readonly CutFile[]): Control => {
  const twice = files.find((file, index) => files.findIndex(one => one.path === file.path) !== index)
  if (twice !== undefined) throw new FormatError('apk/bad-member', `${JSON.stringify(twice.path)} is there twice`)
  const plain = files.find(file => !file.path.startsWith('.') || file.path.startsWith('.SIGN.') || file.path === '.INSTALL')
  if (plain !== undefined) throw new FormatError('apk/bad-member', `${JSON.stringify(plain.path)} in the control member`)
  const pkginfo = files.find(file => file.path === '.PKGINFO')
  if (pkginfo === undefined) throw new FormatError('apk/no-pkginfo', 'the control member has no .PKGINFO')
  const fields = parsePkginfo(textOf(pkginfo.content), message => new FormatError('apk/bad-field', message))
  const [dataSha256 = '', ...more] = fields.get('datahash') ?? []
  // apk-v2(5) lets only indexes go without; a package without one has files that nothing vouches for.
  if (!/^[0-9a-f]{64}$/i.test(dataSha256) || more.length > 0)
    throw new FormatError('apk/no-datahash', 'there is no one datahash of SHA-256')
  const scripts = apkScriptKinds.flatMap(kind => {
    const file = files.find(one => one.path === `.${kind}`)
    return file === undefined ? [] : [[kind, file.content] as const]
  })
  return { fields, scripts: new Map(scripts), dataSha256: dataSha256.toLowerCase() }
}

const textOf = (bytes: Uint8Array): string => {
  try {
    return decodeText(bytes)
  } catch {
    throw new FormatError('apk/bad-field', '.PKGINFO is not UTF-8')
  }
}

const readData = async (member: GzipMember, { limitEntries, limitBytes, visit }: ApkReading): Promise<Apk['entries']> => {
  const entries: Omit<TarFound, 'bytes'>[] = []
  for await (const entry of readTar(member.bytes(), { limitEntries, limitBytes })) {
    const { bytes, ...plain } = entry
    entries.push(plain)
    const expected = entry.pax?.get('APK-TOOLS.checksum.SHA1')?.toLowerCase()
    const hash = createHash('sha1')
    const seen = { opened: false, ended: entry.type !== 'file' }
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      seen.opened = true
      for await (const chunk of bytes()) {
        hash.update(chunk)
        yield chunk
      }
      seen.ended = true
    }
    await visit?.({ ...entry, bytes: watched })
    if (expected === undefined) continue
    if (entry.type === 'symlink') hash.update(encodeText(entry.linkTarget ?? ''))
    else if (entry.type === 'file' && !seen.opened) for await (const _ of watched());
    // A visitor may have stopped early; the digest of the whole data still covers the rest.
    const isKnown = entry.type === 'symlink' || (entry.type === 'file' && seen.ended)
    if (isKnown && hash.digest('hex') !== expected)
      throw new FormatError('apk/bad-checksum', `${JSON.stringify(entry.path)} has another SHA-1`)
  }
  return entries
}
