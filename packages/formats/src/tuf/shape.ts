// The shapes of TUF metadata (TUF 1.0.34, section 4), checked field by field on parsed JSON.
import { FormatError } from '../format-error.ts'
import type { Json, JsonObject } from './json.ts'

/** Throws `tuf/malformed` (or `tuf/unsupported` for another major version of the specification) with the place. */
export function checkSigned(role: RoleType, signed: Json | undefined): void {
  const fields = objectAt(signed, 'signed')
  if (fields['_type'] !== role) throw malformed(`_type is not "${role}"`)
  const specVersion = textAt(fields['spec_version'], 'spec_version')
  if (!/^\d+\.\d+(\.\d+)?$/.test(specVersion)) throw malformed('spec_version is no version')
  if (!specVersion.startsWith('1.')) throw new FormatError('tuf/unsupported', `TUF ${specVersion} is not known here, only 1.x`)
  integerAt(fields['version'], 'version', 1)
  checkExpires(textAt(fields['expires'], 'expires'))
  CHECKS[role](fields)
}

export type RoleType = 'root' | 'timestamp' | 'snapshot' | 'targets'
export const TOP_ROLES: readonly RoleType[] = ['root', 'timestamp', 'snapshot', 'targets']

export function checkSignatures(signatures: Json | undefined): void {
  for (const entry of listAt(signatures, 'signatures')) {
    const fields = objectAt(entry, 'signatures')
    textAt(fields['keyid'], 'signatures.keyid')
    textAt(fields['sig'], 'signatures.sig')
  }
}

export function objectAt(value: Json | undefined, place: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${place} must be an object`)
  return value as JsonObject
}

const CHECKS: Readonly<Record<RoleType, (fields: JsonObject) => void>> = {
  root: checkRoot,
  timestamp: fields => checkMeta(fields, 'snapshot.json'),
  snapshot: fields => checkMeta(fields, 'targets.json'),
  targets: checkTargets,
}

function checkRoot(fields: JsonObject): void {
  if (typeof fields['consistent_snapshot'] !== 'boolean') throw malformed('consistent_snapshot must be true or false')
  checkKeys(fields['keys'], 'keys')
  const roles = objectAt(fields['roles'], 'roles')
  for (const role of TOP_ROLES) checkRoleKeys(objectAt(roles[role], `roles.${role}`), `roles.${role}`)
}

function checkKeys(value: Json | undefined, place: string): void {
  for (const key of Object.values(objectAt(value, place))) {
    const fields = objectAt(key, `${place}.key`)
    textAt(fields['keytype'], `${place}.keytype`)
    textAt(fields['scheme'], `${place}.scheme`)
    textAt(objectAt(fields['keyval'], `${place}.keyval`)['public'], `${place}.keyval.public`)
  }
}

function checkRoleKeys(role: JsonObject, place: string): void {
  for (const id of listAt(role['keyids'], `${place}.keyids`)) textAt(id, `${place}.keyids`)
  integerAt(role['threshold'], `${place}.threshold`, 1)
}

function checkMeta(fields: JsonObject, required: string): void {
  const meta = objectAt(fields['meta'], 'meta')
  if (meta[required] === undefined) throw malformed(`meta does not name ${required}`)
  for (const entry of Object.values(meta)) {
    const file = objectAt(entry, 'meta')
    integerAt(file['version'], 'meta.version', 1)
    if (file['length'] !== undefined) integerAt(file['length'], 'meta.length', 0)
    if (file['hashes'] !== undefined) checkHashes(file['hashes'], 'meta.hashes')
  }
}

function checkTargets(fields: JsonObject): void {
  for (const entry of Object.values(objectAt(fields['targets'], 'targets'))) {
    const target = objectAt(entry, 'targets')
    integerAt(target['length'], 'targets.length', 0)
    checkHashes(target['hashes'], 'targets.hashes')
  }
  if (fields['delegations'] === undefined) return
  const delegations = objectAt(fields['delegations'], 'delegations')
  checkKeys(delegations['keys'], 'delegations.keys')
  if (delegations['succinct_roles'] !== undefined) throw new FormatError('tuf/unsupported', 'succinct_roles are not known here')
  const names = new Set<string>()
  for (const entry of listAt(delegations['roles'], 'delegations.roles')) {
    const name = checkDelegation(objectAt(entry, 'delegations.roles'))
    if (names.has(name)) throw malformed('delegations.roles names a role twice')
    names.add(name)
  }
}

function checkDelegation(role: JsonObject): string {
  const name = textAt(role['name'], 'delegations.roles.name')
  if (name === '' || TOP_ROLES.some(top => top === name)) throw malformed('delegations.roles.name must be a name of its own')
  checkRoleKeys(role, 'delegations.roles')
  if (typeof role['terminating'] !== 'boolean') throw malformed('delegations.roles.terminating must be true or false')
  const { paths, path_hash_prefixes: prefixes } = role
  // 4.5: exactly one of the two; a role with neither would be trusted for nothing, one with both is ambiguous.
  if ((paths === undefined) === (prefixes === undefined)) throw malformed('delegations.roles needs paths or path_hash_prefixes')
  for (const path of listAt(paths ?? prefixes, 'delegations.roles.paths')) textAt(path, 'delegations.roles.paths')
  return name
}

function checkHashes(value: Json | undefined, place: string): void {
  const hashes = Object.values(objectAt(value, place))
  if (hashes.length === 0) throw malformed(`${place} must name a hash`)
  for (const hash of hashes) textAt(hash, place)
}

function checkExpires(text: string): void {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : Number.NaN
  // Date.parse takes 31 February for 3 March; only a date that comes back unchanged is one.
  if (Number.isNaN(time) || `${new Date(time).toISOString().slice(0, 19)}Z` !== text)
    throw malformed('expires must be YYYY-MM-DDTHH:MM:SSZ')
}

function integerAt(value: Json | undefined, place: string, least: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
    throw malformed(`${place} must be a whole number from ${least}`)
  return value
}

function textAt(value: Json | undefined, place: string): string {
  if (typeof value !== 'string') throw malformed(`${place} must be a text`)
  return value
}

function listAt(value: Json | undefined, place: string): readonly Json[] {
  if (!Array.isArray(value)) throw malformed(`${place} must be a list`)
  return value as readonly Json[]
}

function malformed(message: string): FormatError {
  return new FormatError('tuf/malformed', message)
}
