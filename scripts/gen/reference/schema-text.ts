// A JSON Schema (draft 2020-12, as zod writes it) in the words of a table: type and default.

export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly minimum?: number
  readonly maximum?: number
}

/** `'gzip'`, `text`, `list of text`, `0 to 9`, `true or { name, icon }`. */
export const typeOf = (schema: JsonSchema): string => {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(', or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(one => `\`${String(one)}\``).join(' ')
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`
  if (schema.type === 'object') return objectText(schema)
  if (schema.type === 'integer') return integerText(schema)
  if (schema.type === 'string') return 'text'
  if (schema.type === 'boolean') return 'true or false'
  return typeof schema.type === 'string' ? schema.type : 'anything'
}

const objectText = ({ properties, additionalProperties }: JsonSchema): string => {
  if (properties !== undefined) return `object with ${Object.keys(properties).join(' ') || 'no keys'}`
  return typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
    ? `name to ${typeOf(additionalProperties)}`
    : 'object'
}

const integerText = ({ minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: JsonSchema): string => {
  const low = minimum > Number.MIN_SAFE_INTEGER
  const high = maximum < Number.MAX_SAFE_INTEGER
  return low && high ? `${minimum} to ${maximum}` : low ? `${minimum} or more` : high ? `at most ${maximum}` : 'whole number'
}

/** Of the schema, else what its description says at its end: defaults that follow from other values. */
export const defaultOf = ({ default: value, description }: JsonSchema): string => {
  if (value === undefined) return said(description).standard
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

/** The description without the default at its end. */
export const whatOf = ({ description }: JsonSchema): string => said(description).what

const said = (description = ''): { readonly what: string; readonly standard: string } => {
  const [, what = description, standard = ''] = /^(.*); default:? (.+)$/.exec(description) ?? []
  return { what, standard }
}

/** Text for a table cell: code spans stay, Markdown's other characters stay characters. */
export const cell = (text: string): string =>
  text
    .replaceAll('\n', ' ')
    .split(/(`[^`]*`)/)
    .map(part => (part.startsWith('`') ? part.replaceAll('|', '\\|') : part.replaceAll(/([\\`*_<>|[\]])/g, '\\$1')))
    .join('')
