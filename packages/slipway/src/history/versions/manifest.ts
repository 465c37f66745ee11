// A manifest: a file of the repository that states what the app is. One file a kind beside this one.

/** What a manifest says; absent where it does not. */
export interface Manifest {
  /** File name below the project, with `/`. */
  readonly file: string
  readonly version?: string
  readonly name?: string
  readonly id?: string
  readonly bin?: string
  readonly summary?: string
  readonly license?: string
  readonly publisher?: string
  readonly homepage?: string
  readonly icon?: string
  readonly category?: string
  /** It is of a desktop app. */
  readonly desktop?: boolean
}

export interface ManifestKind {
  readonly files: readonly string[]
  /** undefined: nothing in it speaks of an app. Throws what the parser throws. */
  readonly read: (text: string, file: string) => Promise<Manifest | undefined>
}

export type Table = Readonly<Record<string, unknown>>
export const table = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {}
export const string = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined)

/** Without the members that are undefined. */
export const manifest = (members: { readonly [K in keyof Manifest]: Manifest[K] | undefined }): Manifest =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as unknown as Manifest

/** `Name <mail>` of a text or of an object with both. */
export const person = (value: unknown): string | undefined => {
  const { name, email } = table(value)
  const words = string(name)
  if (words === undefined) return string(value)?.replace(/\s*\([^)]*\)\s*$/, '')
  const mail = string(email)
  return mail === undefined ? words : `${words} <${mail}>`
}
