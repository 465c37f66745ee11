// What a packager is given in place of the app's program, where that says in its own bytes by which kind of package it was installed.
import type { Step } from '@slipway/core'
import { collect } from '@slipway/formats/bytes'
import { changedProgram } from '../builders/builder.ts'
import { units } from '../plan/kinds.ts'
import type { FileTree, TreeFile } from '../tree.ts'
import { keptFile, once } from './kept-file.ts'
import type { StepReport } from './schedule.ts'
import type { Work } from './work.ts'

interface Marking {
  readonly packager: string
  readonly step: Step
  readonly report: StepReport
}

const limitBytes = 2 ** 31 - 1

/** The tree of the step's own builder, marked; one that another unit shaped was marked before. Codes: those of the builder, `builders/not-changeable`. */
export const markedFor = async (work: Work, { packager, step, report }: Marking, tree: FileTree): Promise<FileTree> => {
  const built = work.plan.steps.find(one => one.unit.startsWith('builders/') && step.needs.includes(one.id))
  const mark =
    built === undefined ? undefined : units.builders(built.unit.slice('builders/'.length)).mark?.(packager, built.options as never)
  const path = tree.program ?? tree.executable
  const program = tree.entries.find((one): one is TreeFile => one.type === 'file' && one.path === path)
  if (mark === undefined || mark === null || program === undefined) return tree
  const marked = mark(await collect(program.bytes(), limitBytes))
  const { bytes, lostSignature } = await changedProgram(marked, { file: path, app: work.settings.app })
  if (lostSignature) report.note(`${path} loses its signature: its bytes are other ones in each kind of package`)
  const made = await work.cache.keep(once(bytes))
  const file = keptFile(work, { path, mode: program.mode, ...made })
  return { ...tree, entries: tree.entries.map(one => (one === program ? file : one)) }
}
