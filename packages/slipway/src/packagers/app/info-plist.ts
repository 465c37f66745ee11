// Info.plist of a bundle: what was there, and above it what the config says (Apple's Information Property List Key Reference).
import type { PlistValue } from '@slipway/formats/plist/value'
import type { AppOptions } from './options.ts'
import type { PackSubject } from '../packager.ts'

type Dict = { readonly [key: string]: PlistValue }
interface Known {
  readonly options: AppOptions
  readonly executable: string
  /** Name of the icon without ending; null: none. */
  readonly icon: string | null
  readonly existing: Dict
}

/** Keys in their order: those that exist first, as they stood. The identifier, the minimum and the links are the config's. */
export const ownKeys = ({ app }: PackSubject, { options, executable, icon, existing }: Known): Dict => {
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
  const missing: Dict = {
    CFBundleDevelopmentRegion: 'en',
    CFBundleInfoDictionaryVersion: '6.0',
    CFBundleName: app.name.slice(0, 15),
    CFBundleDisplayName: app.name,
    CFBundlePackageType: 'APPL',
    CFBundleShortVersionString: release,
    CFBundleVersion: release,
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
    ...(urls.length === 0 ? {} : { CFBundleURLTypes: urls }),
    ...(documents.length === 0 ? {} : { CFBundleDocumentTypes: documents }),
    ...options.plist,
  }
  const whole: Record<string, PlistValue> = { ...existing }
  for (const [key, value] of Object.entries(missing)) whole[key] ??= value
  return { ...whole, ...said }
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
