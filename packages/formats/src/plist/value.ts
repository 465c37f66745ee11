// What a property list can hold (Apple's plist(5)): the values that its XML and its binary form share.

export type PlistValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | PlistReal
  | PlistUid
  | readonly PlistValue[]
  | { readonly [key: string]: PlistValue }

/** A number that is written with a point even where it is whole. */
export interface PlistReal {
  readonly real: number
}
/** A reference inside of a keyed archive; binary property lists alone have it. */
export interface PlistUid {
  readonly uid: number
}

export const isDict = (value: PlistValue | undefined): value is { readonly [key: string]: PlistValue } =>
  typeof value === 'object' &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Uint8Array) &&
  !isReal(value) &&
  !isUid(value)
const isReal = (value: object): value is PlistReal => 'real' in value && Object.keys(value).length === 1 && typeof value.real === 'number'
const isUid = (value: object): value is PlistUid => 'uid' in value && Object.keys(value).length === 1 && typeof value.uid === 'number'

/** Of a dictionary: the text of a key; undefined where it is none. */
export const plistText = (value: PlistValue | undefined, key: string): string | undefined => {
  const found = isDict(value) ? value[key] : undefined
  return typeof found === 'string' ? found : undefined
}
