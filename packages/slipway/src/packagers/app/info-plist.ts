// Info.plist of a bundle: what was there, and above it what the config says (Apple's Information Property List Key Reference).
import { isDict, type PlistValue } from '@slipway/formats/plist/value'
import type { AppOptions } from './options.ts'
import type { PackSubject } from '../packager.ts'

type Dict = { readonly [key: string]: PlistValue }
interface Known {
  readonly options: AppOptions
  readonly executable: string
  /** Name of the icon without ending; null: none. */
  readonly icon: string | null
  readonly existing: Dict
  /** What is merely nice is not added: it would cost the signature. */
  readonly isSealed: boolean
}

/** Keys in their order: those that exist first, as they stood. What the config says of the minimum and of links is added or takes its place. */
export const ownKeys = ({ app }: PackSubject, { options, executable, icon, existing, isSealed }: Known): Dict => {
  const [release = app.version] = app.version.split(/[-+]/)
  const category = categories[app.category.toLowerCase()]
  const urls = app.protocols.map(scheme => ({ CFBundleURLName: `${app.id}.${scheme}`, CFBundleURLSchemes: [scheme] }))
  const documents = app.opens.map(({ type, extensions, name }) => ({
    CFBundleTypeName: name || type,
    CFBundleTypeRole: 'Editor',
    LSHandlerRank: 'Default',
    CFBundleTypeExtensions: [...extensions],
    CFBundleTypeMIMETypes: [type],
  }))
  const needed: Dict = { CFBundlePackageType: 'APPL', CFBundleShortVersionString: release, CFBundleVersion: release }
  const nice: Dict = {
    CFBundleDevelopmentRegion: 'en',
    CFBundleInfoDictionaryVersion: '6.0',
    CFBundleName: app.name.slice(0, 15),
    CFBundleDisplayName: app.name,
    LSMinimumSystemVersion: '11.0',
    NSHighResolutionCapable: true,
    NSPrincipalClass: 'NSApplication',
    ...(category === undefined ? {} : { LSApplicationCategoryType: category }),
  }
  const said: Dict = {
    CFBundleExecutable: executable,
    CFBundleIdentifier: app.id,
    ...(icon === null ? {} : { CFBundleIconFile: icon }),
    ...(options.minimum === undefined ? {} : { LSMinimumSystemVersion: options.minimum }),
    ...added(existing['CFBundleURLTypes'], urls, { key: 'CFBundleURLTypes', by: ['CFBundleURLSchemes'] }),
    ...added(existing['CFBundleDocumentTypes'], documents, {
      key: 'CFBundleDocumentTypes',
      by: ['CFBundleTypeExtensions', 'CFBundleTypeMIMETypes'],
    }),
    ...options.plist,
  }
  const whole: Record<string, PlistValue> = { ...existing }
  for (const [key, value] of Object.entries({ ...needed, ...(isSealed ? {} : nice) })) whole[key] ??= value
  return { ...whole, ...said }
}

/** A list with what the config has and the bundle has not; nothing where it has all: then the list stays as it was written. */
const added = (
  list: PlistValue | undefined,
  wanted: readonly Dict[],
  { key, by }: { readonly key: string; readonly by: readonly string[] },
): Dict => {
  const known: readonly PlistValue[] = Array.isArray(list) ? list : []
  const isKnown = (one: Dict, words: string): boolean =>
    wordsOf(one, words).length > 0 && wordsOf(one, words).every(word => known.some(other => wordsOf(other, words).includes(word)))
  const missing = wanted.filter(one => !by.some(words => isKnown(one, words)))
  return missing.length === 0 ? {} : { [key]: [...known, ...missing] }
}
const wordsOf = (value: PlistValue, key: string): readonly string[] => {
  const words = isDict(value) ? value[key] : undefined
  return Array.isArray(words) ? words.flatMap(word => (typeof word === 'string' ? [word.toLowerCase()] : [])) : []
}

/** Words of the Desktop Menu Specification, as app.category has them -> Apple's. */
const categories: Readonly<Record<string, string>> = {
  audiovideo: 'public.app-category.music',
  development: 'public.app-category.developer-tools',
  education: 'public.app-category.education',
  game: 'public.app-category.games',
  graphics: 'public.app-category.graphics-design',
  network: 'public.app-category.social-networking',
  office: 'public.app-category.productivity',
  utility: 'public.app-category.utilities',
  finance: 'public.app-category.finance',
}
