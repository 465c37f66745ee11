// The JSON Schema of the config (draft 2020-12), for editors of slipway.jsonc and slipway.yaml (CONFIG 5).
import * as z from 'zod'
import { config } from './schema.ts'

/** What may stand in a config file, `$schema` line included. */
export const jsonSchema = (): Readonly<Record<string, unknown>> => {
  const { $schema, properties, ...rest } = z.toJSONSchema(config, { io: 'input', target: 'draft-2020-12' }) as Record<string, unknown>
  return {
    $schema,
    title: 'The config of Slipway: slipway.jsonc, slipway.json, slipway.yaml',
    ...rest,
    properties: { $schema: { type: 'string', description: 'Address of this schema' }, ...(properties as object) },
  }
}
