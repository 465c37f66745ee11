// zip: the signatures, fields and small conversions that reading and writing share (PKWARE APPNOTE 6.3.10).

export const localSignature = 0x04034b50
export const centralSignature = 0x02014b50
export const endSignature = 0x06054b50
export const zip64EndSignature = 0x06064b50
export const zip64LocatorSignature = 0x07064b50
export const descriptorSignature = 0x08074b50

export const localBytes = 30
export const centralBytes = 46
export const endBytes = 22
export const zip64EndBytes = 56
export const zip64LocatorBytes = 20

/** Stands in a field of 16 or 32 bits whose value is in the zip64 extra field (4.5.3). */
export const max16 = 0xffff
export const max32 = 0xffffffff
export const zip64ExtraId = 0x0001

export const methodStored = 0
export const methodDeflated = 8

/** General purpose flags (4.4.4). */
export const flagEncrypted = 1 << 0
export const flagDescriptor = 1 << 3
export const flagStrong = 1 << 6
export const flagUtf8 = 1 << 11
export const flagMasked = 1 << 13

/** "Made by" systems whose external attributes hold a Unix mode. */
export const hostUnix = 3
export const hostDarwin = 19

export const modeTypeMask = 0o170000
export const modeFile = 0o100000
export const modeFolder = 0o040000
export const modeSymlink = 0o120000
export const dosFolder = 0x10

const earliestSeconds = Date.UTC(1980, 0, 1) / 1000
const latestSeconds = Date.UTC(2107, 11, 31, 23, 59, 58) / 1000

/** MS-DOS date and time of a second since 1970, read as UTC; clamped to 1980 and 2107, even seconds only. */
export const toDosTime = (epochSeconds: number): { readonly date: number; readonly time: number } => {
  const when = new Date(Math.min(Math.max(epochSeconds, earliestSeconds), latestSeconds) * 1000)
  return {
    date: ((when.getUTCFullYear() - 1980) << 9) | ((when.getUTCMonth() + 1) << 5) | when.getUTCDate(),
    time: (when.getUTCHours() << 11) | (when.getUTCMinutes() << 5) | (when.getUTCSeconds() >> 1),
  }
}

export const fromDosTime = (date: number, time: number): number =>
  Date.UTC(1980 + (date >> 9), ((date >> 5) & 15) - 1, date & 31, time >> 11, (time >> 5) & 63, (time & 31) * 2) / 1000
