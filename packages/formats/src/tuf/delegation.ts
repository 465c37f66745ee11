// Who may speak for a target path: delegations of TUF 1.0.34 (4.5 and 5.6.7).
import { FormatError } from '../format-error.ts'
import { sha256Hex } from './hex.ts'
import type { DelegatedRole, Document, TargetFile } from './metadata.ts'
import { matchesPattern } from './path.ts'

export interface FoundTarget {
  readonly target: TargetFile
  /** `targets` or the delegated role that vouches for it. */
  readonly role: string
}

/** The target of that exact path by the most trusted role that names it (5.6.7, preorder); undefined when none does. */
export function findTarget(
  state: { readonly targets: Document<'targets'>; readonly delegated: Readonly<Record<string, Document<'targets'>>> },
  path: string,
): FoundTarget | undefined {
  const stack = ['targets']
  const visited = new Set<string>()
  for (let role = stack.pop(); role !== undefined; role = stack.pop()) {
    // 5.6.7.1: a role that was visited, or one too many, is skipped.
    if (visited.has(role) || visited.size > ROLES_LIMIT) continue
    visited.add(role)
    const document = role === 'targets' ? state.targets : ownOf(state.delegated, role)
    const target = document === undefined ? undefined : ownOf(document.signed.targets, path)
    if (target !== undefined) return { target, role }
    const next: string[] = []
    for (const delegation of document?.signed.delegations?.roles ?? []) {
      if (!isDelegatedPath(delegation, path)) continue
      next.push(delegation.name)
      if (!delegation.terminating) continue
      // 5.6.7.2.1: after a terminating delegation nothing else is asked.
      stack.length = 0
      break
    }
    stack.push(...next.reverse())
  }
  return undefined
}

/**
 * Refuses a role that names paths it was never given: no client would ask it for them, so a reader of the whole role must not
 * see them either. Codes: `tuf/not-delegated`.
 */
export function checkPaths(grants: readonly DelegatedRole[], document: Document<'targets'> | undefined): void {
  for (const path of Object.keys(document?.signed.targets ?? {})) {
    if (grants.some(role => isDelegatedPath(role, path))) continue
    throw new FormatError('tuf/not-delegated', `${grants[0]?.name ?? 'a role'} names the target "${path}", which was not delegated to it`)
  }
}

function isDelegatedPath(role: DelegatedRole, path: string): boolean {
  if (role.paths !== undefined) return role.paths.some(pattern => matchesPattern(path, pattern))
  const hash = sha256Hex(new TextEncoder().encode(path))
  return (role.path_hash_prefixes ?? []).some(prefix => hash.startsWith(prefix))
}

/** How many delegated roles a client follows, as the reference clients do. */
export const ROLES_LIMIT = 32

/** The entry under a key that may be any text, `constructor` included. */
export function ownOf<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
