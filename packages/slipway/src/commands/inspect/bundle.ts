// A macOS bundle inside of whatever holds it: what its Info.plist says, its program, the code inside of it, its profile (Bundle Programming Guide).
import { type ByteChunks, collect } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { isDict, plistText, type PlistValue } from '@slipway/formats/plist/value'
import { lookAt, type Seen } from './look.ts'
import { entitlementWords, listOf, profileOf } from './property-list.ts'
import { type Found, given, type Program } from './report.ts'

export interface BundleSource {
  readonly seen: readonly Seen[]
  /** Undefined where it is not there or not at hand. */
  readonly open: (path: string) => ByteChunks | undefined
  readonly nowMs: number
}

const limitSmallBytes = 1 << 20
const limitNested = 300
const limitMainBytes = 32 * 2 ** 20

/** What `bundleFacts` opens of a container that is read once, from front to end. */
export const isBundleText = (path: string): boolean => /\.app\/(.+\/)?(Info\.plist|embedded\.provisionprofile)$/.test(path)

/** Of the bundle that lies furthest out; nothing where there is none. */
export const bundleFacts = async (source: BundleSource): Promise<Partial<Found>> => {
  const tops = source.seen
    .filter(({ entry }) => entry.path.endsWith('.app/Contents/Info.plist'))
    .flatMap(({ entry }) => /^((?:.+\/)?[^/]+\.app)\/Contents\/Info\.plist$/.exec(entry.path)?.[1] ?? [])
    .filter((path, _, all) => !all.some(other => path !== other && path.startsWith(`${other}/`)))
  const [path] = tops
  if (path === undefined) return {}
  const plist = await plistAt(source, `${path}/Contents/Info.plist`)
  const executable = plistText(plist, 'CFBundleExecutable')
  const program = executable === undefined ? undefined : await programAt(source, `${path}/Contents/MacOS/${executable}`)
  const slice = program === undefined ? undefined : firstSlice(program)
  const version = plistText(plist, 'CFBundleShortVersionString')
  const isSealed = source.seen.some(({ entry }) => entry.path === `${path}/Contents/_CodeSignature/CodeResources`)
  const entitlements = slice?.['entitlements']
  return {
    version: version ?? plistText(plist, 'CFBundleVersion') ?? null,
    facts: given({
      app: given({
        path,
        name: plistText(plist, 'CFBundleDisplayName') ?? plistText(plist, 'CFBundleName'),
        id: plistText(plist, 'CFBundleIdentifier'),
        version,
        build: plistText(plist, 'CFBundleVersion'),
        executable,
        minimum: plistText(plist, 'LSMinimumSystemVersion'),
        icon: plistText(plist, 'CFBundleIconFile'),
        arch: program?.arch,
        signature: slice?.['signature'],
        team: slice?.['team'],
        hardenedRuntime: slice?.['hardenedRuntime'],
        sealed: isSealed,
      }),
      apps: tops.length > 1 ? tops : undefined,
      schemes: schemesOf(plist),
      entitlements: typeof entitlements === 'string' ? entitlementWords(listOf(new TextEncoder().encode(entitlements))) : undefined,
      profile: await profileAt(source, `${path}/Contents/embedded.provisionprofile`),
      nested: await nestedCode(source, path, `${path}/Contents/MacOS/${executable ?? ''}`),
    }),
  }
}

const bytesAt = async ({ seen, open }: BundleSource, path: string): Promise<Uint8Array | undefined> => {
  const entry = seen.find(one => one.entry.path === path)?.entry
  const chunks = entry?.type === 'file' && entry.sizeBytes <= limitSmallBytes ? open(path) : undefined
  return chunks === undefined ? undefined : collect(chunks, limitSmallBytes)
}

const plistAt = async (source: BundleSource, path: string): Promise<PlistValue | undefined> => {
  const bytes = await bytesAt(source, path)
  return bytes === undefined ? undefined : listOf(bytes)
}

const programAt = async ({ seen, open }: BundleSource, path: string): Promise<Program | undefined> => {
  const found = seen.find(({ entry }) => entry.path === path)
  if (found?.entry.type !== 'file' || (found.program !== undefined && found.program.isHeadOnly !== true)) return found?.program
  const { sizeBytes } = found.entry
  const chunks = sizeBytes <= limitMainBytes ? open(path) : undefined
  return chunks === undefined ? found.program : (await lookAt(chunks, { sizeBytes, digests: false })).program
}

const firstSlice = ({ facts }: Program): Readonly<Record<string, unknown>> | undefined => {
  const slices = facts['slices']
  return Array.isArray(slices) ? (slices[0] as Readonly<Record<string, unknown>> | undefined) : undefined
}

const schemesOf = (plist: PlistValue | undefined): readonly string[] => {
  const types = isDict(plist) ? plist['CFBundleURLTypes'] : undefined
  return (Array.isArray(types) ? (types as readonly PlistValue[]) : []).flatMap(type => {
    const schemes = isDict(type) ? type['CFBundleURLSchemes'] : undefined
    return Array.isArray(schemes) ? (schemes as readonly PlistValue[]).filter(one => typeof one === 'string') : []
  })
}

/** A damaged one is said, and nothing else is lost for it. */
const profileAt = async (source: BundleSource, path: string): Promise<Readonly<Record<string, unknown>> | undefined> => {
  const bytes = await bytesAt(source, path)
  if (bytes === undefined) return undefined
  try {
    return profileOf(bytes, source.nowMs) ?? { state: 'no provisioning profile' }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { state: 'damaged' }
  }
}

/** Bundles inside of the bundle, and programs beside its own; what they are where it was looked at. */
const nestedCode = async (source: BundleSource, top: string, main: string): Promise<readonly string[]> => {
  const programs = new Map(source.seen.flatMap(({ entry, program }) => (program === undefined ? [] : [[entry.path, program] as const])))
  const words: string[] = []
  const homes: string[] = []
  for (const { entry } of source.seen) {
    const home = entry.path.startsWith(`${top}/`) ? bundleHome(entry.path) : undefined
    if (home === undefined || home === top || homes.length >= limitNested) continue
    homes.push(home)
    const plist = await plistAt(source, entry.path)
    const name = plistText(plist, 'CFBundleExecutable') ?? ''
    const program = [...programs].find(([path]) => path.startsWith(`${home}/`) && path.endsWith(`/${name}`))?.[1]
    const parts = [plistText(plist, 'CFBundleIdentifier'), plistText(plist, 'CFBundleShortVersionString'), program?.arch]
    words.push([home.slice(top.length + 1), ...parts.filter(part => part !== undefined)].join(' '))
  }
  for (const [path, { arch }] of programs) {
    if (words.length >= 2 * limitNested) break
    if (path === main || !path.startsWith(`${top}/`) || homes.some(home => path.startsWith(`${home}/`))) continue
    words.push(`${path.slice(top.length + 1)} ${arch}`)
  }
  return words.toSorted()
}

/** The bundle whose Info.plist this is. */
const bundleHome = (path: string): string | undefined =>
  (
    /^(.+\.(?:app|appex|xpc|bundle|plugin|systemextension|prefPane))\/Contents\/Info\.plist$/.exec(path) ??
    /^(.+\.framework)\/(?:Versions\/(?!Current\/)[^/]+\/)?(?:Resources\/)?Info\.plist$/.exec(path)
  )?.[1]
