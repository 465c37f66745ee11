// Shell and PowerShell text inside of TypeScript: templates that keep every character, and words that no reader takes for anything else.

/**
 * The text as it stands. `$\{` stands for `${` and a backslash with a backtick for a backtick, since TypeScript reads those itself;
 * a value between `${` and `}` is put in as it is.
 */
export const script = (parts: TemplateStringsArray, ...values: readonly string[]): string =>
  parts.raw
    .map((part, at) => `${part.replaceAll('$\\{', '${').replaceAll('\\`', '`')}${values[at] ?? ''}`)
    .join('')
    .replace(/^\n/, '')

/** One word of POSIX sh (XCU 2.2.2): nothing inside of single quotes means anything. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** One PowerShell string (about_Quoting_Rules): a quote is doubled, and PowerShell takes typographic single quotes for quotes too. */
export const powerWord = (text: string): string => `'${text.replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`
