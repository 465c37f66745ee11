// The client workflow of TUF 1.0.34, 5.1 to 5.6, over an injected fetch and clock. Nothing here trusts a name, a length or a cache.
import { FormatError } from '../format-error.ts'
import { ROLES_LIMIT, checkPaths, ownOf } from './delegation.ts'
import { SIZE_LIMITS, parseMetadata } from './metadata.ts'
import type { DelegatedRole, Document, MetaFile, RoleType } from './metadata.ts'
import { checkFile, checkNotExpired, checkSignedBy } from './verify.ts'
import type { Delegator } from './verify.ts'

export { findTarget } from './delegation.ts'
export type { FoundTarget } from './delegation.ts'

export interface TrustedBytes {
  /** The root that came with the client, or the newest one kept. */
  readonly root: Uint8Array
  readonly timestamp?: Uint8Array
  readonly snapshot?: Uint8Array
  readonly targets?: Uint8Array
  readonly delegated?: Readonly<Record<string, Uint8Array>>
}
export interface UpdateOptions {
  /** The bytes of a file beside `timestamp.json`, undefined where there is none; more than `limitBytes` need not be read. */
  fetch(name: string, limitBytes: number): Promise<Uint8Array | undefined>
  /** The one clock reading that all expiry is judged by (5.1). */
  readonly now: Date
  readonly trusted: TrustedBytes
  /**
   * Told each document as soon as it is trusted, to persist it even when a later step fails (5.3.8, 5.4.5, 5.5.7, 5.6.6);
   * `undefined` means: forget the kept one (5.3.11). Delegated roles come under their own name.
   */
  keep?(role: string, bytes: Uint8Array | undefined): Promise<void> | void
}
export interface TrustedState {
  readonly root: Document<'root'>
  readonly timestamp: Document<'timestamp'>
  readonly snapshot: Document<'snapshot'>
  readonly targets: Document<'targets'>
  /** Every role that targets delegate to, directly or not, by name. */
  readonly delegated: Readonly<Record<string, Document<'targets'>>>
  /** For the next call's `trusted`. */
  readonly bytes: Required<TrustedBytes>
}
/**
 * One whole update. Errors of `fetch` and `keep` pass through; everything else is a FormatError with one of:
 * `tuf/malformed`, `tuf/unsupported`, `tuf/too-large`, `tuf/missing`, `tuf/bad-signature`, `tuf/threshold`, `tuf/wrong-version`,
 * `tuf/rollback`, `tuf/vanished`, `tuf/wrong-length`, `tuf/bad-hash`, `tuf/expired`, `tuf/not-delegated`, `tuf/too-many-roles`.
 */
export async function update(options: UpdateOptions): Promise<TrustedState> {
  const { root, forgets } = await updateRoot(options)
  const cached = forgets ? {} : readCache(options.trusted, root)
  const timestamp = await updateTimestamp(options, root, cached.timestamp)
  const snapshot = await updateSnapshot(options, { root, timestamp }, cached.snapshot)
  const known = { root, timestamp, snapshot }
  const targets = await updateTargets(options, known, { name: 'targets', delegator: topDelegator(root, 'targets') })
  const delegated = await updateDelegated(options, known, targets)
  const delegatedBytes = Object.fromEntries(Object.entries(delegated).map(([name, document]) => [name, document.bytes]))
  const bytes = {
    root: root.bytes,
    timestamp: timestamp.bytes,
    snapshot: snapshot.bytes,
    targets: targets.bytes,
    delegated: delegatedBytes,
  }
  return { ...known, targets, delegated, bytes }
}

const ROOTS_LIMIT = 256

interface Known {
  readonly root: Document<'root'>
  readonly timestamp: Document<'timestamp'>
  readonly snapshot: Document<'snapshot'>
}
interface Wanted {
  readonly name: string
  readonly delegator: Delegator
}

// 5.2 and 5.3
async function updateRoot(options: UpdateOptions): Promise<{ root: Document<'root'>; forgets: boolean }> {
  // 5.2: the trusted root may be expired, but it must be one: signed by its own keys.
  let root = parseMetadata('root', options.trusted.root)
  checkSignedBy(root, topDelegator(root, 'root'))
  let forgets = false
  for (let count = 0; count < ROOTS_LIMIT; count++) {
    // 5.3.2, 5.3.3: the next number, until there is none.
    const name = `${root.signed.version + 1}.root.json`
    const bytes = await options.fetch(name, SIZE_LIMITS.root)
    if (bytes === undefined) break
    const next = parseMetadata('root', bytes)
    // 5.3.4: arbitrary software attack; signed by the old keys and by its own.
    checkSignedBy(next, topDelegator(root, 'root'))
    checkSignedBy(next, topDelegator(next, 'root'))
    // 5.3.5: rollback attack; exactly the next number.
    if (next.signed.version !== root.signed.version + 1) throw wrongVersion(name, next.signed.version)
    // 5.3.11, ahead of 5.3.8, so that a crash between the two cannot leave a fast-forwarded version trusted for ever.
    if (losesKey(root, next, 'timestamp') || losesKey(root, next, 'snapshot')) {
      forgets = true
      await options.keep?.('timestamp', undefined)
      await options.keep?.('snapshot', undefined)
    }
    // 5.3.6 (expiry of intermediate roots is not judged), 5.3.7, 5.3.8
    root = next
    await options.keep?.('root', bytes)
  }
  // 5.3.10: freeze attack.
  checkNotExpired('root', root, options.now)
  return { root, forgets }
}

