// The event: what is happening (CONTRACTS 10). Terminal, JSON lines, journal and evidence read the same stream.
interface At {
  /** ISO 8601 with milliseconds. */
  readonly t: string
  /** Id of the run. */
  readonly run: string
}
export type Outcome = 'done' | 'cached' | 'skipped' | 'failed'
export type Event =
  | (At & {
      readonly type: 'run.start'
      readonly command: string
      readonly plan?: string
      readonly steps: readonly string[]
      readonly title?: string
    })
  | (At & { readonly type: 'step.start'; readonly step: string })
  | (At & {
      readonly type: 'step.progress'
      readonly step: string
      readonly done: number
      readonly total: number
      readonly unit: 'bytes' | 'files' | 'objects'
    })
  | (At & { readonly type: 'step.note'; readonly step: string; readonly text: string; readonly facts?: Readonly<Record<string, unknown>> })
  | (At & {
      readonly type: 'step.end'
      readonly step: string
      readonly outcome: Outcome
      readonly reason?: string
      readonly ms: number
      readonly bytes: number
    })
  | (At & { readonly type: 'run.end'; readonly outcome: 'done' | 'failed' | 'interrupted'; readonly ms: number })
