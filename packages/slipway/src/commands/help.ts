// The text of --help, made from the specs. Loads nothing else.
import type { Argument, CommandSpec, Flag } from './command.ts'
import { globalFlags, groups } from './flags.ts'

/** Help of one command, or of all of them. */
export const helpText = (subject: CommandSpec | readonly CommandSpec[], columns: number): string =>
  `${('name' in subject ? commandHelp(subject, columns) : wholeHelp(subject, columns)).join('\n')}\n`

const wholeHelp = (specs: readonly CommandSpec[], columns: number): string[] => [
  "slipway takes an app from a git tag to a trusted update on its users' machines.",
  '',
  'Usage: slipway COMMAND [flags]',
  ...groups.flatMap(([group, title]) => [
    '',
    title,
    ...rows(
      specs.filter(spec => spec.group === group).map(spec => [spec.name, spec.summary]),
      columns,
    ),
  ]),
  '',
  'Flags of every command',
  ...rows(globalFlags.map(flagRow), columns),
  '',
  'slipway COMMAND --help shows the flags of one command.',
]

const commandHelp = (spec: CommandSpec, columns: number): string[] => [
  ...wrap(`${spec.summary}.`, columns),
  '',
  `Usage: ${usage(spec)}`,
  ...(spec.about === undefined ? [] : ['', ...wrap(spec.about, columns)]),
  ...section('Arguments', spec.args.map(argumentRow), columns),
  ...section(`Flags of ${spec.name}`, spec.flags.map(flagRow), columns),
  ...section('Flags of every command', globalFlags.map(flagRow), columns),
  ...(spec.examples === undefined ? [] : ['', 'Examples', ...spec.examples.map(example => `  ${example}`)]),
]

/** `slipway promote VERSION [flags]`. */
export const usage = (spec: CommandSpec): string => ['slipway', spec.name, ...spec.args.map(argumentText), '[flags]'].join(' ')

export const argumentText = (argument: Argument): string => {
  const name = argument.repeat === true ? `${argument.name}...` : argument.name
  return argument.optional === true ? `[${name}]` : name
}
export const flagText = (flag: Flag): string => `--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`
/** The summary, with the values that it may have. */
export const summaryText = ({ summary, choices }: Flag | Argument): string =>
  choices === undefined ? summary : `${summary} (${choices.join(', ')})`

const flagRow = (flag: Flag): [string, string] => [flagText(flag), summaryText(flag)]
const argumentRow = (argument: Argument): [string, string] => [argument.name, summaryText(argument)]

const section = (title: string, lines: readonly (readonly [string, string])[], columns: number): string[] =>
  lines.length === 0 ? [] : ['', title, ...rows(lines, columns)]

const leftColumns = 22
const rows = (lines: readonly (readonly [string, string])[], columns: number): string[] =>
  lines.flatMap(([left, right]) => {
    const [first = '', ...more] = wrap(right, Math.max(24, columns - leftColumns - 2))
    const start =
      left.length < leftColumns ? [`  ${left.padEnd(leftColumns)}${first}`] : [`  ${left}`, `${' '.repeat(leftColumns + 2)}${first}`]
    return [...start, ...more.map(line => `${' '.repeat(leftColumns + 2)}${line}`)]
  })

const wrap = (text: string, columns: number): string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
