// Electron.app becomes the app's own bundle: its name, its identifier, its version and its record of the archive, the helpers' too.
import { fail } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { readMachO } from '@slipway/formats/macho'
import type { PlistValue } from '@slipway/formats/plist/value'
import { writePlist } from '@slipway/formats/plist/write'
import { signProgram, type BuildJob } from '../builder.ts'
import { integrityKeys } from './integrity.ts'
import { failDamaged, plistAt, type Layout } from './layout.ts'

/** What stands beside the bundle in the zip and has to go with every copy -> its name inside. */
const notices: Readonly<Record<string, string>> = { LICENSE: 'LICENSE.electron.txt', 'LICENSES.chromium.html': 'LICENSES.chromium.html' }

/** `hash`: of the header of app.asar. Codes: `electron/bad-name`, `electron/no-helper`, `electron/bad-plist`, `electron/bad-binary`, those of `signProgram`. */
export const renameBundle = async (job: BuildJob, { folder, binary }: Layout, hash: string): Promise<Layout> => {
  const { app, io, scratch } = job
  const name = bundleName(job)
  const contents = `${folder}/Contents`
  const helpers = await helpersIn(job, contents)
  for (const helper of helpers) await renameHelper(job, name, helper)
  const changes = { ...named(name, app.id, name), ...versions(app.version), ...integrityKeys(hash) }
  await changePlist(job, contents, { changes, without: app.icon === '' ? [] : ['CFBundleIconFile'] })
  if (app.icon !== '') await io.files.remove(`${contents}/Resources/electron.icns`)
  const program = await renameProgram(job, contents, { from: 'Electron', to: name })
  await signAgain(job, program, app.id)
  await io.files.remove(`${contents}/_CodeSignature`)
  const tree = `${scratch}/tree`
  for (const [from, to] of Object.entries(notices))
    if ((await io.files.stat(`${tree}/${from}`))?.type === 'file') await move(job, `${tree}/${from}`, `${contents}/Resources/${to}`)
  for (const one of await io.files.list(tree)) if (`${tree}/${one.name}` !== folder) await io.files.remove(`${tree}/${one.name}`)
  const top = `${name}.app`
  await move(job, folder, `${tree}/${top}`)
  return { os: 'macos', folder: `${tree}/${top}`, top, executable: `Contents/MacOS/${name}`, resources: 'Contents/Resources', binary }
}

const move = async ({ io }: BuildJob, from: string, to: string): Promise<void> => {
  if (from !== to) await io.files.rename(from, to, { durable: false })
}

/** Electron looks for helpers by CFBundleName, so the name of the bundle is that too. */
const bundleName = ({ app, target }: BuildJob): string => {
  const name = app.name.replaceAll(/[/:]/g, '-')
  if (name !== '' && !name.endsWith(' Helper') && !name.startsWith('.')) return name
  return fail('electron/bad-name', `a macOS app made of Electron cannot be called ${JSON.stringify(app.name)}`, {
    hint: 'Give app.name a name that does not begin with a dot or end with " Helper", as the parts of Electron do.',
    where: { path: 'app.name', target },
  })
}

interface Helper {
  readonly folder: string
  /** As ` Helper (GPU)`. */
  readonly suffix: string
}

const helpersIn = async ({ io, target }: BuildJob, contents: string): Promise<readonly Helper[]> => {
  const found: Helper[] = []
  for (const place of ['Frameworks', 'Library/LoginItems'])
    for (const { name } of await io.files.list(`${contents}/${place}`)) {
      const suffix = /^Electron((?: Login)? Helper(?: .+)?)\.app$/.exec(name)?.[1]
      if (suffix !== undefined) found.push({ folder: `${contents}/${place}`, suffix })
    }
  if (found.some(one => one.suffix === ' Helper')) return found
  return fail('electron/no-helper', `Electron.app (${target}) has no "Electron Helper.app"`, {
    hint: 'Take the zip as Electron publishes it.',
    where: { path: 'build.electron.zip', target },
  })
}

const renameHelper = async (job: BuildJob, name: string, { folder, suffix }: Helper): Promise<void> => {
  const { app, io } = job
  const old = `${folder}/Electron${suffix}.app`
  const isLogin = suffix.startsWith(' Login')
  // The kinds in brackets are one helper to macOS: they share what the user allowed it.
  const kind = suffix.slice(' Helper '.length)
  const id = isLogin ? `${app.id}.loginhelper` : `${app.id}.helper${kind === '' || kind.startsWith('(') ? '' : `.${kind}`}`
  const changes = isLogin
    ? { CFBundleExecutable: `${name}${suffix}`, CFBundleIdentifier: id, CFBundleName: `${name}${suffix}` }
    : { ...named(`${name}${suffix}`, id, kind === '' ? name : `${name}${suffix}`), ...versions(app.version) }
  await changePlist(job, `${old}/Contents`, { changes })
  await signAgain(job, await renameProgram(job, `${old}/Contents`, { from: `Electron${suffix}`, to: `${name}${suffix}` }), id)
  await io.files.remove(`${old}/Contents/_CodeSignature`)
  await move(job, old, `${folder}/${name}${suffix}.app`)
}

type Keys = Readonly<Record<string, PlistValue>>

const named = (displayed: string, id: string, name: string): Keys => ({
  CFBundleDisplayName: displayed,
  CFBundleExecutable: displayed,
  CFBundleIdentifier: id,
  CFBundleName: name,
})

const versions = (version: string): Keys => {
  const [release = version] = version.split(/[-+]/)
  return { CFBundleShortVersionString: release, CFBundleVersion: release }
}

interface PlistChange {
  readonly changes: Keys
  readonly without?: readonly string[]
}
const changePlist = async ({ io }: BuildJob, contents: string, { changes, without = [] }: PlistChange): Promise<void> => {
  const file = `${contents}/Info.plist`
  const kept = Object.entries(await plistAt(io, file)).filter(([key]) => !without.includes(key))
  await io.files.write(file, new TextEncoder().encode(writePlist({ ...Object.fromEntries(kept), ...changes })), { durable: false })
}

const renameProgram = async (job: BuildJob, contents: string, { from, to }: { from: string; to: string }): Promise<string> => {
  const { io, target } = job
  if ((await io.files.stat(`${contents}/MacOS/${from}`))?.type !== 'file')
    fail(
      'electron/no-helper',
      `${contents.slice(contents.lastIndexOf('/', contents.length - 10) + 1)} (${target}) has no program ${JSON.stringify(from)}`,
      {
        hint: 'Take the zip as Electron publishes it.',
        where: { path: 'build.electron.zip', target },
      },
    )
  await move(job, `${contents}/MacOS/${from}`, `${contents}/MacOS/${to}`)
  return `${contents}/MacOS/${to}`
}

/** A signature seals the Info.plist, which is another now. Electron for Intel comes without any, and stays so. */
const signAgain = async ({ io, scratch }: BuildJob, file: string, id: string): Promise<void> => {
  if (!(await hasSignature(io, file))) return
  const made = `${scratch}/signed`
  await signProgram(io, { from: file, to: made }, { id, bin: '' })
  await io.files.rename(made, file, { durable: false })
}

const hasSignature = async (io: BuildJob['io'], file: string): Promise<boolean> => {
  const source = await io.files.open(file)
  try {
    return (await readMachO(source)).slices.some(one => one.signature !== undefined)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return failDamaged(file, error)
  } finally {
    await source.close()
  }
}
