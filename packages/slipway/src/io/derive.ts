// scrypt in a process of its own: minisign asks for 1 GiB, which the system gets back as soon as the key is open.
import { fileURLToPath } from 'node:url'
import { fail } from '@slipway/core'
import type { Derive, RunTool } from './io.ts'

/**
 * Starts `derive-scrypt` beside this file (in a bundle: its own entry of that name). Password and salt go over stdin, never in arguments.
 * Code: `io/derive-failed`.
 */
export const derive =
  (run: RunTool): Derive =>
  async (password, salt, cost) => {
    const input = new TextEncoder().encode(JSON.stringify({ password, salt: [...salt], cost }))
    const { exitCode, stdout } = await run({ tool: process.execPath, args: [child], cwd: process.cwd(), input })
    if (exitCode === 0 && stdout.length === cost.lengthBytes * 2)
      return Uint8Array.from(stdout.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
    return fail('io/derive-failed', 'the process that unlocks a key ended early', {
      hint: 'It needs up to 1 GiB of memory for a minisign key: free some, or use a key without a password.',
      facts: { exitCode },
      exit: 'machine',
    })
  }

const child = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './derive-scrypt.ts' : './derive-scrypt.js', import.meta.url))
