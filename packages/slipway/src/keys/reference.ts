// References to secrets, `<scheme>:<rest>` (CONFIG 3): which source answers them.
import { fail } from '@slipway/core'
import type { Io } from '../io/io.ts'
import * as sources from './index.ts'
import type { KeySource } from './key.ts'

export interface Reference {
  readonly scheme: string
  readonly rest: string
}

/** Takes a reference apart. Its text is in no message: it may be a secret that someone pasted. Codes: `keys/bad-reference`, `keys/unknown-scheme`. */
export const parseReference = (text: string): Reference => {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9-]{1,20}):([^\n\r\0]+)$/.exec(text.trim()) ?? []
  const hint = `Write ${schemes.map(one => `${one}:…`).join(', ')}; revoke the secret if it was a real one.`
  if (scheme === '') return fail('keys/bad-reference', 'this is no reference to a secret (it is not shown)', { hint })
  if (!schemes.includes(scheme)) return fail('keys/unknown-scheme', 'this names no known source of secrets (it is not shown)', { hint })
  return { scheme, rest }
}

/** The secret text, remembered for redaction. Codes: those of its source. */
export const readSecret = (reference: string, io: Io): Promise<string> => answer(reference, (source, rest) => source.read(rest, io))

/** Whether it can be read, without reading it. */
export const secretPresent = (reference: string, io: Io): Promise<boolean> => answer(reference, (source, rest) => source.present(rest, io))

const all: readonly KeySource[] = Object.values(sources)
const schemes = all.map(one => one.id)

const answer = async <T>(reference: string, ask: (source: KeySource, rest: string) => Promise<T>): Promise<T> => {
  const { scheme, rest } = parseReference(reference)
  const source = all.find(one => one.id === scheme)
  if (source === undefined) throw new Error('parseReference let an unknown scheme through')
  return ask(source, rest)
}
