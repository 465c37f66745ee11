// The command contract: an invocation -> an outcome. Commands return data and print nothing (DESIGN 2).
import type { Event, Problem } from '@slipway/core'
import type { Io } from '../io/io.ts'
import type { Style } from '../reporters/table.ts'

export type { Style }

export interface Flag {
  /** Without dashes, as `percent`. */
  readonly name: string
  /** What stands behind it in help, as `N`; none: it is a switch. */
  readonly value?: string
  readonly repeat?: boolean
  readonly choices?: readonly string[]
  /** Another flag of this command without which it would do nothing: then it is refused. */
  readonly needs?: string
  /** Values of the first argument with which it does something; with any other it is refused. */
  readonly actions?: readonly string[]
  readonly summary: string
}
export interface Argument {
  readonly name: string
  readonly optional?: boolean
  readonly repeat?: boolean
  readonly choices?: readonly string[]
  readonly summary: string
}
/** What help, man pages, completions and reference are made from; loads nothing. */
export interface CommandSpec {
  readonly name: string
  readonly summary: string
  /** Longer text for man pages and reference. */
  readonly about?: string
  readonly group: 'release' | 'channels' | 'bucket' | 'project' | 'machine'
  readonly args: readonly Argument[]
  readonly flags: readonly Flag[]
  readonly examples?: readonly string[]
  readonly load: () => Promise<{ readonly run: Run }>
}

/** Flags of every command (DESIGN 3). */
export interface GlobalFlags {
  readonly json: boolean
  /** Absolute. */
  readonly cwd: string
  readonly config?: string
  readonly profile: 'release' | 'dev'
  readonly app?: string
  /** `KEY=VALUE`, as given. */
  readonly set: readonly string[]
  readonly quiet: boolean
  readonly verbose: boolean
  readonly reporter: 'auto' | 'live' | 'plain' | 'jsonl' | 'github' | 'none'
  readonly events?: string
}
export interface Invocation {
  readonly io: Io
  readonly global: GlobalFlags
  readonly args: readonly string[]
  /** Own flags by name: true for a switch, text, or texts when it repeats; absent when not given. */
  readonly flags: Readonly<Record<string, string | true | readonly string[]>>
  readonly emit: (event: Event) => void
  readonly signal: AbortSignal
  /** A person sits at a terminal and may be asked. */
  readonly interactive: boolean
  /** Asks at the terminal; `command/no-terminal` without one. Hidden: passwords. */
  readonly ask: (question: string, options?: { readonly hidden?: boolean }) => Promise<string>
}

export interface Outcome {
  /** Name of the document: `plan` gives schema slipway.plan/1. */
  readonly name: string
  /** Members of the document beside schema, ok, errors. */
  readonly data: Readonly<Record<string, unknown>>
  readonly problems: readonly Problem[]
  /** What a person reads on stdout; untrusted text in it is made safe by `plain` of reporters/safe.ts. */
  readonly text: (style: Style, options: { readonly verbose: boolean }) => string
}
export type Run = (invocation: Invocation) => Promise<Outcome>
