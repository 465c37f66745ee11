// `slipway completion SHELL`: completion scripts written from the specs, for bash, zsh, fish and PowerShell.
import type { CommandSpec, Flag, Run } from './command.ts'
import { globalFlags } from './flags.ts'

export const completion = (specs: Specs): { readonly run: Run } => ({
  run: async ({ args }) => {
    const shell = args[0] as Shell
    const script = completionScript(shell, specs)
    return { name: 'completion', data: { shell, script }, problems: [], text: () => script }
  },
})

type Specs = readonly CommandSpec[]
export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell'

/** The whole script, ending in a line end. */
export const completionScript = (shell: Shell, specs: Specs): string => `${writers[shell](specs).join('\n')}\n`

const allFlags = (spec: CommandSpec): readonly Flag[] => [...spec.flags, ...globalFlags]
const namesOf = (flags: readonly Flag[]): string => flags.map(flag => `--${flag.name}`).join(' ')
const everyFlag = (specs: Specs): readonly Flag[] => [
  ...new Map([...globalFlags, ...specs.flatMap(spec => spec.flags)].map(flag => [flag.name, flag])).values(),
]
/** A value that is a path: the shell completes those itself. */
const isPath = (flag: Flag): boolean => flag.value !== undefined && /FILE|DIR/.test(flag.value)
const choicesOf = (spec: CommandSpec, specs: Specs): string =>
  (spec.name === 'man' ? specs.map(one => one.name) : (spec.args[0]?.choices ?? [])).join(' ')

const bash = (specs: Specs): string[] => [
  '# bash completion for slipway; source it, or put it into ~/.local/share/bash-completion/completions/slipway',
  '_slipway() {',
  '  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= word skip=0 at',
  '  COMPREPLY=()',
  '  case $previous in',
  ...everyFlag(specs)
    .filter(flag => flag.choices !== undefined)
    .map(flag => `    --${flag.name}) COMPREPLY=($(compgen -W '${flag.choices?.join(' ') ?? ''}' -- "$current")); return ;;`),
  `    ${everyFlag(specs)
    .filter(isPath)
    .map(flag => `--${flag.name}`)
    .join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;`,
  `    ${everyFlag(specs)
    .filter(isOtherValue)
    .map(flag => `--${flag.name}`)
    .join('|')}) return ;;`,
  '  esac',
  '  for ((at = 1; at < COMP_CWORD; at++)); do',
  '    word=${COMP_WORDS[at]}',
  '    if ((skip)); then skip=0; continue; fi',
  '    case $word in',
  `      ${everyFlag(specs)
    .filter(flag => flag.value !== undefined)
    .map(flag => `--${flag.name}`)
    .join('|')}) skip=1 ;;`,
  '      -*) ;;',
  '      *) command=$word; break ;;',
  '    esac',
  '  done',
  '  local flags words=',
  '  case $command in',
  ...specs.map(spec => `    ${spec.name}) flags='${namesOf(allFlags(spec))}' words='${choicesOf(spec, specs)}' ;;`),
  `    *) flags='${namesOf(globalFlags)}' words='${specs.map(spec => spec.name).join(' ')}' ;;`,
  '  esac',
  '  if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$current"))',
  '  elif [[ -n $words ]]; then COMPREPLY=($(compgen -W "$words" -- "$current"))',
  '  else COMPREPLY=($(compgen -f -- "$current")); fi',
  '}',
  'complete -o filenames -F _slipway slipway',
]

const isOtherValue = (flag: Flag): boolean => flag.value !== undefined && flag.choices === undefined && !isPath(flag)

