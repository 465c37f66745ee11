// Random bytes fit for keys.
import { randomBytes } from 'node:crypto'
import type { Random } from './io.ts'

export const random: Random = count => new Uint8Array(randomBytes(count))
