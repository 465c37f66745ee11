// The record of a build that a program carries, so that `inspect` can read it back: one JSON text, in a place that each toolchain has.
import { encodeBase64 } from '@slipway/formats/base64'
import { encodeText } from '@slipway/formats/bytes'
import type { BuildMetadata } from './metadata.ts'

/** The section of ELF and PE programs that holds it alone. */
export const recordSection = '.slipway'

/** As Go's build ID: its values in no other form than this one, so that what the linker put into variables can still be looked for. */
export const recordIdOf = (metadata: BuildMetadata): string => `slipway/1/${encodeBase64(encodeText(recordOf('go', metadata)))}`

/** ASCII, without a quote of one kind: it stands inside of flags, comments and sections. */
export const recordOf = (tool: string, { version, commit, date, features }: BuildMetadata): string =>
  JSON.stringify({ slipway: 1, tool, version, commit, date, features }).replaceAll(
    /['*\u007f-\uffff]/g,
    one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