// 5.4
async function updateTimestamp(
  options: UpdateOptions,
  root: Document<'root'>,
  old: Document<'timestamp'> | undefined,
): Promise<Document<'timestamp'>> {
  // 5.4.1
  const next = parseMetadata('timestamp', await download(options, 'timestamp.json', SIZE_LIMITS.timestamp))
  // 5.4.2: arbitrary software attack.
  checkSignedBy(next, topDelegator(root, 'timestamp'))
  if (old !== undefined) {
    // 5.4.3.1: rollback attack; an equal number is the state that is known, whatever its bytes are now.
    if (next.signed.version < old.signed.version) throw rollback('timestamp', next.signed.version, old.signed.version)
    if (next.signed.version === old.signed.version) {
      checkNotExpired('timestamp', old, options.now)
      return old
    }
    // 5.4.3.2
    const [from, to] = [old.signed.meta['snapshot.json'].version, next.signed.meta['snapshot.json'].version]
    if (to < from) throw rollback('snapshot in timestamp', to, from)
  }
  // 5.4.4: freeze attack.
  checkNotExpired('timestamp', next, options.now)
  // 5.4.5
  await options.keep?.('timestamp', next.bytes)
  return next
}

// 5.5
async function updateSnapshot(
  options: UpdateOptions,
  known: Omit<Known, 'snapshot'>,
  old: Document<'snapshot'> | undefined,
): Promise<Document<'snapshot'>> {
  const meta = known.timestamp.signed.meta['snapshot.json']
  const isKnown = old !== undefined && isFile(old, meta)
  // 5.5.1
  const bytes = isKnown
    ? old.bytes
    : await downloadListed(options, known.root, { name: 'snapshot', meta, limitBytes: SIZE_LIMITS.snapshot })
  // 5.5.2: hashes and length by timestamp.
  checkFile('snapshot', bytes, meta)
  const next = parseMetadata('snapshot', bytes)
  // 5.5.3: arbitrary software attack.
  checkSignedBy(next, topDelegator(known.root, 'snapshot'))
  // 5.5.4: mix-and-match attack.
  if (next.signed.version !== meta.version) throw wrongVersion('snapshot', next.signed.version)
  // 5.5.5: rollback attack; no listed file may fall or vanish.
  for (const [name, before] of Object.entries(old?.signed.meta ?? {})) {
    const now = ownOf(next.signed.meta, name)
    if (now === undefined) throw new FormatError('tuf/vanished', `snapshot no longer lists ${name}`)
    if (now.version < before.version) throw rollback(`${name} in snapshot`, now.version, before.version)
  }
  // 5.5.6: freeze attack.
  checkNotExpired('snapshot', next, options.now)
  // 5.5.7
  if (!isKnown) await options.keep?.('snapshot', bytes)
  return next
}

// 5.6, for targets and for every delegated role. A cached file is judged exactly like a fetched one, by its delegator of today.
async function updateTargets(options: UpdateOptions, known: Known, wanted: Wanted): Promise<Document<'targets'>> {
  const { name, delegator } = wanted
  const meta = ownOf(known.snapshot.signed.meta, `${name}.json`)
  if (meta === undefined) throw new FormatError('tuf/missing', `snapshot does not list ${name}.json`)
  const cachedBytes = name === 'targets' ? options.trusted.targets : ownOf(options.trusted.delegated ?? {}, name)
  const cached = cachedBytes === undefined ? undefined : attempt(() => checkTargets(cachedBytes, { ...wanted, meta, now: options.now }))
  if (cached !== undefined) return cached
  // 5.6.1
  const bytes = await downloadListed(options, known.root, { name, meta, limitBytes: SIZE_LIMITS.targets })
  const next = checkTargets(bytes, { name, delegator, meta, now: options.now })
  // 5.6.6
  await options.keep?.(name, bytes)
  return next
}

