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
}
