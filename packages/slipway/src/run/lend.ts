// Lends a unit one of the tools that it declares: in a folder of its own, with nothing of this machine's environment (DESIGN 2).
import { fail } from '@slipway/core'
import type { Lend } from '../packagers/packager.ts'
import { keyOf } from './cache.ts'
import type { Work } from './work.ts'

const limitOutputCharacters = 2000

export interface Lending {
  readonly unit: { readonly id: string; readonly tools?: readonly string[]; readonly lends?: readonly string[] }
  readonly target: string
}
/** Folders that were lent; whoever lends removes them when the package is whole. */
export interface Lent {
  readonly lend: Lend
  readonly giveBack: () => Promise<void>
}

/** The same folder for the same package: a tool that writes paths writes the same ones each time. Code: `packagers/tool-failed`. */
export const lending = (work: Work, { unit, target }: Lending): Lent => {
  const { io, cache, signal, date } = work
  const folder = `${cache.folder}/tools/${keyOf({ unit: unit.id, target, app: work.settings.app.key, version: work.settings.app.version }).slice(0, 16)}`
  let lent = false
  const lend: Lend = async ({ tool, args, files, wants }) => {
    if (![...(unit.tools ?? []), ...(unit.lends ?? [])].includes(tool))
      fail('packagers/no-tool', `${unit.id} did not declare ${tool}`, {
        hint: 'This is a fault of Slipway; please report it.',
        exit: 'bug',
      })
    lent = true
    await io.files.remove(folder)
    await io.files.makeFolder(folder, 0o700)
    for (const file of files) await io.files.write(`${folder}/${file.path}`, file.bytes(), { durable: false, mode: file.mode ?? 0o644 })
    const env = { SOURCE_DATE_EPOCH: `${date}`, LC_ALL: 'C.UTF-8', TZ: 'UTC', HOME: folder }
    const { exitCode, stdout, stderr } = await io.run({ tool, args, cwd: folder, env, signal })
    if (exitCode !== 0)
      // explain: A foreign program that makes a package ended with an error.
      fail('packagers/tool-failed', `${tool} ended with ${exitCode}: ${`${stderr}\n${stdout}`.trim().slice(-limitOutputCharacters)}`, {
        hint: 'Read what it says above; slipway doctor says whether it is the version that is needed.',
        exit: 'machine',
        where: { path: `packages.${unit.id}`, target },
      })
    return io.files.stream(`${folder}/${wants}`)
  }
  return { lend, giveBack: async () => (lent ? io.files.remove(folder) : undefined) }
}
