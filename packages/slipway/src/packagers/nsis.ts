// nsis: an installer for Windows, put together by makensis from a script of ours (NSIS 3.08).
import { fail, failAll, problem, SlipwayError, type Problem } from '@slipway/core'
import { collect } from '@slipway/formats/bytes'
import * as z from 'zod'
import { languages } from './nsis/languages.ts'
import { licenceText } from './nsis/licence.ts'
import { installerFile, nsisScript, programKey } from './nsis/script.ts'
import { packedName, type ScriptSource } from './nsis/sections.ts'
import { packager, stem, type AssetFile, type Lend, type Naming, type PackSubject, type SizedEntry } from './packager.ts'
import { icoFrom, icoOf } from './windows/icon.ts'
import { windowsName, windowsTreeProblems } from './windows/names.ts'
import { toldTypes } from './windows/opens.ts'
import { fourNumbers } from './windows/version.ts'

const options = {
  mode: z
    .enum(['user', 'machine', 'choice'])
    .default('user')
    .describe('For whom it installs: the user, without asking for rights; everybody; or what the user chooses'),
  icon: z.string().optional().describe('Icon of installer and uninstaller, a PNG of 256 pixels or an ico; default: app.icon'),
  licence: z.string().optional().describe('Text that has to be agreed to: a text in UTF-8, or RTF'),
  languages: z.array(z.enum(languages)).min(1).readonly().default(['en']).describe('Languages; Windows picks, the first is for all others'),
  directory: z.boolean().default(true).describe('Whether the user is asked for the folder'),
  desktop: z.boolean().default(true).describe('Whether there is a shortcut on the desktop, beside that in the start menu'),
  running: z.enum(['close', 'refuse']).default('close').describe('What to do where the app is running'),
  compression: z.enum(['lzma', 'bzip2', 'zlib']).default('lzma').describe('Compression; zlib is quick and large'),
  longPaths: z.boolean().default(false).describe('Whether paths may be longer than 259 characters; Windows has to be told so'),
}
export type NsisOptions = z.output<z.ZodObject<typeof options>>

// Sizes and offsets in an installer are 32-bit numbers with a sign (NSIS, Source/exehead/fileform.h).
const limitBytes = 2 ** 31 - 1
const rule = 'NSIS, fileform.h: offsets have 31 bits'

/**
 * Installs below `%LOCALAPPDATA%\Programs`, or Program Files. Exit codes: 0 done, 1 the user stopped, 2 it failed, 4 the app is
 * running, 5 the old version stays. Facts: executable, key, folder, mode. Codes: `nsis/bad-version`, `nsis/own-name`,
 * `nsis/too-large`, `nsis/same-language`, `nsis/no-licence`, `nsis/bad-licence`, and those of windows/.
 */
export const nsis = packager({
  id: 'nsis',
  title: 'Windows installer (NSIS)',
  os: ['windows'],
  role: 'both',
  tools: ['makensis'],
  limits: { fileBytes: limitBytes, rule },
  main: 'mode',
  options,
  ext: () => 'exe',
  fileName: naming => `${stem(naming)}-setup.exe`,
  check: (naming, chosen) => problemsOf(naming, chosen),
  // An installation of a user lies in another folder and another part of the registry than one of the machine.
  keeps: ({ app }, { mode }) => ({ key: programKey(app), mode }),
  tells: naming => [
    ...(naming.target === 'windows-arm64'
      ? ['the installer itself is a program for x64, which Windows on arm64 runs translated; it installs programs for arm64']
      : []),
    ...toldTypes(naming),
  ],
  assets: (naming, chosen) => [
    ...iconPlaces(naming, chosen).map(one => ({ ...one, optional: true })),
    ...(chosen.licence === undefined ? [] : [{ path: chosen.licence, from: 'packages.nsis.licence' }]),
  ],
  examine: (naming, chosen, assets) => [
    ...iconPlaces(naming, chosen).flatMap(place => problemsIn(() => iconAt(assets, place))),
    ...(chosen.licence === undefined ? [] : problemsIn(() => licenceText({ assets }, chosen.licence ?? ''))),
  ],
  fits: (naming, chosen, entries) => entryProblems(naming, chosen, entries),
  async *pack(subject, chosen) {
    const { app, tree } = subject
    failAll([...problemsOf(subject, chosen), ...entryProblems(subject, chosen, tree.entries)])
    const source = await sourceOf(subject, chosen)
    yield* await compiled(subject, source)
    return { executable: tree.executable, key: programKey(app), folder: windowsName(app.name), mode: chosen.mode }
  },
})

const iconAt = (assets: ReadonlyMap<string, AssetFile>, place: { readonly path: string; readonly from: string }): void => {
  const bytes = assets.get(place.path)?.bytes
  // One that is not there may lie in the app folder.
  if (bytes !== undefined) icoFrom(bytes, { ...place, unit: 'nsis' })
}

const problemsIn = (work: () => unknown): readonly Problem[] => {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof SlipwayError) return error.problems
    throw error
  }
}

const iconPlaces = ({ app }: Naming, { icon }: NsisOptions): readonly { readonly path: string; readonly from: string }[] => {
  if (icon !== undefined) return [{ path: icon, from: 'packages.nsis.icon' }]
  return app.icon === '' ? [] : [{ path: app.icon, from: 'app.icon' }]
}

