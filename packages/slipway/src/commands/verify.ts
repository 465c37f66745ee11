// slipway verify: proves a bucket as each client would see it, from the public keys alone (TRUST 4 and 8).
import { createHash } from 'node:crypto'
import { fail } from '@slipway/core'
import { folder } from '../stores/folder.ts'
import { openUrl } from '../stores/read-url.ts'
import type { Bucket, BucketReader } from '../stores/store.ts'
import { plain } from '../reporters/safe.ts'
import { humanBytes, table } from '../reporters/table.ts'
import { repair, repairChain } from '../verify/repair.ts'
import { verifyBucket } from '../verify/verify.ts'
import type { Verified } from '../verify/verify.ts'
import type { Invocation, Outcome, Style } from './command.ts'
import { bucketsOf, oneApp, projectOf, textOf } from './project.ts'

interface Place {
  readonly words: string
  readonly reader: BucketReader & Partial<Pick<Bucket, 'list'>>
  readonly writer: Bucket | null
  readonly app: string | null
  readonly base: string | null
  readonly keys: { readonly root: Uint8Array; readonly minisign: string }
}

export const run = async (invocation: Invocation): Promise<Outcome> => {
  const { io, flags, emit } = invocation
  const place = await placeOf(invocation)
  const client = textOf(invocation, 'client')
  const t = (): string => new Date(io.clock.now()).toISOString()
  const verify = (): Promise<Verified> =>
    verifyBucket({
      reader: place.reader,
      app: place.app,
      base: place.base,
      keys: place.keys,
      nowMs: io.clock.now(),
      deep: flags['deep'] !== undefined,
      strict: false,
      ...(client === undefined ? {} : { client }),
      onRelease: (done, total) =>
        emit({ t: t(), run: 'verify', type: 'step.progress', step: 'verify:releases', done, total, unit: 'objects' }),
    })
  const first = await verify()
  const from = textOf(invocation, 'repair')
  const { repaired, found } =
    from === undefined || first.report.problems.length === 0
      ? { repaired: [], found: first }
      : await mend(invocation, { place, from, first, verify })
  const { report, serial, expires, clients, heads } = found
  return {
    name: 'verify',
    data: {
      place: place.words,
      serial,
      expires,
      objects: report.objects,
      bytes: report.bytes,
      signatures: report.signatures,
      heads,
      clients,
      repaired,
    },
    problems: report.problems,
    text: style => textOfVerified(place, found, { style, repaired }),
  }
}

/** The chain first: without it nothing else can be judged. */
const mend = async (
  invocation: Invocation,
  { place, from, first, verify }: { place: Place; from: string; first: Verified; verify: () => Promise<Verified> },
): Promise<{ repaired: readonly string[]; found: Verified }> => {
  const sides = { to: writerOf(place), from: await readerOf(invocation, from) }
  const root = { root: place.keys.root, nowMs: invocation.io.clock.now() }
  const repaired: string[] = []
  for (let found = first; ; found = await verify()) {
    const { report, expires } = found
    const keys = expires === null ? await repairChain({ ...sides, report }, root) : await repair({ ...sides, report })
    // Evidence is found behind evidence: it goes on while it helps.
    const fresh = keys.filter(key => !repaired.includes(key))
    repaired.push(...fresh)
    if (fresh.length === 0) return { repaired, found }
  }
}

/** PLACE is a folder or an http(s) URL; without one both it and the keys come from the config (CONTRACTS 13). */
const placeOf = async (invocation: Invocation): Promise<Place> => {
  const { io, args } = invocation
  const [words] = args
  if (words === undefined) {
    const project = await projectOf(invocation)
    const settings = oneApp(project)
    const bucket = await bucketsOf(invocation, project)(settings)
    const keys = textOf(invocation, 'keys')
    return {
      words: bucket.url(''),
      reader: bucket,
      writer: bucket,
      app: settings.app.key,
      base: bucket.url(''),
      keys: await readKeys(invocation, keys ?? settings.trust.folder),
    }
  }
  const keys = textOf(invocation, 'keys') ?? noKeys()
  if (/^https?:/.test(words))
    return { words, reader: openUrl(words, io), writer: null, app: null, base: null, keys: await readKeys(invocation, keys) }
  const bucket = await openFolder(invocation, words)
  return { words, reader: bucket, writer: bucket, app: null, base: null, keys: await readKeys(invocation, keys) }
}

const noKeys = (): never =>
  fail('verify/no-keys', 'Without public keys nothing can be verified', {
    hint: 'Say --keys DIR with the trust folder of the app (root.json and minisign.pub). A bucket is never trusted on first use.',
  })

const absolute = (invocation: Invocation, path: string): string => (path.startsWith('/') ? path : `${invocation.global.cwd}/${path}`)

const readerOf = (invocation: Invocation, words: string): Promise<BucketReader> | BucketReader =>
  /^https?:/.test(words) ? openUrl(words, invocation.io) : openFolder(invocation, words)

const openFolder = async (invocation: Invocation, words: string): Promise<Bucket> => {
  const path = absolute(invocation, words)
  if (/^[a-z][a-z0-9]+:/.test(words))
    fail('verify/unknown-place', `${plain(words)} is no place that can be verified`, { hint: 'Give a folder or an http(s) URL.' })
  if ((await invocation.io.files.stat(path))?.type !== 'folder')
    fail('verify/no-place', `There is no folder ${plain(path)}`, {
      hint: 'Give the folder that holds tuf/timestamp.json, or an http(s) URL.',
      where: { file: path },
    })
  return folder.open({ path, url: 'http://localhost' } as never, '', invocation.io)
}

const readKeys = async (invocation: Invocation, dir: string): Promise<Place['keys']> => {
  const path = absolute(invocation, dir)
  for (const file of ['root.json', 'minisign.pub'])
    if ((await invocation.io.files.stat(`${path}/${file}`)) === null)
      fail('verify/no-key', `There is no ${file} in ${plain(path)}`, {
        hint: 'The folder must hold root.json and minisign.pub, as trust/ does.',
        where: { file: `${path}/${file}` },
      })
  return { root: await invocation.io.files.read(`${path}/root.json`), minisign: await invocation.io.files.readText(`${path}/minisign.pub`) }
}

const writerOf = ({ writer }: Place): Bucket =>
  writer ??
  fail('verify/read-only', 'A URL cannot be repaired', { hint: 'Give the folder, or run it in the project whose config names the store.' })

const textOfVerified = (
  place: Place,
  { report, serial, expires, clients, heads }: Verified,
  { style, repaired }: { style: Style; repaired: readonly string[] },
): string => {
  const root = createHash('sha256').update(place.keys.root).digest('hex').slice(0, 16)
  const sound = report.problems.length === 0 ? style.green('sound') : style.red(`${report.problems.length} wrong`)
  const rows = clients.map(one => [one.client, one.channel, plain(one.offered ?? '-'), one.why, plain(one.url ?? '')])
  return [
    ...(rows.length === 0 ? [] : [table(['client', 'channel', 'is offered', 'why', 'url'], rows, style), '']),
    ...repaired.map(key => `${style.green('repaired')} ${plain(key)}`),
    `${sound}: ${plain(place.words)}, pointer ${serial}${expires === null ? '' : ` until ${expires}`}; ${report.objects} objects, ${humanBytes(report.bytes)}, ${report.signatures} signatures, ${heads.length} heads, from root ${root}`,
  ].join('\n')
}
