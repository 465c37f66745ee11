// xz through the tool of that name: Node has no LZMA.
import { join } from 'node:path'
import { fail } from '@slipway/core'
import type { ByteChunks } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import type { Io } from '../../io/io.ts'
import { limits } from './report.ts'

/** Unpacks in a folder of its own below the temporary one. Codes: `inspect/no-xz` (4), `inspect/bad-xz` (5). */
export async function* unxz(
  io: Pick<Io, 'files' | 'run' | 'host' | 'random'>,
  chunks: ByteChunks,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if ((await io.run.find('xz')) === null) {
    fail('inspect/no-xz', 'This is packed with xz, and there is no xz on this machine to unpack it.', {
      hint: 'Install xz (Debian: apt install xz-utils; macOS: brew install xz).',
      exit: 'machine',
    })
  }
  const name = Array.from(io.random(8), byte => byte.toString(16).padStart(2, '0')).join('')
  const folder = join(io.host.temporary, `slipway-inspect-${name}`)
  const path = join(folder, 'data')
  try {
    await io.files.makeFolder(folder, 0o700)
    await io.files.write(`${path}.xz`, asyncOf(chunks), { durable: false })
    const { exitCode } = await io.run({ tool: 'xz', args: ['--decompress', '--threads=0', '--quiet', `${path}.xz`], cwd: folder, signal })
    if (exitCode !== 0) throw new FormatError('inspect/bad-xz', 'not sound xz: the tool could not unpack it')
    let sizeBytes = 0
    for await (const chunk of io.files.stream(path)) {
      sizeBytes += chunk.length
      if (sizeBytes > limits.limitBytes) throw new FormatError('inspect/bad-xz', `unpacks to more than ${limits.limitBytes} bytes`)
      yield chunk
    }
  } finally {
    await io.files.remove(folder)
  }
}

async function* asyncOf(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  yield* chunks
}
