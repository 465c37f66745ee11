// The flags of every command and the groups of help (DESIGN 3).
import type { CommandSpec, Flag } from './command.ts'

/** Flags of every command; `help` and `version` end the run at once. */
export const globalFlags: readonly Flag[] = [
  { name: 'json', summary: 'Print the result as one JSON document on stdout' },
  { name: 'cwd', value: 'DIR', summary: 'Work in this folder' },
  { name: 'config', value: 'FILE', summary: 'Use this config instead of the one that is found' },
  {
    name: 'profile',
    value: 'NAME',
    choices: ['release', 'dev'],
    summary: 'release signs everything; dev reads no secret and labels every file dev',
  },
  { name: 'app', value: 'KEY', summary: 'One of several apps of the config' },
  { name: 'set', value: 'KEY=VALUE', repeat: true, summary: 'Set a value of the config, as app.version=1.2.3' },
  { name: 'quiet', summary: 'No progress' },
  { name: 'verbose', summary: 'Say more: names, URLs, causes' },
  {
    name: 'reporter',
    value: 'NAME',
    choices: ['auto', 'live', 'plain', 'jsonl', 'github', 'none'],
    summary: 'How progress is shown on stderr',
  },
  { name: 'events', value: 'FILE', summary: 'Write every event as a JSON line to this file too' },
  { name: 'help', summary: 'Show help' },
  { name: 'version', summary: 'Show the version of Slipway' },
]
export const shortFlags: Readonly<Record<string, string>> = { '-h': '--help', '-V': '--version' }

export const groups: readonly (readonly [CommandSpec['group'], string])[] = [
  ['project', 'Set up'],
  ['release', 'Make a release'],
  ['channels', 'Move channels'],
  ['bucket', 'Look and prove'],
  ['machine', 'This machine'],
]
