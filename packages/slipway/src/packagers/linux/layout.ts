// The one layout of what a Linux package installs: deb, rpm, apk, pacman, appimage and snap write the same files in their own bytes.
import { fail, failAll, SlipwayError, type App, type Completion, type Problem, type ProjectFile } from '@slipway/core'
import * as z from 'zod'
import type { Asset, AssetFile, Naming, PackSubject } from '../packager.ts'
import { desktopFiles, type DesktopOptions } from './desktop.ts'
import { iconBytes, iconFiles, iconImage } from './icons.ts'
import { madeFile, withParents, type Installed, type InstalledFile } from './installed.ts'
import { needsOf, type Libraries } from './needs.ts'
import { placeTree, refuseConffile } from './place.ts'
import { hooksOf, serviceFile, type Hooks } from './services.ts'
import { gzipped } from './text.ts'

export type LinuxFormat = 'deb' | 'rpm' | 'apk' | 'pacman' | 'appimage' | 'snap'

/** Options that every Linux format has: spread them into its own. */
export const linuxOptions = {
  desktop: z
    .union([
      z.boolean(),
      z.strictObject({
        name: z.string().optional(),
        comment: z.string().optional(),
        categories: z.array(z.string()).readonly().optional(),
        icon: z.string().optional(),
        protocols: z.array(z.string()).readonly().optional(),
        mimeTypes: z.array(z.string()).readonly().optional(),
        terminal: z.boolean().optional(),
        wmClass: z.string().optional(),
      }),
    ])
    .optional()
    .describe('Desktop entry; default: where app.category, app.protocols or app.opens is set'),
  description: z.string().optional().describe('Long description; the first line is app.summary'),
  conffiles: z
    .array(z.string())
    .readonly()
    .optional()
    .describe('Files of the app folder below etc/ that a user may edit, beside app.conffiles'),
  libraries: z
    .union([z.literal(false), z.record(z.string(), z.union([z.string(), z.boolean()]))])
    .optional()
    .describe('Package of a shared library, by soname; false: not needed; false for all: dependencies are not computed'),
}
/** Absolute, without `.` and `..`. */
export const systemPath = z.string().regex(/^(\/(?!\.\.?(\/|$))[^/\0\n]+)+$/, { error: "an absolute path such as '/var/lib/flet'" })

/** Of formats that install into a system. */
export const folderOptions = {
  folders: z.array(systemPath).readonly().optional().describe('Empty folders that it installs and owns, as /var/lib/flet'),
}
export interface LinuxOptions {
  readonly desktop?: boolean | DesktopOptions | undefined
  readonly description?: string | undefined
  readonly conffiles?: readonly string[] | undefined
  readonly libraries?: false | Libraries | undefined
}
export interface LayoutOptions extends LinuxOptions {
  readonly folders?: readonly string[] | undefined
  readonly format: LinuxFormat
  readonly package: string
  /** What the config asks for already, in the format's own words. */
  readonly depends?: readonly string[] | undefined
}
export interface Layout {
  /** With every folder that leads to them, sorted by code units. */
  readonly entries: readonly Installed[]
  readonly hooks: Hooks
  /** Computed relations of the format; none for appimage and snap. */
  readonly needs: readonly string[]
  /** Programs of the app folder without any library. */
  readonly staticFiles: readonly string[]
}

/** The files of the project that the layout reads: every Linux packager returns them from `assets`. */
export const linuxAssets = ({ app }: Naming, options: LinuxOptions, unit: LinuxFormat): readonly Asset[] => {
  const icon = iconName(app, options, `packages.${unit}`)
  return [...projectFilesOf(app), ...(icon === null || !wantsDesktop(app, options) ? [] : [{ ...icon, optional: true }])]
}

const projectFilesOf = (app: App): readonly ProjectFile[] => [
  ...app.man,
  ...app.completions,
  ...app.services.flatMap(one => (one.file === null ? [] : [one.file])),
]

/**
 * Pure and the same each time. Codes: `linux/no-executable`, `linux/bad-conffile`, `linux/no-icon`, `linux/bad-icon`, `linux/bad-protocol`,
 * `linux/bad-man`, `linux/bad-service`, `linux/same-path`, `linux/unknown-library`, `linux/wrong-libc`.
 */
