// The app's own files as app.asar: what is left out, what has to stand beside it, and the version that app.getVersion() says.
import { fail } from '@slipway/core'
import { writeAsar, type AsarEntry } from '@slipway/formats/asar/write'
import { collect, fromBytes } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { identify } from '@slipway/formats/identify'
import type { TreeEntry, TreeFile } from '../../tree.ts'
import { fillPlaceholders, type BuildJob } from '../builder.ts'
import { hashOf, archiveName } from './integrity.ts'
import { matcherOf } from './patterns.ts'

interface Options {
  readonly app?: string | undefined
  readonly unpack?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
}

/** What no app needs: git's own files, what npm and the Finder leave, and Electron itself, which is around it. */
const leftOut = ['.git', '.DS_Store', 'node_modules/.bin', 'node_modules/.cache', 'node_modules/electron', 'node_modules/electron-nightly']
const limitPackageBytes = 1 << 22

/**
 * Writes `app.asar` and `app.asar.unpacked` into a folder; the SHA-256 of its header. Codes: `electron/no-app-folder`,
 * `electron/no-package-json`, `electron/no-main`, `electron/not-packable`, and those of `scan`.
 */
export const packApp = async (job: BuildJob, options: Options, resources: string): Promise<string> => {
  const entries = await sourceOf(job, options)
  const isUnpacked = await unpackedIn(job, entries, options)
  const packed = entries.map((entry): AsarEntry => {
    if (entry.type === 'folder') return { type: 'folder', path: entry.path }
    const own = { path: entry.path, isUnpacked: isUnpacked.has(entry.path) }
    if (entry.type === 'link') return { type: 'link', linkTarget: entry.linkTarget, ...own }
    return { type: 'file', sizeBytes: entry.sizeBytes, isExecutable: (entry.mode & 0o111) !== 0, bytes: () => entry.bytes(), ...own }
  })
  const { files } = job.io
  try {
    const { header, chunks } = await writeAsar(packed)
    await files.write(`${resources}/${archiveName}`, chunks(), { mode: 0o644, durable: false })
    for (const entry of entries) {
      const beside = `${resources}/${archiveName}.unpacked/${entry.path}`
      if (!isUnpacked.has(entry.path)) continue
      if (entry.type === 'file') await files.write(beside, entry.bytes(), { mode: entry.mode, durable: false })
      else if (entry.type === 'link') {
        await files.makeFolder(beside.slice(0, beside.lastIndexOf('/')))
        await files.link(entry.linkTarget, beside)
      }
    }
    return hashOf(header)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('electron/not-packable', `${options.app ?? ''} cannot become an asar archive: ${error.message} (${error.code})`, {
      hint: 'Take the file out with build.electron.exclude, or lay it beside the app.',
      where: { path: 'build.electron.app', target: job.target },
    })
  }
}

const sourceOf = async (job: BuildJob, { app = '', exclude = [] }: Options): Promise<readonly TreeEntry[]> => {
  const path = fillPlaceholders(app, job)
  const folder = (path.startsWith('/') ? path : `${job.root}/${path}`).replace(/\/+$/, '')
  const where = { path: 'build.electron.app', file: path, target: job.target }
  if ((await job.io.files.stat(folder))?.type !== 'folder')
    fail('electron/no-app-folder', `no folder is at ${JSON.stringify(folder)}, which build.electron.app says for ${job.target}`, {
      hint: 'Build the app first, or correct the path to the folder that holds its package.json.',
      where,
    })
  const isLeftOut = matcherOf([...leftOut, ...exclude])
  const entries = (await job.scan(folder)).filter(one => !isLeftOut(one.path))
  const manifest = entries.find((one): one is TreeFile => one.type === 'file' && one.path === 'package.json')
  if (manifest === undefined)
    return fail('electron/no-package-json', `${JSON.stringify(path)} has no package.json, by which Electron finds the app`, {
      hint: 'Take the folder that holds the app with its package.json.',
      where,
    })
  const known = await parsed(manifest, where)
  refuseNoMain(known, entries, where)
  return entries.map(one => (one === manifest ? versioned(manifest, known, job.app.version) : one))
}

const parsed = async (manifest: TreeFile, where: { file: string }): Promise<Readonly<Record<string, unknown>>> => {
  const text = new TextDecoder().decode(await collect(manifest.bytes(), limitPackageBytes))
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>
  } catch {
    // Said below.
  }
  return fail('electron/no-package-json', `the package.json in ${JSON.stringify(where.file)} is no JSON object`, {
    hint: 'Correct it: Electron reads the name and the entry of the app from it.',
    where,
  })
}

const refuseNoMain = ({ main }: Readonly<Record<string, unknown>>, entries: readonly TreeEntry[], where: { file: string }): void => {
  const entry = (typeof main === 'string' && main !== '' ? main : 'index.js').replace(/^(\.\/)+/, '').replace(/\/+$/, '')
  const paths = new Set(entries.filter(one => one.type !== 'folder').map(one => one.path))
  if (['', '.js', '.cjs', '.mjs', '.json', '.node', '/index.js'].some(ending => paths.has(entry + ending))) return
  fail('electron/no-main', `${JSON.stringify(where.file)} has no ${JSON.stringify(entry)}, which its package.json names as the entry`, {
    hint: 'Build the app first, or correct "main" in package.json.',
    where,
  })
}

/** With the version of the release, which app.getVersion() says where the program does not hold it. */
const versioned = (file: TreeFile, known: Readonly<Record<string, unknown>>, version: string): TreeFile => {
  if (known['version'] === version) return file
  const bytes = new TextEncoder().encode(`${JSON.stringify({ ...known, version }, null, 2)}\n`)
  return {
    ...file,
    sizeBytes: bytes.length,
    bytes: async function* () {
      yield bytes
    },
  }
}

/** By the patterns of the config; and programs and libraries, which no system loads out of an archive. */
const unpackedIn = async (job: BuildJob, entries: readonly TreeEntry[], { unpack = [] }: Options): Promise<ReadonlySet<string>> => {
  const matches = matcherOf(unpack)
  const found = new Set<string>()
  for (const entry of entries)
    if (entry.type !== 'folder' && (matches(entry.path) || (entry.type === 'file' && (await isProgram(entry))))) found.add(entry.path)
  for (const pattern of unpack)
    if (!entries.some(one => matcherOf([pattern])(one.path))) job.note(`build.electron.unpack: ${JSON.stringify(pattern)} matches nothing`)
  return found
}

const isProgram = async (file: TreeFile): Promise<boolean> => {
  if (/\.(m?js|cjs|json|map|css|html?|md|ts|svg|png|txt|LICENSE)$/i.test(file.path)) return false
  for await (const chunk of file.bytes()) return ['elf', 'pe', 'macho', 'macho-fat'].includes(await identify(fromBytes(chunk)))
  return false
}
