// Property lists as inspect shows them, and what is one inside of a signature: provisioning profiles (Apple's TN3125).
import { collect } from '@slipway/formats/bytes'
import { readSignedData } from '@slipway/formats/cms'
import { FormatError } from '@slipway/formats/format-error'
import { isSignedData } from '@slipway/formats/identify'
import { isBinaryPlist } from '@slipway/formats/plist/read-binary'
import { readPlist } from '@slipway/formats/plist/read'
import { isDict, plistText, type PlistValue } from '@slipway/formats/plist/value'
import { type Found, given, type Subject } from './report.ts'

const limitListBytes = 1 << 24

/** Codes: those of formats/plist. */
export const readPlistReport = async ({ stream }: Subject): Promise<Found> => {
  const bytes = await collect(stream(), limitListBytes)
  const value = readPlist(bytes)
  const fields = isDict(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wordOf(inner)])) : undefined
  return {
    format: isBinaryPlist(bytes) ? 'plist (binary)' : 'plist (XML)',
    arch: null,
    version: plistText(value, 'CFBundleShortVersionString') ?? null,
    signatures: [],
    facts: fields === undefined ? { value: wordOf(value) } : given({ keys: Object.keys(fields).length, fields }),
    contents: [],
  }
}

/** Codes: `cms/…`, those of formats/plist. Whoever signed it is not asked. */
export const readSignedReport = async ({ stream, nowMs }: Subject): Promise<Found> => {
  const bytes = await collect(stream(), limitListBytes)
  const { certificates, signers } = readSignedData(bytes)
  const profile = profileOf(bytes, nowMs)
  return {
    format: profile === undefined ? 'CMS signed data' : 'provisioning profile',
    arch: null,
    version: null,
    signatures: signers === 0 ? [] : ['cms'],
    // The certificates of its signers are not those that it allows.
    facts: profile === undefined ? { certificates } : { ...profile, signingCertificates: certificates },
    contents: [],
  }
}

/** What a profile allows, and whether its time is over; undefined where the bytes hold none. Throws `cms/bad-der`. */
export const profileOf = (bytes: Uint8Array, nowMs: number): Readonly<Record<string, unknown>> | undefined => {
  const content = isSignedData(bytes) ? readSignedData(bytes).content : undefined
  const value = content === undefined ? undefined : listOf(content)
  if (!isDict(value)) return undefined
  const list = (key: string): readonly string[] => {
    const found = value[key]
    return Array.isArray(found) ? (found as readonly PlistValue[]).filter(one => typeof one === 'string') : []
  }
  const count = (key: string): number | undefined => {
    const found = value[key]
    return Array.isArray(found) ? found.length : undefined
  }
  const expires = value['ExpirationDate']
  return given({
    name: plistText(value, 'Name'),
    uuid: plistText(value, 'UUID'),
    appId: plistText(value, 'AppIDName'),
    team: plistText(value, 'TeamName'),
    teamIds: list('TeamIdentifier'),
    platforms: list('Platform'),
    created: timeOf(value['CreationDate']),
    expires: timeOf(expires),
    expired: expires instanceof Date && expires.getTime() <= nowMs ? true : undefined,
    devices: value['ProvisionsAllDevices'] === true ? 'all' : count('ProvisionedDevices'),
    developerCertificates: count('DeveloperCertificates') ?? 0,
    entitlements: entitlementWords(value['Entitlements']),
  })
}

/** `com.apple.security.app-sandbox` for what is true, else with its value. */
export const entitlementWords = (value: PlistValue | undefined): readonly string[] =>
  isDict(value) ? Object.entries(value).map(([key, inner]) => (inner === true ? key : `${key} = ${wordOf(inner)}`)) : []

/** Undefined where it is none. */
export const listOf = (bytes: Uint8Array): PlistValue | undefined => {
  try {
    return readPlist(bytes)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

const timeOf = (value: PlistValue | undefined): string | undefined =>
  value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined

const wordOf = (value: PlistValue): string => (typeof value === 'string' ? value : JSON.stringify(plainOf(value)))

const plainOf = (value: PlistValue): unknown => {
  if (typeof value === 'bigint') return `${value}`
  if (value instanceof Date) return timeOf(value) ?? 'no date'
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return (value as readonly PlistValue[]).map(plainOf)
  if (isDict(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner)]))
  return value
}
