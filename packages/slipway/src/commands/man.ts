// `slipway man [COMMAND]`: man pages in roff (man(7)), written from the specs.
import packageJson from '../../package.json' with { type: 'json' }
import { fail } from '@slipway/core'
import { nearest } from '../config/nearest.ts'
import type { Argument, CommandSpec, Flag, Run } from './command.ts'
import { globalFlags, groups } from './flags.ts'
import { argumentText, flagText, summaryText } from './help.ts'

/** Code: `man/unknown-command`. */
export const man = (specs: readonly CommandSpec[]): { readonly run: Run } => ({
  run: async ({ args: [name] }) => {
    const page = manPage(name === undefined ? specs : specNamed(name, specs))
    return { name: 'man', data: { command: name ?? null, page }, problems: [], text: () => page }
  },
})

const specNamed = (name: string, specs: readonly CommandSpec[]): CommandSpec => {
  const spec = specs.find(one => one.name === name)
  if (spec !== undefined) return spec
  const near = nearest(
    name,
    specs.map(one => one.name),
  )
  const hint = near === undefined ? 'slipway --help lists the commands.' : `Did you mean "slipway man ${near}"?`
  return fail('man/unknown-command', `"${name}" is no command.`, { hint })
}

/** The page of a command, or of slipway itself. */
export const manPage = (subject: CommandSpec | readonly CommandSpec[]): string =>
  `${('name' in subject ? commandPage(subject) : wholePage(subject)).join('\n')}\n`

const wholePage = (specs: readonly CommandSpec[]): string[] => [
  ...head('slipway', "from a git tag to a trusted update on its users' machines"),
  '.SH SYNOPSIS',
  `.B slipway\n.I COMMAND\n[flags]`,
  '.SH COMMANDS',
  ...groups.flatMap(([group, title]) => [`.SS ${text(title)}`, ...specs.filter(spec => spec.group === group).flatMap(commandItem)]),
  '.SH FLAGS OF EVERY COMMAND',
  ...globalFlags.flatMap(flagItem),
  ...tail(specs.map(spec => `slipway-${spec.name}`)),
]

const commandPage = (spec: CommandSpec): string[] => [
  ...head(`slipway-${spec.name}`, spec.summary),
  '.SH SYNOPSIS',
  `.B slipway ${text(spec.name)}`,
  ...spec.args.map(argument => `.I ${text(argumentText(argument))}`),
  '[flags]',
  '.SH DESCRIPTION',
  text(spec.about ?? `${spec.summary}.`),
  ...(spec.args.length === 0 ? [] : ['.SH ARGUMENTS', ...spec.args.flatMap(argumentItem)]),
  ...(spec.flags.length === 0 ? [] : ['.SH FLAGS', ...spec.flags.flatMap(flagItem)]),
  '.SH FLAGS OF EVERY COMMAND',
  ...globalFlags.flatMap(flagItem),
  ...(spec.examples === undefined ? [] : ['.SH EXAMPLES', '.nf', ...spec.examples.map(text), '.fi']),
  ...tail(['slipway']),
]

const head = (name: string, summary: string): string[] => [
  `.TH ${text(name.toUpperCase())} 1 "" "slipway ${text(packageJson.version)}" "Slipway"`,
  '.SH NAME',
  `${text(name)} \\- ${text(summary)}`,
]

const exits = [
  ['0', 'done'],
  ['2', 'the command line, the config or the inputs are wrong; nothing was done'],
  ['3', 'refused by policy'],
  ['4', 'the machine, a tool, the network or credentials'],
  ['5', 'existing bytes or signatures are wrong'],
  ['70', 'a bug in Slipway'],
  ['130, 143', 'stopped by SIGINT or SIGTERM'],
] as const

const tail = (pages: readonly string[]): string[] => [
  '.SH EXIT STATUS',
  ...exits.flatMap(([code, meaning]) => item(code, meaning)),
  '.SH SEE ALSO',
  ...pages.map(page => `.BR ${text(page)} (1)`),
]

const item = (left: string, right: string): string[] => ['.TP', `.B ${text(left)}`, text(right)]
const commandItem = (spec: CommandSpec): string[] => item([spec.name, ...spec.args.map(argumentText)].join(' '), spec.summary)
const argumentItem = (argument: Argument): string[] => item(argument.name, summaryText(argument))
const flagItem = (flag: Flag): string[] => item(flagText(flag), summaryText(flag))

/** Text in roff: backslashes, hyphens, quotes, and no line that begins as a request. */
const text = (words: string): string =>
  words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/^(?=\.)/gm, '\\&')
