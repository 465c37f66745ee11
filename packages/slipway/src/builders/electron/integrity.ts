// What an app records of its archives, which Electron compares when it starts (electronjs.org, ASAR Integrity): in Info.plist or a resource.
import { createHash } from 'node:crypto'
import { fail } from '@slipway/core'
import { readAsar } from '@slipway/formats/asar'
import { FormatError } from '@slipway/formats/format-error'
import { isInsidePath } from '@slipway/formats/inside-path'
import { readPeResources, withPeResources, type PeResource } from '@slipway/formats/pe-resources'
import { isDict, plistText, type PlistValue } from '@slipway/formats/plist/value'
import type { Io } from '../../io/io.ts'
import { plistAt, type Layout } from './layout.ts'

export interface Recorded {
  /** As it is written: `Resources/app.asar`, `resources\app.asar`. */
  readonly said: string
  /** Inside of the app folder. */
  readonly path: string
  readonly hash: string
}
export type Integrity = Readonly<Record<string, { readonly algorithm: string; readonly hash: string }>>

export const archiveName = 'app.asar'
const limitProgramBytes = 1 << 30
const limitEntries = 1_000_000

/** Empty: nothing is recorded, or the system has no place for it. Code: `electron/bad-integrity`. */
export const recordedIn = async (io: Io, layout: Layout): Promise<readonly Recorded[]> => {
  const recorded = layout.os === 'windows' ? await resourceOf(io, layout) : layout.os === 'macos' ? await plistRecords(io, layout) : []
  const outside = recorded.find(one => !isInsidePath(one.said))
  if (outside !== undefined) bad(layout.executable, `what it records leads out of the app: ${JSON.stringify(outside.said)}`)
  return recorded
}

const plistRecords = async (io: Io, layout: Layout): Promise<readonly Recorded[]> =>
  Object.entries(await dictionaryOf(io, layout)).map(([said, { hash }]) => ({ said, path: `Contents/${said}`, hash }))

/** `ElectronAsarIntegrity` of a bundle. Code: `electron/bad-integrity`. */
export const dictionaryOf = async (io: Io, { folder }: Layout): Promise<Integrity> => {
  const value = (await plistAt(io, `${folder}/Contents/Info.plist`))['ElectronAsarIntegrity']
  if (value === undefined) return {}
  if (!isDict(value)) return bad('Contents/Info.plist', 'ElectronAsarIntegrity is no dictionary')
  return Object.fromEntries(
    Object.entries(value).map(([path, one]) => {
      const [algorithm, hash] = [plistText(one, 'algorithm'), plistText(one, 'hash')]
      if (algorithm !== 'SHA256' || hash === undefined || !isHash(hash))
        return bad('Contents/Info.plist', `ElectronAsarIntegrity says no SHA256 of ${JSON.stringify(path)}`)
      return [path, { algorithm, hash: hash.toLowerCase() }]
    }),
  )
}

const isHash = (text: string): boolean => /^[0-9a-f]{64}$/i.test(text)

const bad = (file: string, what: string): never =>
  // explain: The record that the app has of its archives cannot be read or written, so Electron would not find it.
  fail('electron/bad-integrity', `${file}: ${what}`, {
    hint: 'Build the app again: Electron would not start it with this record, or pay no regard to it.',
    where: { path: 'build.electron', file },
  })

/** Windows asks for `Integrity` and `ElectronAsar`, and resources have their names in capitals. */
const isOurs = ({ type, name }: PeResource): boolean => type === 'INTEGRITY' && name === 'ELECTRONASAR'

const resourceOf = async (io: Io, { folder, executable }: Layout): Promise<readonly Recorded[]> => {
  const found = readable(executable, readPeResources, await io.files.read(`${folder}/${executable}`, limitProgramBytes)).find(isOurs)
  if (found === undefined) return []
  const list = listOf(new TextDecoder().decode(found.bytes))
  if (list === null) return bad(executable, 'its resource INTEGRITY/ELECTRONASAR is no list of files')
  return list.map(({ file, alg, value }) => {
    if (typeof file !== 'string' || String(alg).toLowerCase() !== 'sha256' || typeof value !== 'string' || !isHash(value))
      return bad(executable, `its resource INTEGRITY/ELECTRONASAR says no sha256 of ${JSON.stringify(file ?? null)}`)
    return { said: file, path: file.replaceAll('\\', '/'), hash: value.toLowerCase() }
  })
}

const listOf = (text: string): readonly Readonly<Record<string, unknown>>[] | null => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every(one => typeof one === 'object' && one !== null) ? value : null
  } catch {
    return null
  }
}

const readable = <T>(file: string, read: (bytes: Uint8Array) => T, bytes: Uint8Array): T => {
  try {
    return read(bytes)
  } catch (error) {
    if (error instanceof FormatError) return bad(file, `its resources cannot be read or changed: ${error.message} (${error.code})`)
    throw error
  }
}

/** Whether Electron finds the record of the app's own archive: the path is compared as it stands, on Windows without regard to case. */
export const isFound = ({ os }: Layout, { said }: Recorded): boolean =>
  os === 'windows' ? said.toLowerCase() === `resources\\${archiveName}` : said === `Resources/${archiveName}`

/** SHA-256 of the header of an archive. Code: `electron/bad-asar`. */
export const headerHash = async (io: Io, file: string): Promise<string> => {
  const source = await io.files.open(file)
  try {
    return hashOf((await readAsar(source, { limitEntries })).header)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('electron/bad-asar', `${file} is no sound asar archive: ${error.message} (${error.code})`, {
      hint: 'Build the app again: Electron would not start it.',
      where: { path: 'build.electron', file },
      exit: 'corrupt',
    })
  } finally {
    await source.close()
  }
}

export const hashOf = (header: Uint8Array): string => createHash('sha256').update(header).digest('hex')

/** What Info.plist has to say of the app's own archive. */
export const integrityKeys = (hash: string): { readonly [key: string]: PlistValue } => ({
  ElectronAsarIntegrity: { [`Resources/${archiveName}`]: { algorithm: 'SHA256', hash } },
})

/** The record in the program, in place of an older one; a certificate table goes. Code: `electron/bad-integrity`. */
export const recordInProgram = async (io: Io, file: string, hash: string): Promise<void> => {
  const bytes = new TextEncoder().encode(JSON.stringify([{ file: `resources\\${archiveName}`, alg: 'SHA256', value: hash }]))
  const made = readable(
    file,
    pe => {
      const resources = readPeResources(pe)
      // Of the version, which every Electron has.
      const language = resources.find(one => one.type === 16)?.language ?? 0x409
      const own: PeResource = { type: 'INTEGRITY', name: 'ELECTRONASAR', language, codePage: 0, bytes }
      return withPeResources(pe, [...resources.filter(one => !isOurs(one)), own])
    },
    await io.files.read(file, limitProgramBytes),
  )
  await io.files.write(file, made, { mode: 0o755, durable: false })
}