function checkTargets(bytes: Uint8Array, expected: Wanted & { meta: MetaFile; now: Date }): Document<'targets'> {
  const { name, delegator, meta } = expected
  // 5.6.2: hashes and length by snapshot.
  checkFile(name, bytes, meta)
  const document = parseMetadata('targets', bytes)
  // 5.6.3: arbitrary software attack.
  checkSignedBy(document, delegator)
  // 5.6.4: mix-and-match attack.
  if (document.signed.version !== meta.version) throw wrongVersion(name, document.signed.version)
  // 5.6.5: freeze attack.
  checkNotExpired(name, document, expected.now)
  return document
}

// 5.6.7, all roles at once instead of on the way to one path. A role with two delegators must satisfy both.
async function updateDelegated(
  options: UpdateOptions,
  known: Known,
  targets: Document<'targets'>,
): Promise<Record<string, Document<'targets'>>> {
  const loaded = Object.create(null) as Record<string, Document<'targets'>>
  const grants = new Map<string, DelegatedRole[]>()
  const waiting: Document<'targets'>[] = [targets]
  for (let parent = waiting.shift(); parent !== undefined; parent = waiting.shift()) {
    for (const role of parent.signed.delegations?.roles ?? []) {
      const delegator = { name: role.name, keys: parent.signed.delegations?.keys ?? {}, role }
      grants.set(role.name, [...(grants.get(role.name) ?? []), role])
      const before = ownOf(loaded, role.name)
      if (before !== undefined) {
        checkSignedBy(before, delegator)
        continue
      }
      if (Object.keys(loaded).length >= ROLES_LIMIT) throw new FormatError('tuf/too-many-roles', `more than ${ROLES_LIMIT} delegated roles`)
      const document = await updateTargets(options, known, { name: role.name, delegator })
      loaded[role.name] = document
      waiting.push(document)
    }
  }
  for (const [name, roles] of grants) checkPaths(roles, ownOf(loaded, name))
  return loaded
}

// What was kept only counts while the keys of today's root vouch for it (5.3.11); expired is good enough to refuse a rollback.
function readCache(trusted: TrustedBytes, root: Document<'root'>): { timestamp?: Document<'timestamp'>; snapshot?: Document<'snapshot'> } {
  const timestamp = readKept('timestamp', trusted.timestamp, root)
  const snapshot = readKept('snapshot', trusted.snapshot, root)
  return { ...(timestamp === undefined ? {} : { timestamp }), ...(snapshot === undefined ? {} : { snapshot }) }
}

function readKept<Type extends 'timestamp' | 'snapshot'>(
  type: Type,
  bytes: Uint8Array | undefined,
  root: Document<'root'>,
): Document<Type> | undefined {
  if (bytes === undefined) return undefined
  return attempt(() => {
    const document = parseMetadata(type, bytes)
    checkSignedBy(document, topDelegator(root, type))
    return document
  })
}

async function downloadListed(
  options: UpdateOptions,
  root: Document<'root'>,
  file: { name: string; meta: MetaFile; limitBytes: number },
): Promise<Uint8Array> {
  const base = `${encodeURIComponent(file.name)}.json`
  const name = root.signed.consistent_snapshot ? `${file.meta.version}.${base}` : base
  return download(options, name, Math.min(file.meta.length ?? file.limitBytes, file.limitBytes))
}

async function download(options: UpdateOptions, name: string, limitBytes: number): Promise<Uint8Array> {
  const bytes = await options.fetch(name, limitBytes)
  if (bytes === undefined) throw new FormatError('tuf/missing', `there is no ${name}`)
  return bytes
}

function topDelegator(root: Document<'root'>, role: RoleType): Delegator {
  return { name: role, keys: root.signed.keys, role: root.signed.roles[role] }
}

// Rotated = a key that was trusted no longer is. A key that only joins takes no power from a thief and forgets nothing.
function losesKey(before: Document<'root'>, after: Document<'root'>, role: RoleType): boolean {
  const left = new Set(after.signed.roles[role].keyids)
  return before.signed.roles[role].keyids.some(id => !left.has(id))
}

function isFile(document: Document, meta: MetaFile): boolean {
  return document.signed.version === meta.version && attempt(() => isCheckedFile(document, meta)) === true
}

function isCheckedFile(document: Document, meta: MetaFile): true {
  checkFile(document.type, document.bytes, meta)
  return true
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function wrongVersion(name: string, version: number): FormatError {
  return new FormatError('tuf/wrong-version', `${name} says version ${version}, not the one that was asked for`)
}

function rollback(name: string, to: number, from: number): FormatError {
  return new FormatError('tuf/rollback', `${name} fell from version ${from} to ${to}`)
}
