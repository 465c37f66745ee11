// Text in a script of makensis: nothing in it is a variable, a constant, a define or the end of the line (NSIS manual 4.1, 4.2.3).

/**
 * A string of the script, quoted. `$$` alone is not enough: the preprocessor looks for `${…}` and `$%…%` before it knows of escapes,
 * so an empty define stands between.
 */
export const quoted = (text: string): string => `"${escaped(text)}"`

/** The same without quotes, to stand inside of a string whose other parts are ours. */
export const escaped = (text: string): string => text.replaceAll(/[$"'`\r\n\t\0]/g, one => escapes[one] ?? '')

const escapes: Readonly<Record<string, string>> = {
  $: '$$$' + '{_}',
  '"': '$\\"',
  "'": "$\\'",
  '`': '$\\`',
  '\r': '$\\r',
  '\n': '$\\n',
  '\t': '$\\t',
}

/** What `escaped` relies on; stands at the head of the script. */
export const emptyDefine = '!define _ ""'

/** A relative path of the app folder, below a folder that is given as a string of the script. */
export const below = (folder: string, path: string): string => `"${folder}\\${escaped(path.replaceAll('/', '\\'))}"`
