// The process that derive.ts starts: reads one JSON request from stdin, writes the derived bytes as hex.
import { readFileSync } from 'node:fs'
import { deriveScrypt } from '@slipway/formats/minisign'
import type { DeriveCost } from './io.ts'

const { password, salt, cost } = JSON.parse(readFileSync(0, 'utf8')) as { password: string; salt: number[]; cost: DeriveCost }
void deriveScrypt(password, Uint8Array.from(salt), cost).then(derived => process.stdout.write(Buffer.from(derived).toString('hex')))