export const layoutOf = async (subject: PackSubject, options: LayoutOptions): Promise<Layout> => {
  const { app, tree, target } = subject
  const { format, package: name } = options
  const at = `packages.${format}`
  const placed = placeTree(tree, {
    package: name,
    bin: app.bin,
    conffiles: [...new Set([...app.conffiles, ...(options.conffiles ?? [])])],
    target,
    licenses: format === 'deb' ? `usr/share/doc/${name}` : `usr/share/licenses/${name}`,
    at,
  })
  const read = (path: string): Uint8Array => subject.assets?.get(path)?.bytes ?? noAsset(path)
  const man = await Promise.all(app.man.map(page => manFile(page, read(page.path))))
  const completions = app.completions.map(one => madeFile(completionPath(one, { app, format }), read(one.path)))
  const hasSystemd = format !== 'apk' && format !== 'appimage' && format !== 'snap'
  const services = hasSystemd ? app.services.map(one => serviceFile(app, one, read)) : []
  const desktop = wantsDesktop(app, options) ? await desktopPart(subject, options) : []
  const needs = await computed(subject, options)
  const entries = [...placed, ...man, ...completions, ...services, ...desktop, ...(options.folders ?? []).map(ownFolder)]
  refuseTwice(entries, at)
  return {
    entries: withParents(entries),
    hooks: hooksOf(app, hasSystemd),
    ...needs,
  }
}

const ownFolder = (path: string): Installed => ({ type: 'folder', path: path.slice(1), mode: 0o755, isOwn: true })

const refuseTwice = (entries: readonly Installed[], at: string): void => {
  const seen = new Set<string>()
  for (const { path } of entries) {
    if (seen.has(path))
      fail('linux/same-path', `two files would be installed as /${path}`, {
        hint: 'Rename one of them, or take it out of app.',
        where: { path: at },
      })
    seen.add(path)
  }
}

const computed = async ({ tree, target }: PackSubject, options: LayoutOptions): Promise<Pick<Layout, 'needs' | 'staticFiles'>> => {
  const { format, libraries, depends = [] } = options
  if (format === 'appimage' || format === 'snap') return { needs: [], staticFiles: [] }
  const found = await needsOf({
    tree,
    target,
    format,
    libraries: libraries === false ? {} : (libraries ?? {}),
    depends,
    at: `packages.${format}`,
  })
  if (libraries === false) return { needs: [], staticFiles: found.staticFiles }
  failAll(found.problems)
  return { needs: found.relations, staticFiles: found.staticFiles }
}

const wantsDesktop = (app: App, { desktop }: LinuxOptions): boolean =>
  desktop === undefined ? app.category !== '' || app.protocols.length > 0 || app.opens.length > 0 : desktop !== false

const iconName = (app: App, { desktop }: LinuxOptions, at: string): ProjectFile | null => {
  const own = typeof desktop === 'object' ? desktop.icon : undefined
  if (own !== undefined) return { path: own, from: `${at}.desktop.icon` }
  return app.icon === '' ? null : { path: app.icon, from: 'app.icon' }
}

const desktopPart = async (subject: PackSubject, options: LayoutOptions): Promise<readonly InstalledFile[]> => {
  const { app, date, target } = subject
  const at = `packages.${options.format}`
  const icon = iconName(app, options, at)
  const bytes = icon === null ? undefined : await iconBytes(subject, icon.path)
  if (icon !== null && bytes === undefined)
    fail('linux/no-icon', `neither the project nor the app folder holds a file ${JSON.stringify(icon.path)}`, {
      hint: 'An icon is the path of a PNG or SVG.',
      where: { path: icon.from, target },
    })
  const icons = icon === null || bytes === undefined ? [] : iconFiles({ bytes, ...icon }, options.package)
  const desktop = typeof options.desktop === 'object' ? options.desktop : {}
  const description = options.description ?? defaultDescription(app)
  return [...desktopFiles({ app, package: options.package, desktop, description, date, at }, icons.length > 0), ...icons]
}

/** Where nothing longer than the summary was said. */
export const defaultDescription = (app: App): string => {
  const by = app.publisher.replace(/ *<[^>]*>/, '')
  return `This package holds ${app.name}${by === '' ? '' : ` as released by ${by}`}.\nIt was packaged from the files of that release, without changing them.`
}

