// The pages of an installer: texts and a picture of the project, which the Installer shows by their type.
import { problem, type Problem, type Target } from '@slipway/core'
import { decodeText } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { pngHeader } from '@slipway/formats/png'
import type { AssetFile } from '../packager.ts'
import type { PkgOptions } from './options.ts'

type Assets = ReadonlyMap<string, AssetFile>
export interface Document {
  /** Element of the distribution. */
  readonly kind: 'welcome' | 'license' | 'background'
  readonly file: string
  readonly mimeType: string
  readonly bytes: Uint8Array
}

const types: Readonly<Record<string, string>> = { txt: 'text/plain', rtf: 'text/rtf', html: 'text/html', htm: 'text/html' }
const pages = [
  ['welcome', 'welcome'],
  ['licence', 'license'],
] as const

export const documentsOf = (chosen: PkgOptions, assets: Assets): readonly Document[] =>
  pages.flatMap(([key, kind]) => {
    const path = chosen[key]
    const bytes = path === undefined ? undefined : assets.get(path)?.bytes
    if (path === undefined || bytes === undefined) return []
    const ending = endingOf(path)
    return [{ kind, file: `${kind}.${ending}`, mimeType: types[ending] ?? 'text/plain', bytes }]
  })

export const pictureOf = ({ background }: PkgOptions, assets: Assets): readonly Document[] => {
  const bytes = background === undefined ? undefined : assets.get(background)?.bytes
  return bytes === undefined ? [] : [{ kind: 'background', file: 'background.png', mimeType: 'image/png', bytes }]
}

/** A name without an ending, as `LICENSE`, is plain text. */
const endingOf = (path: string): string => /\.([a-z]+)$/i.exec(path.slice(path.lastIndexOf('/') + 1))?.[1]?.toLowerCase() ?? 'txt'

/** Of those that are there. Codes: `pkg/bad-document`, `pkg/bad-background`. */
export const documentProblems = (chosen: PkgOptions, assets: Assets, target: Target): readonly Problem[] => [
  ...pages.flatMap(([key]) => {
    const path = chosen[key]
    const bytes = path === undefined ? undefined : assets.get(path)?.bytes
    const fault = path === undefined || bytes === undefined ? null : faultOf(endingOf(path), bytes)
    if (fault === null) return []
    return [
      // explain: A page of the installer is empty, no text, or of a kind that the Installer does not show.
      problem('pkg/bad-document', `${JSON.stringify(path)} ${fault}`, {
        hint: 'The Installer shows plain text in UTF-8 (.txt), RTF (.rtf) and HTML (.html).',
        where: { path: `packages.pkg.${key}`, target },
      }),
    ]
  }),
  ...pictureOf(chosen, assets).flatMap(({ bytes }) => {
    if (isPng(bytes)) return []
    return [
      problem('pkg/bad-background', `${JSON.stringify(chosen.background)} is no PNG`, {
        hint: 'Export the picture as PNG.',
        where: { path: 'packages.pkg.background', target },
      }),
    ]
  }),
]

const faultOf = (ending: string, bytes: Uint8Array): string | null => {
  if (types[ending] === undefined) return `has the ending .${ending}, which the Installer does not show`
  try {
    const text = decodeText(bytes)
    if (text.trim() === '') return 'is empty'
    if (text.includes('\0')) return 'is no text'
    return ending === 'rtf' && !text.startsWith('{\\rtf') ? 'is no RTF' : null
  } catch (error) {
    if (error instanceof FormatError) return 'is not in UTF-8'
    throw error
  }
}

const isPng = (bytes: Uint8Array): boolean => {
  try {
    return pngHeader(bytes).width > 0
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}
