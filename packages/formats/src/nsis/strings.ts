// nsis: texts of a script, with the names of variables and folders in them (NSIS, Source/exehead/fileform.h, Source/util.cpp).
import type { Fields } from '../bytes.ts'

export interface NsisTexts {
  readonly fields: Fields
  /** Where the table begins and ends. */
  readonly at: number
  readonly end: number
  readonly isUnicode: boolean
  /** Of NSIS 2, whose codes are others. */
  readonly isOld: boolean
}

const limitUnits = 4096
type Code = 'language' | 'shell' | 'variable' | 'skip'
const codes: Readonly<Record<number, Code>> = { 1: 'language', 2: 'shell', 3: 'variable', 4: 'skip' }
const oldCodes: Readonly<Record<number, Code>> = { 252: 'skip', 253: 'variable', 254: 'shell', 255: 'language' }

/** The text at an offset, which counts units; '' where it lies outside. */
export const textAt = ({ fields, at, end, isUnicode, isOld }: NsisTexts, offset: number): string => {
  const width = isUnicode ? 2 : 1
  const unitAt = (place: number): number => (place + width > end ? 0 : isUnicode ? fields.u16(place) : fields.u8(place))
  let text = ''
  let place = at + offset * width
  for (let count = 0; count < limitUnits; count++) {
    const unit = unitAt(place)
    place += width
    if (unit === 0) break
    const code = (isOld ? oldCodes : codes)[unit]
    if (code === undefined || code === 'skip') {
      text += String.fromCharCode(code === undefined ? unit : unitAt(place))
      place += code === undefined ? 0 : width
      continue
    }
    const value = isUnicode ? unitAt(place) : unitAt(place) | (unitAt(place + 1) << 8)
    place += 2
    text += named(code, value)
  }
  return text
}

const named = (code: Code, value: number): string => {
  const number = (value & 0x7f) | (((value >> 8) & 0x7f) << 7)
  if (code === 'variable') return `$${variable(number)}`
  return code === 'language' ? `$(LANG_${number})` : `$${folderOf(value & 0xff, value >> 8)}`
}

const variables = 'CMDLINE INSTDIR OUTDIR EXEDIR LANGUAGE TEMP PLUGINSDIR EXEPATH EXEFILE HWNDPARENT _CLICK _OUTDIR'.split(' ')
const variable = (number: number): string =>
  number < 10 ? `${number}` : number < 20 ? `R${number - 10}` : (variables[number - 20] ?? `VAR_${number}`)

/** By Windows' own number of a folder (CSIDL); two numbers are that of the user and that of all. */
const folders: Readonly<Record<number, string>> = {
  0x00: 'DESKTOP',
  0x02: 'SMPROGRAMS',
  0x05: 'DOCUMENTS',
  0x07: 'SMSTARTUP',
  0x0b: 'STARTMENU',
  0x10: 'DESKTOP',
  0x14: 'FONTS',
  0x1a: 'APPDATA',
  0x1c: 'LOCALAPPDATA',
  0x24: 'WINDIR',
  0x25: 'SYSDIR',
  0x26: 'PROGRAMFILES',
  0x28: 'PROFILE',
  0x2b: 'COMMONFILES',
}
/** With the highest bit, of what the registry says; bit 6: of the 64-bit one. */
const folderOf = (first: number, second: number): string =>
  (first & 0x80) !== 0
    ? `PROGRAMFILES${(first & 0x40) === 0 ? '' : '64'}`
    : (folders[first] ?? folders[second] ?? `FOLDER_${first}_${second}`)
