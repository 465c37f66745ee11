// The version of a release as Windows keeps it: four numbers of 16 bits (VS_FIXEDFILEINFO).
import type { App } from '@slipway/core'
import type { PeAppearance } from '@slipway/formats/pe-appearance'

/** `1.2.3-beta.4` is `1.2.3.0`; undefined where a number is above 65535. */
export const fourNumbers = (version: string): string | undefined => {
  const parts = (/^\d+(?:\.\d+){0,3}/.exec(version)?.[0] ?? '').split('.').map(Number)
  if (parts.some(part => !(part <= 0xffff)) || version === '') return undefined
  return [...parts, 0, 0, 0].slice(0, 4).join('.')
}

/** What a program says of itself. Task managers show the description, so it is the name. */
export const programVersion = (
  app: Pick<App, 'name' | 'bin' | 'version' | 'summary' | 'publisher'>,
  file: string,
): PeAppearance['version'] => {
  const numbers = fourNumbers(app.version)?.split('.').map(Number)
  if (numbers === undefined) return undefined
  const [major = 0, minor = 0, patch = 0, build = 0] = numbers
  const publisher = app.publisher.replace(/ *<[^>]*>/, '')
  const texts = {
    CompanyName: publisher,
    FileDescription: app.name,
    FileVersion: app.version,
    InternalName: app.bin,
    LegalCopyright: publisher,
    OriginalFilename: file,
    ProductName: app.name,
    ProductVersion: app.version,
    Comments: app.summary,
  }
  return { numbers: [major, minor, patch, build], texts: Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')) }
}
