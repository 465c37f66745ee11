// What a command line talks to beside Io: its three streams, its signals, its timer. Handed down from main as a value.
export interface Output {
  /** Resolves once it is flushed; a reader that went away (EPIPE) is quiet, any other failure rejects. */
  readonly write: (text: string) => Promise<void>
  readonly isTerminal: boolean
  /** Columns and rows of the terminal now; 0 without one. */
  readonly columns: () => number
  readonly rows: () => number
}
export type Signal = 'SIGINT' | 'SIGTERM'
export interface Streams {
  readonly stdout: Output
  readonly stderr: Output
  /** Asks a person; null where nobody sits at a terminal. */
  readonly ask: ((question: string, options: { readonly hidden: boolean; readonly signal: AbortSignal }) => Promise<string>) | null
  /** Gives back what stops listening. */
  readonly onSignal: (listener: (signal: Signal) => void) => () => void
  /** An error that nobody waits for; gives back what stops listening. */
  readonly onCrash: (listener: (error: unknown) => void) => () => void
  /** Calls again and again, without keeping the process alive; gives back what stops it. */
  readonly every: (ms: number, tick: () => void) => () => void
}