export interface Examined {
  readonly unit: LinuxFormat
  readonly package: string
  readonly assets: ReadonlyMap<string, AssetFile>
  /** Checks one of the unit's own scripts at a time, with the lines that the app adds. */
  readonly scripts?: (hooks: Hooks) => readonly (() => unknown)[]
}

/** What files of the project show before anything is built, all at once; the app folder is not known yet. Codes: those of `layoutOf`. */
export const examineLinux = (
  naming: Naming,
  options: LinuxOptions,
  { unit, package: name, assets, scripts }: Examined,
): readonly Problem[] => {
  const { app } = naming
  const read = (path: string): Uint8Array => assets.get(path)?.bytes ?? noAsset(path)
  const here = <File extends ProjectFile>(files: readonly File[]): readonly File[] => files.filter(file => assets.has(file.path))
  const at = `packages.${unit}`
  const icon = wantsDesktop(app, options) ? iconName(app, options, at) : null
  const desktop = typeof options.desktop === 'object' ? options.desktop : {}
  const said = [...new Set([...app.conffiles, ...(options.conffiles ?? [])])]
  const made = hooksWithin(app, unit)
  return problemsOf([
    ...here(icon === null ? [] : [icon]).map(file => () => iconImage({ bytes: read(file.path), ...file })),
    ...here(app.man).map(page => () => pageOf(page, read(page.path))),
    ...app.services.map(one => () => (one.file !== null && !assets.has(one.file.path) ? null : serviceFile(app, one, read))),
    ...said.filter(path => !path.startsWith('etc/')).map(path => () => refuseConffile(path)),
    ...(wantsDesktop(app, options) ? [() => desktopFiles({ app, package: name, desktop, description: '', date: 0, at }, false)] : []),
    () => made(),
    ...(problemsOf([made]).length > 0 ? [] : (scripts?.(made()) ?? [])),
  ])
}

const hooksWithin =
  (app: App, unit: LinuxFormat): (() => Hooks) =>
  () =>
    hooksOf(app, unit !== 'apk' && unit !== 'appimage' && unit !== 'snap')

/** What each of these throws. */
const problemsOf = (checks: readonly (() => unknown)[]): readonly Problem[] =>
  checks.flatMap(check => {
    try {
      check()
      return []
    } catch (error) {
      if (error instanceof SlipwayError) return error.problems
      throw error
    }
  })

/** `man/tool.1` -> section 1; in a folder of a language, as `de` or `pt_BR`, that language's. */
const manFile = async (page: ProjectFile, bytes: Uint8Array): Promise<InstalledFile> => {
  const { path } = pageOf(page, bytes)
  return madeFile(path, await gzipped(bytes), { flag: 'doc' })
}

/** Where it is installed. Code: `linux/bad-man`. */
const pageOf = (page: ProjectFile, bytes: Uint8Array): { readonly path: string } => {
  const [folder = '', name = ''] = ['', ...page.path.split('/')].slice(-2)
  const language = /^[a-z]{2}(_[A-Z]{2})?$/.test(folder) ? `${folder}/` : ''
  const [file = '', section = ''] = /^[^/]+\.([1-9])[a-z]*$/.exec(name) ?? []
  const isPage = file !== '' && /^[.'](TH|Dd|so)\b/m.test(new TextDecoder().decode(bytes))
  if (!isPage)
    fail(
      'linux/bad-man',
      `${JSON.stringify(page.path)} is no man page: ${file === '' ? 'its name has no section' : 'it has no .TH or .Dd line'}`,
      {
        hint: "A page is named as 'man/flet.1' and written in man(7) or mdoc(7), not compressed.",
        where: { path: page.from },
      },
    )
  return { path: `usr/share/man/${language}man${section}/${file}.gz` }
}

const completionPath = ({ shell }: Completion, { app, format }: { readonly app: App; readonly format: LinuxFormat }): string => {
  if (shell === 'bash') return `usr/share/bash-completion/completions/${app.bin}`
  if (shell === 'fish') return `usr/share/fish/vendor_completions.d/${app.bin}.fish`
  // Debian keeps what is not from zsh itself apart (zsh's README.Debian).
  return `usr/share/zsh/${format === 'deb' ? 'vendor-completions' : 'site-functions'}/_${app.bin}`
}

const noAsset = (path: string): never =>
  fail('linux/no-asset', `${JSON.stringify(path)} was not read`, { hint: 'This is a fault of Slipway; please report it.', exit: 'bug' })
