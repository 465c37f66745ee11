// A bundle whose files changed: its old seal would be a lie, so it goes, and its program leaves with an ad-hoc signature of its own.
import { fail } from '@slipway/core'
import { collect, fromBytes } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { identify } from '@slipway/formats/identify'
import { signAdHoc } from '@slipway/formats/macho/sign-adhoc'
import type { FileTree, TreeFile } from '../../tree.ts'
import { madeFile } from '../linux/installed.ts'
import type { PackSubject } from '../packager.ts'

const limitProgramBytes = 1 << 30

/** Code: `app/not-signable`. Nested code keeps its own signatures: nothing of it changed. */
export const unsealed = async (tree: FileTree, subject: PackSubject): Promise<FileTree> => {
  const entries = await Promise.all(
    tree.entries
      .filter(one => !/^Contents\/(_CodeSignature(\/|$)|CodeResources$)/.test(one.path))
      .map(async one => (one.type === 'file' && one.path === tree.executable ? signed(one, subject) : one)),
  )
  return { ...tree, entries }
}

const signed = async (file: TreeFile, { app, target }: PackSubject): Promise<TreeFile> => {
  const bytes = await collect(file.bytes(), limitProgramBytes)
  // A script may be the program of a bundle; it has no signature of its own.
  if (!(await identify(fromBytes(bytes))).startsWith('macho')) return file
  try {
    const change = await signAdHoc(fromBytes(bytes), { identifier: app.id })
    const { flag: _, ...made } = madeFile(file.path, await collect(change.chunks(), limitProgramBytes), { mode: file.mode })
    return made
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('app/not-signable', `${file.path} cannot be signed: ${error.message} (${error.code})`, {
      hint: 'Build it again: a program whose bundle changes has to be signed anew.',
      where: { target, file: file.path },
    })
  }
}
