// From the scanned command line to an invocation's flags and arguments: commander, strict, its errors as problems of ours.
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { isAbsolute, resolve } from 'node:path'
import { fail, type Problem, problem } from '@slipway/core'
import { nearest } from '../config/nearest.ts'
import type { CommandSpec, Flag, GlobalFlags, Invocation } from './command.ts'
import { globalFlags } from './flags.ts'
import type { Scan, Trouble } from './frame-scan.ts'
import { usage } from './help.ts'
import { specs } from './specs.ts'

export interface Parsed {
  readonly command: CommandSpec
  readonly global: GlobalFlags
  readonly args: readonly string[]
  readonly flags: Invocation['flags']
}

/** Throws every error of form as `command/…`, exit 2. `cwd` is the folder that the process started in. */
export const parse = ({ command, rest, trouble }: Scan, cwd: string): Parsed => {
  if (trouble !== undefined || command === undefined) return refuse(trouble ?? { kind: 'no-command' }, command)
  const commander = new Command(command.name)
  commander.exitOverride().helpOption(false).allowExcessArguments(false).showSuggestionAfterError(false)
  commander.configureOutput({ writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined })
  const own = new Map(command.flags.map(flag => [flag.name, optionOf(flag)]))
  const shared = new Map(globalFlags.filter(flag => !own.has(flag.name)).map(flag => [flag.name, optionOf(flag)]))
  for (const option of [...shared.values(), ...own.values()]) commander.addOption(option)
  for (const { name, optional, repeat, choices } of command.args) {
    const inside = repeat === true ? `${name}...` : name
    const argument = new Argument(optional === true ? `[${inside}]` : `<${inside}>`)
    commander.addArgument(choices === undefined ? argument : argument.choices(choices))
  }
  try {
    commander.parse(rest, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return refuseAsCommander(error, { command, rest })
    throw error
  }
  // No flag has a second dash, so commander's names are ours; a test holds it.
  const values = commander.opts<Record<string, string | true | string[]>>()
  const given = (options: ReadonlyMap<string, Option>) =>
    Object.fromEntries([...options.keys()].flatMap(name => (values[name] === undefined ? [] : [[name, values[name]]])))
  const flags = given(own)
  refuseIdle(command, { args: commander.args, flags })
  return { command, args: commander.args, flags, global: globalOf(given(shared), cwd) }
}

/** A flag that would do nothing was meant to do something. Codes: `command/needs-flag`, `command/needless-flag`. */
const refuseIdle = (command: CommandSpec, { args, flags }: Pick<Parsed, 'args' | 'flags'>): void => {
  const [action = ''] = args
  for (const { name, needs, actions } of command.flags.filter(flag => flags[flag.name] !== undefined)) {
    if (needs !== undefined && flags[needs] === undefined)
      fail('command/needs-flag', `--${name} does nothing without --${needs}.`, { hint: `Say --${needs} too, or leave --${name} out.` })
    if (actions !== undefined && !actions.includes(action))
      fail('command/needless-flag', `--${name} does nothing in ${command.name} ${action}.`, {
        hint: `Leave it out; it belongs to: ${actions.map(one => `slipway ${command.name} ${one}`).join(', ')}.`,
      })
  }
}

const optionOf = (flag: Flag): Option => {
  if (flag.value === undefined) return new Option(`--${flag.name}`)
  return new Option(`--${flag.name} <value>`).argParser((value: string, before: string[] | string | undefined) =>
    valueOf(flag, value, before),
  )
}

const valueOf = (flag: Flag, value: string, before: string[] | string | undefined): string | string[] => {
  if (value.trim() === '') throw new InvalidArgumentError('It is empty.')
  if (flag.choices !== undefined && !flag.choices.includes(value)) throw new InvalidArgumentError(`It can be ${flag.choices.join(', ')}.`)
  if (flag.repeat !== true) {
    if (before !== undefined) throw new InvalidArgumentError('It is given twice.')
    return value
  }
  // A value of the config may hold commas; a list of ids never does.
  const more = flag.name === 'set' ? [value] : value.split(',').map(one => one.trim())
  if (more.includes('')) throw new InvalidArgumentError('A part of the list is empty.')
  return [...(Array.isArray(before) ? before : []), ...more]
}

const globalOf = (given: Readonly<Record<string, string | true | readonly string[]>>, start: string): GlobalFlags => {
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : undefined)
  const cwd = resolve(start, text('cwd') ?? '.')
  const inside = (path: string) => (isAbsolute(path) ? path : resolve(cwd, path))
  const [config, app, events] = [text('config'), text('app'), text('events')]
  return {
    json: given['json'] === true,
    cwd,
    ...(config === undefined ? {} : { config: inside(config) }),
    profile: text('profile') === 'dev' ? 'dev' : 'release',
    ...(app === undefined ? {} : { app }),
    set: Array.isArray(given['set']) ? (given['set'] as readonly string[]) : [],
    quiet: given['quiet'] === true,
    verbose: given['verbose'] === true,
    reporter: (text('reporter') ?? 'auto') as GlobalFlags['reporter'],
    ...(events === undefined ? {} : { events: inside(events) }),
  }
}

