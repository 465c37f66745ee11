// Where the parts of an Electron app folder are (electronjs.org, Application Packaging): its program, its resources, the file that holds the fuses.
import { fail, parseTarget } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { readMachO } from '@slipway/formats/macho'
import { readPlist } from '@slipway/formats/plist/read'
import { isDict, plistText, type PlistValue } from '@slipway/formats/plist/value'
import type { Io } from '../../io/io.ts'
import { fillPlaceholders, findExecutable, foreignProgram, sizesBelow, type BuildSubject } from '../builder.ts'

export interface Layout {
  readonly os: 'macos' | 'windows' | 'linux'
  /** Absolute; on macOS the bundle. */
  readonly folder: string
  /** What the tree has above it: `Name.app` on macOS, else nothing. */
  readonly top: string
  /** Paths inside of the folder. */
  readonly executable: string
  readonly resources: string
  /** The file with the fuses: on macOS the framework. */
  readonly binary: string
}

export interface Finding extends BuildSubject {
  readonly io: Io
}

interface Found {
  /** The user's own words for the folder. */
  readonly said: string
  readonly path: string
  readonly bin?: string | undefined
  /** The option that named it. */
  readonly option: string
}

/** Codes: `electron/not-electron`, `electron/no-executable`, `electron/wrong-binary`, `electron/bad-plist`. */
export const layoutOf = async (subject: Finding, found: Found): Promise<Layout> => {
  const layout = parseTarget(subject.target)?.os === 'macos' ? await bundleIn(subject, found) : await folderOf(subject, found)
  const foreign = await foreignParts(subject, layout)
  if (foreign === null) return layout
  return fail('electron/wrong-binary', `${foreign}, not one for ${subject.target}`, {
    hint: `Check ${found.option} for this target: the files of two targets may be swapped. A universal app is joined of two (build.join).`,
    where: { path: found.option, target: subject.target },
  })
}

const foreignParts = async ({ io, target }: Finding, { folder, executable, binary }: Layout): Promise<string | null> => {
  const foreign = await foreignProgram(io, `${folder}/${executable}`, target)
  if (foreign !== null) return `${executable} is ${foreign}`
  if (binary === executable) return null
  const arch = parseTarget(target)?.arch
  const archs = await archsOf(io, `${folder}/${binary}`)
  const needed = arch === 'universal' ? ['x64', 'arm64'] : [arch ?? '']
  return needed.every(one => archs.includes(one)) ? null : `${binary} is a library for ${archs.join(' + ') || 'no Mac'}`
}

const archsOf = async (io: Io, file: string): Promise<readonly string[]> => {
  const source = await io.files.open(file)
  try {
    return (await readMachO(source)).slices.map(one => one.arch)
  } catch (error) {
    if (error instanceof FormatError) return []
    throw error
  } finally {
    await source.close()
  }
}

const framework = 'Contents/Frameworks/Electron Framework.framework'
/** Where its links lead, and where a copy without links has it. */
const frameworkFiles = [`${framework}/Versions/A/Electron Framework`, `${framework}/Electron Framework`]

/** The folder is a bundle, or holds one beside the notices of Electron. */
const bundleIn = async (subject: Finding, found: Found): Promise<Layout> => {
  const { io, target } = subject
  const name = found.path.slice(found.path.lastIndexOf('/') + 1)
  const inside = (await io.files.list(found.path)).filter(one => one.type === 'folder' && one.name.endsWith('.app'))
  const [only] = inside
  const isBundle = (await io.files.stat(`${found.path}/Contents/Info.plist`))?.type === 'file'
  if (!isBundle && (only === undefined || inside.length > 1)) return notElectron(subject, found, 'not exactly one bundle (.app)')
  const top = isBundle ? (name.endsWith('.app') ? name : `${subject.app.name.replaceAll(/[/:]/g, '-')}.app`) : (only?.name ?? '')
  const folder = isBundle ? found.path : `${found.path}/${top}`
  const binary = await firstFile(io, folder, frameworkFiles)
  if (binary === null) return notElectron(subject, found, `no ${framework} with its library`)
  const executable = `Contents/MacOS/${plistText(await plistAt(io, `${folder}/Contents/Info.plist`), 'CFBundleExecutable') ?? ''}`
  if ((await io.files.stat(`${folder}/${executable}`))?.type !== 'file')
    return fail('electron/no-executable', `${JSON.stringify(found.said)} (${target}) has no ${executable}, which its Info.plist names`, {
      hint: 'Build the app again, or correct CFBundleExecutable.',
      where: { path: found.option, target, file: `${top}/Contents/Info.plist` },
    })
  return appIn(subject, found, { os: 'macos', folder, top, executable, resources: 'Contents/Resources', binary })
}

