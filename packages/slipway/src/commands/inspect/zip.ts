// zip as inspect shows it, and NuGet packages, which are zips with a .nuspec (learn.microsoft.com, .nuspec reference).
import { collect, decodeText, fromBytes, noBytes, type Source } from '@slipway/formats/bytes'
import { openEntry, readZip, storedEntry, type ZipFound } from '@slipway/formats/zip/read'
import { bundleFacts } from './bundle.ts'
import { foundOf, lookAround, type Openable } from './look.ts'
import { xmlText } from './plist.ts'
import { type Draft, type Found, given, limits, modeText, type Subject } from './report.ts'

const [methodStored, methodDeflated, limitLinkBytes, limitLinks] = [0, 8, 4096, 1000]

export const readZipReport = async ({ source, digests, nowMs }: Subject): Promise<Found> => {
  const entries = await readZip(source, { limitEntries: limits.limitEntries })
  const open = (entry: ZipFound) => openEntry(source, entry, { limitBytes: limits.limitBytes })
  const all: Openable[] = []
  let links = 0
  for (const found of entries) {
    const { path, type, sizeBytes, method } = found
    // What is encrypted or packed in another way is listed, and not looked into.
    const isReadable = (method === methodStored || method === methodDeflated) && (found.flags & 1) === 0
    const isLink = type === 'symlink' && isReadable && sizeBytes <= limitLinkBytes && (digests || links++ < limitLinks)
    const linkTarget = isLink ? decodeText(await collect(open(found), limitLinkBytes)) : undefined
    const isFile = type === 'file'
    const entry: Draft = {
      path,
      type: isFile && !isReadable ? 'other' : type,
      mode: modeText(found.mode),
      sizeBytes: isFile ? sizeBytes : 0,
    }
    if (linkTarget !== undefined) entry.linkTarget = linkTarget
    const isStored = isFile && isReadable && method === methodStored
    all.push({ entry, open: () => open(found), within: isStored ? use => within(source, found, use) : undefined })
  }
  const encrypted = entries.filter(({ flags }) => (flags & 1) !== 0).length
  const seen = await lookAround(all, digests)
  const manifest = entries.find(({ path, sizeBytes }) => path === 'AppxManifest.xml' && sizeBytes <= limitSpecBytes)
  if (manifest !== undefined) {
    const isSigned = entries.some(({ path }) => path === 'AppxSignature.p7x')
    return foundOf('msix', seen, appxFacts(new TextDecoder().decode(await collect(open(manifest), limitSpecBytes)), isSigned))
  }
  const spec = entries.find(
    ({ path, sizeBytes }) => path.endsWith('.nuspec') && /^[^/]+\.nuspec$/.test(path) && sizeBytes <= limitSpecBytes,
  )
  if (spec === undefined) {
    const fileAt = (path: string) => all.find(({ entry }) => entry.path === path && entry.type === 'file')
    const bundle = await bundleFacts({ seen, open: path => fileAt(path)?.open(), nowMs })
    return foundOf('zip', seen, { ...bundle, facts: { ...(encrypted === 0 ? {} : { encrypted }), ...bundle.facts } })
  }
  const isSigned = entries.some(({ path }) => path === '.signature.p7s')
  return foundOf('nupkg', seen, nuspecFacts(new TextDecoder().decode(await collect(open(spec), limitSpecBytes)), isSigned))
}

const within = async <T>(source: Source, found: ZipFound, use: (inside: Source) => Promise<T>): Promise<T> =>
  use((await storedEntry(source, found)) ?? fromBytes(noBytes))

const limitSpecBytes = 1 << 20

/** What an app package of Windows says of itself; its version is Windows' own. */
const appxFacts = (manifest: string, isSigned: boolean): Partial<Found> => {
  const attributeOf = (tag: string, name: string): string | undefined => {
    const inside = new RegExp(`<${tag}\\s([^>]{0,4096})>`).exec(manifest)?.[1] ?? ''
    const text = new RegExp(`(?:^|\\s)${name}="([^"]{0,1024})"`).exec(inside)?.[1]
    return text === undefined ? undefined : xmlText(text)
  }
  return {
    version: attributeOf('Identity', 'Version') ?? null,
    signatures: isSigned ? ['authenticode'] : [],
    facts: given({
      name: attributeOf('Identity', 'Name'),
      publisher: attributeOf('Identity', 'Publisher'),
      processor: attributeOf('Identity', 'ProcessorArchitecture'),
      executable: attributeOf('Application', 'Executable'),
      minimum: attributeOf('TargetDeviceFamily', 'MinVersion'),
      capabilities: [...manifest.matchAll(/<[a-z0-9]*:?Capability\s[^>]{0,200}Name="([^"]{0,200})"/g)].map(([, name = '']) =>
        xmlText(name),
      ),
    }),
  }
}

const nuspecFacts = (spec: string, isSigned: boolean): Partial<Found> => {
  const one = (name: string): string | undefined => {
    const text = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]{0,1024})</${name}>`).exec(spec)?.[1]
    return text === undefined ? undefined : xmlText(text)
  }
  const attribute = (tag: string, name: string): string | undefined => new RegExp(`\\s${name}="([^"]{0,256})"`).exec(tag)?.[1]
  const depends = [...spec.matchAll(/<dependency\s[^>]{0,1024}>/g)].map(([tag]) =>
    xmlText([attribute(tag, 'id'), attribute(tag, 'version')].filter(part => part !== undefined).join(' ')),
  )
  return {
    version: one('version') ?? null,
    signatures: isSigned ? ['nuget'] : [],
    facts: given({
      name: one('id'),
      authors: one('authors'),
      license: one('license'),
      dependencies: given({ depends: [...new Set(depends)] }),
    }),
  }
}
