// What a program is told about its own build: version, commit, date of the commit, features; never the time of the build.
import type { App } from '@slipway/core'

export interface BuildMetadata {
  readonly version: string
  /** Empty without git. */
  readonly commit: string
  /** Of the commit, as `2026-01-31T10:00:00Z`. */
  readonly date: string
  /** With commas between them. */
  readonly features: string
}

/** `date` is in seconds since 1970. */
export const metadataOf = (
  { app, commit, date }: { readonly app: App; readonly commit: string; readonly date: number },
  features: readonly string[] = [],
): BuildMetadata => ({
  version: app.version,
  commit,
  date: new Date(date * 1000).toISOString().replace('.000Z', 'Z'),
  features: features.join(','),
})
