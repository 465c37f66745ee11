// An app folder from Electron's own zip and the app's files, as @electron/packager makes it: the default app goes, names and records are the app's.
import { createHash } from 'node:crypto'
import { fail, parseTarget } from '@slipway/core'
import { extract, type BuildJob } from '../builder.ts'
import { packApp } from './archive.ts'
import { changeBinary, type Fuses } from './binary.ts'
import { renameBundle } from './bundle.ts'
import { recordInProgram } from './integrity.ts'
import { layoutOf, type Layout } from './layout.ts'

export interface Assembling {
  /** As the config has it, placeholders filled. */
  readonly zip: string
  readonly sha256: string
  readonly app?: string | undefined
  readonly unpack?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
  readonly fuses: Fuses
}

/**
 * Codes: `electron/no-zip`, `electron/zip-digest`, `electron/not-template`, `electron/taken-name`, and those of `extract`, `layoutOf`,
 * `packApp`, `renameBundle`, `recordInProgram` and `changeBinary`.
 */
export const assembled = async (job: BuildJob, options: Assembling): Promise<Layout> => {
  const folder = `${job.scratch}/tree`
  await extract(job.io, await checkedZip(job, options), { kind: 'zip', folder })
  const template = await templateIn(job, options, folder)
  const resources = `${template.folder}/${template.resources}`
  for (const name of ['default_app', 'default_app.asar']) await job.io.files.remove(`${resources}/${name}`)
  const hash = await packApp(job, options, resources)
  const layout = template.os === 'macos' ? await renameBundle(job, template, hash) : await renameProgram(job, template)
  const program = `${layout.folder}/${layout.executable}`
  if (layout.os === 'windows') await recordInProgram(job.io, program, hash)
  const isChanged = await changeBinary(job, layout, { fuses: options.fuses, digests: true, to: `${layout.folder}/${layout.binary}` })
  // The seal of the framework would be one of other bytes.
  if (isChanged) await job.io.files.remove(`${layout.folder}/${layout.binary.slice(0, layout.binary.lastIndexOf('/') + 1)}_CodeSignature`)
  return layout
}

const checkedZip = async ({ io, root, target }: BuildJob, { zip, sha256 }: Assembling): Promise<string> => {
  const file = zip.startsWith('/') ? zip : `${root}/${zip}`
  const where = { path: 'build.electron.zip', file, target }
  if ((await io.files.stat(file))?.type !== 'file')
    fail('electron/no-zip', `no file is at ${JSON.stringify(file)}, which build.electron.zip says for ${target}`, {
      hint: 'Download it from the releases of Electron first, or correct the path.',
      where,
    })
  const hash = createHash('sha256')
  for await (const chunk of io.files.stream(file)) hash.update(chunk)
  const found = hash.digest('hex')
  if (found !== sha256.toLowerCase())
    fail('electron/zip-digest', `${file} has the SHA-256 ${found}, and build.electron.sha256 says ${sha256.toLowerCase()}`, {
      hint: "Compare both with SHASUMS256.txt of that release of Electron; don't use a file that is not listed there.",
      where,
      exit: 'corrupt',
    })
  return file
}

const templateIn = async (job: BuildJob, { zip }: Assembling, folder: string): Promise<Layout> => {
  const os = parseTarget(job.target)?.os
  const program = os === 'macos' ? 'Electron.app/Contents/Info.plist' : os === 'windows' ? 'electron.exe' : 'electron'
  if ((await job.io.files.stat(`${folder}/${program}`))?.type !== 'file')
    fail('electron/not-template', `${JSON.stringify(zip)} holds no ${program}: it is not Electron's zip for ${job.target}`, {
      hint: 'Take electron-v<version>-<platform>-<arch>.zip as Electron publishes it; platforms are darwin, win32 and linux.',
      where: { path: 'build.electron.zip', target: job.target },
    })
  return layoutOf(job, { said: zip, path: folder, bin: os === 'macos' ? undefined : program, option: 'build.electron.zip' })
}

const renameProgram = async ({ app, io, target }: BuildJob, layout: Layout): Promise<Layout> => {
  const executable = layout.os === 'windows' ? `${app.bin}.exe` : app.bin
  if (executable === layout.executable) return layout
  const to = `${layout.folder}/${executable}`
  if ((await io.files.stat(to)) !== null)
    fail(
      'electron/taken-name',
      `the program cannot be called ${JSON.stringify(executable)} (${target}): Electron has a file of that name`,
      {
        hint: 'Give app.bin another name.',
        where: { path: 'app.bin', target },
      },
    )
  await io.files.rename(`${layout.folder}/${layout.executable}`, to, { durable: false })
  return { ...layout, executable, binary: executable }
}