const problemsOf = ({ app: { version } }: Naming, chosen: NsisOptions): readonly Problem[] => [
  ...(fourNumbers(version) === undefined
    ? [
        problem('nsis/bad-version', `Windows cannot hold the version ${version}: its numbers end at 65535`, {
          hint: 'Give the release a version with smaller numbers (VS_FIXEDFILEINFO).',
          where: { path: 'app.version' },
        }),
      ]
    : []),
  ...(new Set(chosen.languages).size < chosen.languages.length
    ? [
        problem('nsis/same-language', 'a language stands twice in packages.nsis.languages', {
          hint: 'Name each once.',
          where: { path: 'packages.nsis.languages' },
        }),
      ]
    : []),
]

const entryProblems = ({ app, target }: Naming, chosen: NsisOptions, entries: readonly SizedEntry[]): readonly Problem[] => {
  const own = entries.find(({ path }) => path.toLowerCase() === 'uninstall.exe')
  const sizeBytes = entries.reduce((sum, one) => sum + (one.sizeBytes ?? 0), 0)
  return [
    ...windowsTreeProblems(entries, {
      ...{ id: 'nsis', target, homeCharacters: homeCharacters(windowsName(app.name)) },
      ...{ longPaths: chosen.longPaths, hasLongPaths: true },
    }),
    ...(own === undefined
      ? []
      : [
          problem('nsis/own-name', `the app folder holds ${JSON.stringify(own.path)}, where the installer puts its own`, {
            hint: 'Rename it.',
            where: { path: 'packages.nsis', target, file: own.path },
          }),
        ]),
    ...(sizeBytes > limitBytes
      ? [
          problem('nsis/too-large', `the app has ${sizeBytes} bytes, and an installer holds at most ${limitBytes} (${rule})`, {
            hint: `Take ${target} out of packages.nsis.targets; msix and zip hold more.`,
            where: { path: 'packages.nsis', target },
          }),
        ]
      : []),
  ]
}

/** `C:\Users\<20 characters>\AppData\Local\Programs\<folder>\`. */
const homeCharacters = (folder: string): number => 'C:\\Users\\'.length + 20 + '\\AppData\\Local\\Programs\\'.length + folder.length + 1

interface Prepared {
  readonly script: Omit<ScriptSource, 'uninstaller'>
  readonly icon: Uint8Array | null
  readonly licence: Uint8Array | null
}

const sourceOf = async (subject: PackSubject, chosen: NsisOptions): Promise<Prepared> => {
  const [place] = iconPlaces(subject, chosen)
  const icon = place === undefined ? null : await icoOf(subject, { ...place, unit: 'nsis' })
  const licence = chosen.licence === undefined ? null : licenceText(subject, chosen.licence)
  const { app, target, tree } = subject
  const script = {
    ...{ app, target, tree, mode: chosen.mode, languages: chosen.languages, choosesFolder: chosen.directory, hasDesktop: chosen.desktop },
    running: chosen.running,
    compression: chosen.compression,
    icon: icon === null ? null : 'icon.ico',
    licence: licence === null ? null : licence.file,
  }
  return { script, icon, licence: licence?.bytes ?? null }
}

/**
 * An uninstaller that has to be signed is made first, by an installer without files, and put into the real one: what signs it may
 * take its time and needs no shell.
 */
const compiled = async (subject: PackSubject, prepared: Prepared): Promise<AsyncIterable<Uint8Array>> => {
  const { lend, signProgram, tree } = subject
  if (lend === undefined)
    return fail('nsis/no-tool', 'nobody lends makensis', { hint: 'This is a fault of Slipway; please report it.', exit: 'bug' })
  const files = tree.entries.flatMap((one, index) => (one.type === 'file' ? [{ path: packedName(index), bytes: () => one.bytes() }] : []))
  const run = { lend, prepared }
  if (signProgram === undefined) return compile(run, { files, uninstaller: null, wants: installerFile })
  const copy = 'uninstaller.exe'
  const bare = await compile(run, { files: [], uninstaller: { copy: 'out', file: copy }, wants: copy })
  const signed = await signProgram(await collect(bare, limitUninstallerBytes))
  const withOwn = [...files, { path: copy, bytes: () => oneChunk(signed) }]
  return compile(run, { files: withOwn, uninstaller: { copy: 'in', file: copy }, wants: installerFile })
}

const limitUninstallerBytes = 1 << 26

interface Compilation {
  readonly files: readonly { readonly path: string; readonly bytes: () => AsyncIterable<Uint8Array> }[]
  readonly uninstaller: ScriptSource['uninstaller']
  readonly wants: string
}

const compile = (
  { lend, prepared }: { readonly lend: Lend; readonly prepared: Prepared },
  { files, uninstaller, wants }: Compilation,
): Promise<AsyncIterable<Uint8Array>> => {
  const { script, icon, licence } = prepared
  const text = nsisScript({ ...script, uninstaller })
  const made = [
    { path: 'installer.nsi', bytes: new TextEncoder().encode(text) },
    ...(icon === null ? [] : [{ path: 'icon.ico', bytes: icon }]),
    ...(licence === null || script.licence === null ? [] : [{ path: script.licence, bytes: licence }]),
  ].map(({ path, bytes }) => ({ path, bytes: () => oneChunk(bytes) }))
  return lend({ tool: 'makensis', args: ['-V2', '-WX', '-NOCONFIG', 'installer.nsi'], files: [...made, ...files], wants })
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
