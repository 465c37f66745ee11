// The frame around every command: answers --help and --version at once, loads the rest only to run (DESIGN 3, CONTRACTS 10 to 12).
import packageJson from '../../package.json' with { type: 'json' }
import type { Io } from '../io/io.ts'
import type { CommandSpec } from './command.ts'
import { globalFlags } from './flags.ts'
import type { Streams } from './frame-streams.ts'
import { scan, type Scan } from './frame-scan.ts'
import { helpText } from './help.ts'
import { specs } from './specs.ts'

/** Runs one command line and resolves with its exit code (CONTRACTS 11). `io` may be a function, called only when a command runs. */
export const runCommandLine = async (argv: readonly string[], io: Io | (() => Promise<Io>), streams: Streams): Promise<number> => {
  const found = scan(argv)
  if (found.trouble === undefined && found.wants !== 'run') {
    await streams.stdout.write(found.wants === 'help' ? help(found, streams) : version(found))
    return 0
  }
  const { runFound } = await import('./frame-run.ts')
  return runFound(found, typeof io === 'function' ? await io() : io, streams)
}

const help = ({ json, command }: Scan, { stdout }: Streams): string => {
  if (!json) return helpText(command ?? specs, Math.min(stdout.columns() || 100, 120))
  const commands = (command === undefined ? specs : [command]).map(described)
  return document('help', { commands, flags: globalFlags })
}

const version = ({ json }: Scan): string =>
  json ? document('program', { version: packageJson.version }) : `slipway ${packageJson.version}\n`

const document = (name: string, data: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify({ schema: `slipway.${name}/1`, ok: true, errors: [], ...data }, null, 2)}\n`

const described = ({ load: _load, ...spec }: CommandSpec): Omit<CommandSpec, 'load'> => spec
