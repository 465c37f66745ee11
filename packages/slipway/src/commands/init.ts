// `slipway init`: looks at the repository and writes its config, once, after it was shown (DESIGN 3, CONFIG 3 "Where things lie").
import { basename, dirname, resolve } from 'node:path'
import { fail, failAll } from '@slipway/core'
import { configNames } from '../config/load.ts'
import { holdsSecret } from '../init/censor.ts'
import { compose, type Composed } from '../init/compose.ts'
import { diffLines, type Change } from '../init/diff.ts'
import { find } from '../init/find.ts'
import type { Finding } from '../init/finding.ts'
import { openRepository } from '../init/repository.ts'
import { changesFor, exists, writeChanges } from '../init/write.ts'
import type { Io } from '../io/io.ts'
import { plain } from '../reporters/safe.ts'
import type { Invocation, Outcome, Style } from './command.ts'

/**
 * Runs nothing of the repository, and overwrites nothing. Without a terminal it writes only with `--yes`.
 * Codes: `init/exists`, `init/hooks-later`, `init/adopt-later`, `init/unknown-form`, `init/unreadable`, `init/changed`.
 */
export const run = async (invocation: Invocation): Promise<Outcome> => {
  refuseLater(invocation)
  const { io, global } = invocation
  const wanted = global.config === undefined ? undefined : resolve(global.cwd, global.config)
  const root = wanted === undefined ? global.cwd : dirname(wanted)
  const repository = await openRepository(io, root)
  const file = wanted === undefined ? (repository.packageJson === null ? 'slipway.yaml' : 'slipway.config.ts') : basename(wanted)
  const finding = await find(repository)
  failAll(repository.problems)
  const composed = await compose(repository, finding, formOf(file))
  const existing = await existingConfig(io, root, wanted)
  if (existing !== undefined) return refused({ finding, composed, file, changes: [], notes: [] }, existing)
  const { changes, notes } = await changesFor(io, root, { file, text: composed.text, out: composed.out })
  const made: Made = { finding, composed, file, changes, notes }
  const answer = await mayWrite(invocation, made)
  return outcomeOf(made, { answer, written: answer === 'yes' ? await writeChanges(io, root, changes) : [] })
}

interface Made {
  readonly finding: Finding
  readonly composed: Composed
  readonly file: string
  readonly changes: readonly Change[]
  readonly notes: readonly string[]
}
type Answer = 'yes' | 'no' | 'unasked'

const refuseLater = ({ args, flags }: Invocation): void => {
  if (args[0] === 'hooks')
    fail('init/hooks-later', 'This version does not set up git hooks (commit messages, secrets before a commit) yet', {
      hint: 'Run `slipway init` for the config; the hooks come with the parts that they call.',
    })
  if (flags['adopt'] !== undefined)
    fail('init/adopt-later', 'This version cannot take over releases that are already published (init --adopt) yet', {
      hint: 'Run `slipway init` without --adopt: the config does not depend on it.',
    })
}

const formOf = (file: string): 'code' | 'yaml' => {
  if (/\.ya?ml$/.test(file)) return 'yaml'
  if (/\.(ts|js|mjs)$/.test(file)) return 'code'
  return fail('init/unknown-form', `${JSON.stringify(file)} is no form that init writes`, {
    hint: 'Give --config a name that ends in .ts, .js, .mjs, .yaml or .yml.',
    where: { file },
  })
}

const existingConfig = async (io: Io, root: string, wanted: string | undefined): Promise<string | undefined> => {
  const names = wanted === undefined ? configNames : [basename(wanted)]
  const there = (await io.files.list(root)).map(entry => entry.name)
  return names.find(name => there.includes(name))
}

const mayWrite = async ({ flags, interactive, ask }: Invocation, made: Made): Promise<Answer> => {
  if (flags['yes'] === true) return 'yes'
  if (!interactive) return 'unasked'
  const names = made.changes.map(one => plain(one.file)).join(', ')
  const answer = await ask(`${[...shownChanges(made), ...made.notes.map(plain)].join('\n')}\n\nWrite ${names}? [y/N] `)
  return /^\s*(y|yes)\s*$/i.test(answer) ? 'yes' : 'no'
}

const shownChanges = ({ changes }: Made): readonly string[] =>
  changes.flatMap((one, index) => [...(index === 0 ? [] : ['']), ...diffLines(one)])

const dataOf = ({ finding, composed, file, changes, notes }: Made, written: readonly string[]): Outcome['data'] => ({
  kind: finding.kind,
  file,
  text: composed.text,
  written,
  changes: changes.map(one => ({ file: one.file, action: one.before === null ? 'create' : 'edit', diff: diffLines(one) })),
  found: composed.found,
  open: composed.open,
  notes: [...(finding.notes ?? []), ...notes].filter(one => !holdsSecret(one)),
})

/** The text that would be written stands in the document, so that it can be compared. */
const refused = (made: Made, existing: string): Outcome => ({
  name: 'init',
  data: dataOf(made, []),
  problems: [exists(existing)],
  text: () => '',
})

const outcomeOf = (made: Made, { answer, written }: { readonly answer: Answer; readonly written: readonly string[] }): Outcome => ({
  name: 'init',
  data: dataOf(made, written),
  problems: [],
  text: style =>
    (answer === 'unasked' ? [...shownChanges(made).map(coloured(style)), ''] : [])
      .concat(summary(made, { answer, written }, style))
      .join('\n'),
})

const coloured =
  (style: Style) =>
  (line: string): string =>
    line.startsWith('+') ? style.green(line) : line.startsWith('-') ? style.red(line) : line

const summary = (
  { finding, composed, notes }: Made,
  { answer, written }: { readonly answer: Answer; readonly written: readonly string[] },
  style: Style,
): readonly string[] => {
  const open = composed.open.length
  const todo =
    open === 0 ? [] : [`${open === 1 ? 'One question is' : `${open} questions are`} open: ${composed.open.map(plain).join(', ')}`]
  const said = [`Found ${plain(finding.title)}.`, ...notes.map(plain), ...todo]
  if (answer !== 'yes') return [...said, answer === 'no' ? 'Nothing was written.' : 'Nothing was written. To write it: slipway init --yes']
  return [`Written: ${style.bold(written.map(plain).join(', '))}`, ...said, 'Next: slipway keys generate; slipway plan']
}