const refuse = (trouble: Trouble, command: CommandSpec | undefined): never => {
  if (trouble.kind === 'no-command')
    return fail('command/no-command', 'No command is given.', { hint: 'slipway --help lists the commands.' })
  if (trouble.kind === 'unknown-command') {
    const near = nearest(
      trouble.text,
      specs.map(spec => spec.name),
    )
    const hint = near === undefined ? 'slipway --help lists the commands.' : `Did you mean "slipway ${near}"?`
    return fail('command/unknown-command', `"${trouble.text}" is no command.`, { hint })
  }
  if (trouble.kind === 'missing-value') {
    return fail('command/missing-value', `${trouble.text} needs a value.`, {
      hint: `Write ${trouble.text} VALUE or ${trouble.text}=VALUE.`,
    })
  }
  if (trouble.kind === 'needless-value') {
    return fail('command/needless-value', `${trouble.text} takes no value.`, { hint: `Write ${trouble.text} alone, or leave it out.` })
  }
  return unknownFlag(trouble.text, command)
}

const refuseAsCommander = (
  error: CommanderError,
  { command, rest }: { readonly command: CommandSpec; readonly rest: readonly string[] },
): never => {
  const text = error.message.replace(/^error: /, '')
  const hint = `Usage: ${usage(command)}; slipway ${command.name} --help says more.`
  if (error.code === 'commander.unknownOption') return unknownFlag(/'([^']*)'/.exec(text)?.[1] ?? rest.join(' '), command)
  if (error.code === 'commander.missingArgument') {
    // explain: The command line lacks a word that this command cannot do without.
    return fail('command/missing-argument', `${command.name} needs ${/'([^']*)'/.exec(text)?.[1] ?? 'an argument'}.`, { hint })
  }
  if (error.code === 'commander.excessArguments') {
    return fail(
      'command/excess-arguments',
      `${command.name} takes ${command.args.length || 'no'} argument${command.args.length === 1 ? '' : 's'}; more are given.`,
      { hint },
    )
  }
  // explain: A flag or argument has a value that it cannot have: empty, given twice, or none of its choices.
  if (error.code === 'commander.invalidArgument') return fail('command/bad-value', sentence(text), { hint })
  // The scan before took out everything else that commander could refuse: what is left is a bug.
  throw error
}

const unknownFlag = (token: string, command: CommandSpec | undefined): never => {
  const flag = token.split('=', 1)[0] ?? token
  const mine = [...(command?.flags ?? specs.flatMap(spec => spec.flags)), ...globalFlags].map(one => `--${one.name}`)
  const others = specs.filter(spec => spec.flags.some(one => `--${one.name}` === flag)).map(spec => spec.name)
  if (command !== undefined && others.length > 0) {
    const message = `${flag} is no flag of ${command.name}.`
    return fail('command/unknown-flag', message, {
      hint: `It belongs to ${others.join(', ')}. slipway ${command.name} --help lists the flags of ${command.name}.`,
    })
  }
  const near = nearest(flag, mine)
  const where = command === undefined ? 'slipway --help' : `slipway ${command.name} --help`
  return fail('command/unknown-flag', `${flag} is no flag${command === undefined ? '' : ` of ${command.name}`}.`, {
    hint: near === undefined ? `${where} lists the flags.` : `Did you mean ${near}?`,
  })
}

const sentence = (text: string): string => {
  const plain = text.replace(/ <value>/g, '').replace(/\.\s*$/, '')
  return `${plain.slice(0, 1).toUpperCase()}${plain.slice(1)}.`
}

/** The problem of a `--cwd` that is no folder. */
export const noFolder = (cwd: string): Problem =>
  problem('command/no-folder', `${cwd} is no folder.`, { hint: 'Give --cwd a folder that exists.' })
