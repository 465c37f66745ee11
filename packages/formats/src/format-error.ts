// The one error class of the formats package: a code, a sentence, and where in the bytes it happened.

/** A file that is not what its format says; `offset` is in bytes from the start of the file when known. */
export class FormatError extends Error {
  readonly code: string
  readonly offset: number | undefined

  constructor(code: string, message: string, offset?: number) {
    super(message)
    this.name = 'FormatError'
    this.code = code
    this.offset = offset
  }
}
