// Values as literals of TypeScript and YAML: whatever the text, loading the literal gives exactly it, and nothing of it runs.

// Controls, line ends, bidi and other invisible characters, halves of surrogate pairs: never raw in a file that people read.
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** `'it\'s'`: a single-quoted literal, in which neither a backtick nor `${` means anything. */
export const codeText = (value: string): string => `'${value.replace(/[\\']/g, '\\$&').replace(hidden, unitEscapes)}'`

/** Single quotes for plain ASCII, else YAML 1.2's double quotes (section 7.3.1), whose escapes are JSON's and `\U`. */
export const yamlText = (value: string): string =>
  /^[\x20-\x7e]*$/.test(value) ? `'${value.replaceAll("'", "''")}'` : `"${value.replace(/[\\"]/g, '\\$&').replace(hidden, pointEscape)}"`

/** A key as it is where every reader takes it so. `__proto__` in quotes would still set the prototype. */
export const codeKey = (key: string): string => {
  if (key === '__proto__') return "['__proto__']"
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(key) ? key : codeText(key)
}
export const yamlKey = (key: string): string => (/^[A-Za-z][A-Za-z0-9_.-]*$/.test(key) && !wordsOfYaml.test(key) ? key : yamlText(key))

/** YAML 1.1 readers take these for booleans and null. */
const wordsOfYaml = /^(y|n|yes|no|on|off|true|false|null)$/i

const unitEscapes = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')

const pointEscape = (character: string): string =>
  character.length > 1 ? `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}` : unitEscapes(character)