const zsh = (specs: Specs): string[] => [
  '#compdef slipway',
  '# zsh completion for slipway; put it as _slipway into a folder of $fpath',
  '_slipway() {',
  '  local state line curcontext=$curcontext',
  '  local -a commands shared',
  `  commands=(${specs.map(spec => quoteZsh(`${spec.name}:${spec.summary}`)).join(' ')})`,
  `  shared=(${globalFlags.map(zshFlag).join(' ')})`,
  "  _arguments -C $shared '1:command:->command' '*::argument:->argument'",
  '  case $state in',
  "    command) _describe 'command' commands ;;",
  '    argument)',
  '      case $words[1] in',
  ...specs.map(
    spec => `        ${spec.name}) _arguments $shared ${[...spec.flags.map(zshFlag), zshArgument(choicesOf(spec, specs))].join(' ')} ;;`,
  ),
  '      esac ;;',
  '  esac',
  '}',
  'if [ "$funcstack[1]" = _slipway ]; then _slipway "$@"; else compdef _slipway slipway; fi',
]

const quoteZsh = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const zshFlag = (flag: Flag): string => {
  const action = flag.choices === undefined ? (isPath(flag) ? '_files' : ' ') : `(${flag.choices.join(' ')})`
  const value = flag.value === undefined ? '' : `=:${flag.value.replaceAll(':', '\\:')}:${action}`
  return quoteZsh(
    `${flag.repeat === true ? '*' : ''}--${flag.name}${value.slice(0, 1)}[${flag.summary.replaceAll(/([[\]])/g, '\\$1').replaceAll(':', '\\:')}]${value.slice(1)}`,
  )
}
const zshArgument = (choices: string): string => quoteZsh(`*:argument:${choices === '' ? '_files' : `(${choices})`}`)

const fish = (specs: Specs): string[] => [
  '# fish completion for slipway; put it into ~/.config/fish/completions/slipway.fish',
  `set -l commands ${specs.map(spec => spec.name).join(' ')}`,
  ...specs.map(
    spec => `complete -c slipway -f -n "not __fish_seen_subcommand_from $commands" -a ${spec.name} -d ${quoteFish(spec.summary)}`,
  ),
  ...globalFlags.map(flag => fishFlag(flag)),
  ...specs.flatMap(spec => {
    const seen = `-n "__fish_seen_subcommand_from ${spec.name}" `
    const choices = choicesOf(spec, specs)
    return [
      ...(choices === '' ? [] : [`complete -c slipway -f ${seen}-a ${quoteFish(choices)}`]),
      ...spec.flags.map(flag => fishFlag(flag, seen)),
    ]
  }),
]

const quoteFish = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const fishFlag = (flag: Flag, seen = ''): string => {
  const value =
    flag.value === undefined
      ? ''
      : flag.choices === undefined
        ? isPath(flag)
          ? ' -r -F'
          : ' -x'
        : ` -x -a ${quoteFish(flag.choices.join(' '))}`
  return `complete -c slipway ${seen}-l ${flag.name}${value} -d ${quoteFish(flag.summary)}`
}

const powershell = (specs: Specs): string[] => [
  '# PowerShell completion for slipway; add it to $PROFILE',
  'Register-ArgumentCompleter -Native -CommandName slipway -ScriptBlock {',
  '  param($wordToComplete, $commandAst, $cursorPosition)',
  '  $commands = [ordered]@{',
  ...specs.map(
    spec =>
      `    ${quotePower(spec.name)} = @(${[
        ...choicesOf(spec, specs)
          .split(' ')
          .filter(word => word !== ''),
        ...allFlags(spec).map(flag => `--${flag.name}`),
      ]
        .map(quotePower)
        .join(', ')})`,
  ),
  '  }',
  '  $command = $commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() } | Where-Object { $commands.Contains($_) -and $_ -ne $wordToComplete } | Select-Object -First 1',
  `  $words = if ($command) { $commands[$command] } else { @($commands.Keys) + @(${globalFlags.map(flag => quotePower(`--${flag.name}`)).join(', ')}) }`,
  '  $words | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, "ParameterValue", $_) }',
  '}',
]

const quotePower = (text: string): string => `'${text.replaceAll("'", "''")}'`

const writers: Readonly<Record<Shell, (specs: Specs) => string[]>> = { bash, zsh, fish, powershell }
