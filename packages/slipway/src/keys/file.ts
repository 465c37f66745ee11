// file: a secret in a file, as `file:~/keys/app.key` (CONFIG 3).
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fail, keepSecret } from '@slipway/core'
import type { FileFacts, Io } from '../io/io.ts'
import { keySource } from './key.ts'

/** Line ends at the end of the file are no part of the secret. Codes: `file/missing`, `file/too-open`. */
export const file = keySource({
  id: 'file',
  title: 'A file',
  present: async (path, io) => (await find(path, io)) !== null,
  read: async (path, io) => {
    const found = (await find(path, io)) ?? failMissing(path)
    // Group access is how services share a secret on purpose; everybody is never on purpose.
    if (io.host.os !== 'windows' && (found.facts.mode & 0o007) !== 0) failTooOpen(found.path)
    const text = (await io.files.readText(found.path, limitBytes)).replace(/[\r\n]+$/, '')
    if (text === '') return failMissing(path)
    keepSecret(text)
    return text
  },
})

const limitBytes = 1 << 20

interface Found {
  readonly path: string
  readonly facts: FileFacts
}

/** Follows links: mounted secrets are links. */
const find = async (given: string, io: Io): Promise<Found | null> => {
  let path = absolute(given, io)
  for (let hops = 0; hops < 8; hops++) {
    const facts = await io.files.stat(path)
    if (facts?.type === 'file') return { path, facts }
    if (facts?.type !== 'link') return null
    path = resolve(dirname(path), await io.files.readLink(path))
  }
  return null
}

const absolute = (path: string, io: Io): string => {
  if (path === '~' || path.startsWith('~/')) return join(io.host.home, path.slice(1))
  return isAbsolute(path) ? path : join(io.host.cwd, path)
}

const failMissing = (path: string): never =>
  fail('file/missing', `the secret file ${path} is not there, or empty`, {
    hint: 'Put the secret into that file (chmod 600), or name another.',
    where: { file: path },
    exit: 'machine',
  })

const failTooOpen = (path: string): never =>
  fail('file/too-open', `everybody on this machine may read or change the secret file ${path}`, {
    hint: `Run: chmod 600 ${path}`,
    where: { file: path },
    exit: 'machine',
  })
