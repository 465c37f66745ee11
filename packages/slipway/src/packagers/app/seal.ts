// The seal of a bundle whose files change: a signature of somebody's is never dropped, an ad-hoc one is made anew and asks for what it asked for.
import { fail } from '@slipway/core'
import { collect, fromBytes } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { identify } from '@slipway/formats/identify'
import { readMachO } from '@slipway/formats/macho'
import { signAdHoc } from '@slipway/formats/macho/sign-adhoc'
import { readSignature, type CodeSignature } from '@slipway/formats/macho/signature'
import type { FileTree, TreeFile } from '../../tree.ts'
import { treeFile } from '../mac/tree-file.ts'
import type { PackSubject } from '../packager.ts'

const limitProgramBytes = 1 << 30

/** `cms`: somebody signed it with a certificate; `ad-hoc`: its files are sealed, and nobody is named; `none`: nothing would break. */
export type Seal = 'cms' | 'ad-hoc' | 'none'

/** Of a bundle, paths inside of it. A signature of the program alone, as linkers make it, seals no bundle. */
export const sealOf = async ({ entries, executable }: FileTree): Promise<Seal> => {
  const has = (path: string): boolean => entries.some(one => one.path === path)
  // Where the program is a script, the certificate stands in a file of its own.
  if (has('Contents/_CodeSignature/CodeSignature')) return 'cms'
  const program = entries.find((one): one is TreeFile => one.type === 'file' && one.path === executable)
  // A larger one cannot be signed here, so it is not changed either.
  const kinds =
    program === undefined || program.sizeBytes > limitProgramBytes
      ? []
      : await signaturesOf(await collect(program.bytes(), limitProgramBytes))
  if (kinds.includes('cms')) return 'cms'
  return has('Contents/_CodeSignature/CodeResources') ? 'ad-hoc' : 'none'
}

/** Of each architecture; what cannot be read is none. */
const signaturesOf = async (bytes: Uint8Array): Promise<readonly CodeSignature['kind'][]> => {
  const source = fromBytes(bytes)
  if (!(await identify(source)).startsWith('macho')) return []
  try {
    const { slices } = await readMachO(source)
    return (await Promise.all(slices.map(slice => readSignature(source, slice)))).flatMap(one => one?.kind ?? [])
  } catch (error) {
    if (error instanceof FormatError) return []
    throw error
  }
}

interface Sealed {
  readonly tree: FileTree
  /** Name of the bundle's folder. */
  readonly root: string
  readonly seal: Seal
  /** Keys of Info.plist, or what else is another. */
  readonly changes: readonly string[]
}

/** Codes: `app/signed-bundle`, `app/not-signable`. Nested code keeps its own signatures: nothing of it changed. */
export const unsealed = async (subject: PackSubject, { tree, root, seal, changes }: Sealed): Promise<FileTree> => {
  const what = changes.join(', ')
  if (seal === 'cms')
    fail('app/signed-bundle', `${JSON.stringify(root)} is signed, and the config asks for other values in it: ${what}`, {
      hint: 'Let the build of the bundle write them before it signs, or take them out of the config. To release it without that signature, take it off first (codesign --remove-signature).',
      where: { target: subject.target, file: `${root}/Contents/Info.plist` },
    })
  if (seal === 'ad-hoc')
    subject.note?.(
      `${JSON.stringify(root)} loses its ad-hoc seal, since these change in it: ${what}; its program is signed ad hoc anew, with its entitlements`,
    )
  const entries = await Promise.all(
    tree.entries
      .filter(one => !/^Contents\/(_CodeSignature(\/|$)|CodeResources$)/.test(one.path))
      .map(async one => (one.type === 'file' && one.path === tree.executable ? signed(one, subject) : one)),
  )
  return { ...tree, entries }
}

const signed = async (file: TreeFile, { app, target }: PackSubject): Promise<TreeFile> => {
  try {
    const bytes = await collect(file.bytes(), limitProgramBytes)
    // A script may be the program of a bundle; it has no signature of its own.
    if (!(await identify(fromBytes(bytes))).startsWith('macho')) return file
    const change = await signAdHoc(fromBytes(bytes), { identifier: app.id, keep: true })
    return treeFile(file.path, await collect(change.chunks(), limitProgramBytes), { mode: file.mode })
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('app/not-signable', `${file.path} cannot be signed: ${error.message} (${error.code})`, {
      hint: 'Build it again: a program whose bundle changes has to be signed anew.',
      where: { target, file: file.path },
    })
  }
}
