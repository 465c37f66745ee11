// The generators, one line each; `npm run gen` runs all of them.
import { commands } from './commands.ts'
import { errors } from './errors.ts'
import type { Generator } from './generator.ts'
import { reference } from './reference.ts'
import { schema } from './schema.ts'

export const generators: readonly Generator[] = [errors, commands, schema, reference]
