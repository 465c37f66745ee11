// The app: what we ship. All values are filled in; where each came from stands in the plan (CONFIG 3, "Found").
export interface App {
  /** The key among several apps of one repository; with one app its `bin`. */
  readonly key: string
  /** Display name, as `Flet`. */
  readonly name: string
  /** Reverse-domain id, as `dev.flet.desktop`; empty for a tool that has none. */
  readonly id: string
  /** Name of the executable and of files, as `flet`. */
  readonly bin: string
  readonly version: string
  readonly summary: string
  /** SPDX expression. */
  readonly license: string
  /** `Name <mail>` or a name. */
  readonly publisher: string
  readonly homepage: string
  readonly icon: string
  readonly category: string
  readonly channelEnv: string
  /** Release notes of this version, plain text or Markdown; untrusted. */
  readonly notes: string
  /** URL schemes that it opens, as `flet`. */
  readonly protocols: readonly string[]
  /** File types that it opens. */
  readonly opens: readonly FileKind[]
  /** Files of the project: man pages, as `man/flet.1`; `man/de/flet.1` in another language. */
  readonly man: readonly ProjectFile[]
  readonly completions: readonly Completion[]
  readonly services: readonly Service[]
  /** Files of the app folder below `etc/` that a user may edit. */
  readonly conffiles: readonly string[]
  /** Programs that it needs on the user's machine. */
  readonly needs: readonly Need[]
  /** Modes of files of the app folder that are not just executable or not, as 0o4755. Absent: none. */
  readonly modes?: Readonly<Record<string, number>>
  /** What systems know the app by and that changes on purpose: old value -> new. Absent: nothing may. */
  readonly newIdentity?: Readonly<Record<string, string>>
  /** What its program shows of it on Windows. Absent: what the program lacks is added. */
  readonly windows?: WindowsLook
}

export interface WindowsLook {
  /** `keep` changes nothing, `add` gives the program what it lacks, `replace` also takes the place of what it has. Absent: the builder's. */
  readonly resources?: 'keep' | 'add' | 'replace'
  /** Path of an ico or PNG; empty for the app's own. */
  readonly icon: string
  /** Put into its manifest where that says nothing of them. */
  readonly settings: readonly ('dpiAware' | 'longPaths' | 'utf8')[]
  /** Data behind its image may move with it: it looks for them from the end of the file. */
  readonly movesData: boolean
}

/** A file of the project that the config names. */
export interface ProjectFile {
  /** Relative to the project, with `/`. */
  readonly path: string
  /** Config path that names it, as `app.man.0`. */
  readonly from: string
}
export interface Completion extends ProjectFile {
  readonly shell: 'bash' | 'zsh' | 'fish'
}
export interface FileKind {
  /** MIME type, as `application/x-flet`. */
  readonly type: string
  /** Without a dot, as `flet`. With any, the type is the app's own and systems are taught it. */
  readonly extensions: readonly string[]
  /** What a file manager calls it; empty for none. */
  readonly name: string
}
export interface Service {
  /** File name of its systemd unit, as `flet.service`. */
  readonly name: string
  /** The unit file of the project; null where it is made of `run`. */
  readonly file: ProjectFile | null
  /** Arguments for the app's own program. */
  readonly run: string
  readonly summary: string
  /** Runs for each user who is logged in, not for the machine. */
  readonly user: boolean
  /** Started by the installation; otherwise the user decides. */
  readonly enable: boolean
}
export interface Need {
  /** Name of the program, as `git`. */
  readonly program: string
  /** As `>=2.40`, several with a space between, empty for any; of one that is shipped its exact version. */
  readonly version: string
  /** How a user gets it: a command or an address, for the message that says it is missing. */
  readonly get?: string
  /** Shipped beside the app's own program. Absent: looked for on the user's machine and never shipped. */
  readonly bundle?: Bundle
}
/** A program that is shipped, pinned for each target. Keys are targets or `<os>-*`; a text alone is for all. */
export interface Bundle {
  /** A file, archive or folder of the project, or `npm:<package>`. */
  readonly from: string | Readonly<Record<string, string>>
  /** sha256 of the program itself, as it lies in the package. */
  readonly sha256: string | Readonly<Record<string, string>>
}
