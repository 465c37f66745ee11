// A tiny YAML 1.2 writer: maps, lists of maps, numbers, and strings in JSON's quotes, which YAML reads alike.
export type YamlValue = string | number | readonly YamlMap[] | YamlMap
export interface YamlMap {
  readonly [key: string]: YamlValue
}

/** Keys are ours and plain; values may hold anything. */
export const writeYaml = (map: YamlMap): string => linesOf(map).join('\n') + '\n'

const linesOf = (map: YamlMap): readonly string[] => Object.entries(map).flatMap(([key, value]) => entryLines(key, value))

const entryLines = (key: string, value: YamlValue): readonly string[] => {
  if (typeof value === 'string') return [`${key}: ${quoted(value)}`]
  if (typeof value === 'number') return [`${key}: ${value}`]
  if (isList(value)) return value.length === 0 ? [`${key}: []`] : [`${key}:`, ...value.flatMap(itemLines)]
  return [`${key}:`, ...linesOf(value).map(line => `  ${line}`)]
}

const isList = (value: readonly YamlMap[] | YamlMap): value is readonly YamlMap[] => Array.isArray(value)

const itemLines = (item: YamlMap): readonly string[] => linesOf(item).map((line, index) => (index === 0 ? `  - ${line}` : `    ${line}`))

/** JSON leaves some characters bare that YAML 1.2 (5.1) does not count as printable, or takes for line breaks. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