const firstFile = async (io: Io, folder: string, paths: readonly string[]): Promise<string | null> => {
  for (const path of paths) if ((await io.files.stat(`${folder}/${path}`))?.type === 'file') return path
  return null
}

/** What else Electron and its packagers lay beside the program. */
const helpers = /^(chrome-sandbox|chrome_crashpad_handler|elevate\.exe|squirrel\.exe|update\.exe)$|\.(so(\.\d+)*|dll)$/i

const folderOf = async (subject: Finding, found: Found): Promise<Layout> => {
  const { io, app, target } = subject
  const path = found.bin === undefined ? undefined : fillPlaceholders(found.bin, subject)
  const files = (await sizesBelow(io, found.path)).filter(one => path !== undefined || (!one.path.includes('/') && !helpers.test(one.path)))
  const executable = findExecutable(files, app, { target, path })
  const os = parseTarget(target)?.os === 'windows' ? 'windows' : 'linux'
  if (executable !== null)
    return appIn(subject, found, { os, folder: found.path, top: '', executable, resources: 'resources', binary: executable })
  const wanted = path ?? `${app.bin}${os === 'windows' ? '.exe' : ''}`
  return fail(
    'electron/no-executable',
    `${JSON.stringify(found.said)} (${target}) has no program ${JSON.stringify(wanted)}${path === undefined ? ', and not exactly one other' : ''}`,
    { hint: 'Set build.electron.bin to the path of the program inside.', where: { path: 'build.electron.bin', target } },
  )
}

const appIn = async (subject: Finding, found: Found, layout: Layout): Promise<Layout> => {
  const { io } = subject
  const resources = `${layout.folder}/${layout.resources}`
  // A template has none yet.
  if (found.option === 'build.electron.zip') return layout
  if ((await io.files.stat(`${resources}/app.asar`))?.type === 'file') return layout
  if ((await io.files.stat(`${resources}/app`))?.type === 'folder') return layout
  return notElectron(subject, found, `neither ${layout.resources}/app.asar nor ${layout.resources}/app`)
}

const notElectron = ({ target }: Finding, { said, option }: Found, lack: string): never =>
  fail('electron/not-electron', `${JSON.stringify(said)} (${target}) is no Electron app folder: it holds ${lack}`, {
    hint: 'Take the folder that @electron/packager or electron-builder --dir leaves, or an app that is no Electron app with build.prebuilt.',
    where: { path: option, target },
  })

/** The headers or the signature of a program cannot be read. Code: `electron/bad-binary`. */
export const failDamaged = (file: string, error: FormatError): never =>
  // explain: A program of the app cannot be read: its headers, its signature or the room for its fuses are damaged.
  fail('electron/bad-binary', `${file} is damaged: ${error.message} (${error.code})`, {
    hint: 'Build or download it again.',
    where: { file },
    exit: 'corrupt',
  })

const limitPlistBytes = 1 << 20

/** A property list of a bundle. Code: `electron/bad-plist`. */
export const plistAt = async (io: Io, file: string): Promise<{ readonly [key: string]: PlistValue }> => {
  try {
    const value = readPlist(await io.files.read(file, limitPlistBytes))
    if (isDict(value)) return value
    throw new FormatError('plist/bad-xml', 'it is no dictionary')
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('electron/bad-plist', `${file} is no property list: ${error.message}`, {
      hint: 'Build the app again; or write the file again, as XML or binary.',
      where: { file },
    })
  }
}
