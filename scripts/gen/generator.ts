// The contract of a generator: what it makes, from the sources below `root`, as texts by path.

export interface Generator {
  readonly name: string
  /** Texts by path relative to `root`; throws GenerationError when the sources do not allow them. */
  readonly run: (root: string) => Promise<ReadonlyMap<string, string>>
  /** Folders that belong to it alone: a file there that it does not make is stale. */
  readonly owns: readonly string[]
}

/** All that is wrong with the sources, one line each; `texts` is what could be made all the same. */
export class GenerationError extends Error {
  readonly problems: readonly string[]
  readonly texts: ReadonlyMap<string, string>
  constructor(problems: readonly string[], texts: ReadonlyMap<string, string> = new Map()) {
    super(problems.join('\n'))
    this.problems = problems
    this.texts = texts
  }
}
