// msi: what the programs of an app folder say of themselves: their version, and whether they have a window.
import type { Source } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { readPe } from '@slipway/formats/pe'
import { readPeVersion } from '@slipway/formats/pe-version'
import type { TreeFile } from '../../tree.ts'

export interface ProgramFacts {
  /** Four numbers; by them Windows decides which of two files is newer. */
  readonly version: string | null
  /** Null: it is no program for Windows. */
  readonly hasWindow: boolean | null
}

const none: ProgramFacts = { version: null, hasWindow: null }

export const programFacts = async (file: TreeFile): Promise<ProgramFacts> => {
  if (!/\.(exe|dll|sys|ocx|cpl|scr|com)$/i.test(file.path)) return none
  try {
    const source = forwards(file)
    const { subsystem } = await readPe(source)
    const version = await readPeVersion(source).catch(() => undefined)
    return { version: version === undefined || version.fileVersion === '0.0.0.0' ? null : version.fileVersion, hasWindow: subsystem === 2 }
  } catch (error) {
    if (error instanceof FormatError) return none
    throw error
  }
}

const windowBytes = 1 << 18

/** A Source over a file that is read from its begin: the headers stand in front, the version in one place further back. */
const forwards = (file: TreeFile): Source => {
  const { sizeBytes } = file
  let [window, windowAt] = [new Uint8Array(0), 0]
  const fill = async (offset: number, length: number): Promise<void> => {
    const end = Math.min(sizeBytes, offset + Math.max(length, windowBytes))
    ;[window, windowAt] = [new Uint8Array(end - offset), offset]
    let at = 0
    for await (const chunk of file.bytes()) {
      const from = Math.max(offset, at)
      const to = Math.min(end, at + chunk.length)
      if (from < to) window.set(chunk.subarray(from - at, to - at), from - offset)
      at += chunk.length
      if (at >= end) break
    }
  }
  return {
    sizeBytes,
    read: async (offset, length) => {
      if (offset < windowAt || offset + length > windowAt + window.length) await fill(offset, length)
      return window.subarray(offset - windowAt, offset - windowAt + length)
    },
  }
}
