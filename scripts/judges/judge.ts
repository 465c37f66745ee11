// What a foreign judge is, and where it comes from (CONTRACTS 14).

export type Source =
  | { readonly apt: string }
  | { readonly pypi: string; readonly version: string }
  | { readonly go: string; readonly version: string }
  | { readonly cargo: string; readonly version: string }
  /** A program of ours around crates that are not: a folder beside this file. */
  | { readonly crate: string; readonly version: string }
  | { readonly npm: string }
  /** Installed from npm, but not into the project. */
  | { readonly npx: string; readonly version: string }

export interface Judge {
  /** What tests ask for. */
  readonly name: string
  /** The program; for `npm` without a program of its own, absent. */
  readonly command?: string
  readonly versionArgs: readonly string[]
  readonly source: Source
  /** What it judges. */
  readonly for: string
}

/** A library of Python alone: the interpreter of a folder of its own, which can import it. */
export const pythonModule = (name: string, version: string, judged: string): Judge => ({
  name,
  command: 'python',
  // Few of them say it themselves.
  versionArgs: ['-c', `print("${name} ${version}")`],
  source: { pypi: name, version },
  for: judged,
})
