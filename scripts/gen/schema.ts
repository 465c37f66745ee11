// Generates docs/schema/slipway.schema.json, the JSON Schema of the config, from the one zod schema.
import { jsonSchema } from '../../packages/slipway/src/config/json-schema.ts'
import type { Generator } from './generator.ts'

export const name = 'schema'
export const run: Generator['run'] = () =>
  Promise.resolve(new Map([['docs/schema/slipway.schema.json', `${JSON.stringify(jsonSchema(), undefined, 2)}\n`]]))
export const schema: Generator = { name, owns: ['docs/schema'], run }
