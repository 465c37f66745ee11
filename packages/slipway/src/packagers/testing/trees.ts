// Trees in memory for tests: paths -> bytes, links and folders.
import { createHash } from 'node:crypto'
import type { App } from '@slipway/core'
import { deflatedOf, deflatePieces, type DeflatePiece } from '@slipway/formats/deflate'
import * as z from 'zod'
import type { FileTree, TreeEntry, TreeFile } from '../../tree.ts'

/** The text `folder/` stands for an empty folder. */
export type Content = string | Uint8Array | { readonly link: string }

export const app: App = {
  key: 'tool',
  name: 'A Tool',
  id: 'dev.example.tool',
  bin: 'tool',
  version: '1.2.3',
  summary: 'does one thing well',
  license: 'MIT',
  publisher: 'The Tool Authors <tool@example.org>',
  homepage: 'https://example.org/tool',
  icon: '',
  category: '',
  channelEnv: 'TOOL_UPDATE_CHANNEL',
  notes: '## Fixed\n\n- One thing\n- Another thing, described at such a length that the line of the changelog has to be broken somewhere',
  protocols: [],
  opens: [],
  man: [],
  completions: [],
  services: [],
  conffiles: [],
  needs: [],
}
export const date = 1_760_000_001

/** Executable where the path begins with `bin/` or is `tool`; everything else 0644. */
export const treeOf = (contents: Readonly<Record<string, Content>>, executable = 'tool'): FileTree => ({
  entries: Object.entries(contents)
    .map(([path, content]): TreeEntry => {
      if (content === 'folder/') return { type: 'folder', path, mode: 0o755 }
      if (typeof content === 'object' && 'link' in content) return { type: 'link', path, linkTarget: content.link }
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
      return fileOf(path, bytes, path === executable || path.startsWith('bin/') ? 0o755 : 0o644)
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1)),
  executable,
})

export const fileOf = (path: string, bytes: Uint8Array, mode: number): TreeFile => ({
  type: 'file',
  path,
  mode,
  sizeBytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  async *bytes() {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
  },
  deflated: async level => {
    const pieces: DeflatePiece[] = []
    for await (const piece of deflatePieces([bytes], { level })) pieces.push(piece)
    return deflatedOf(pieces)
  },
})

/** Bytes that do not compress, the same each time. */
export const noise = (sizeBytes: number): Uint8Array => {
  const bytes = new Uint8Array(sizeBytes)
  let state = 0x2545f491
  for (let at = 0; at < sizeBytes; at += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 0xff
  }
  return bytes
}

/** The options of a unit of which nothing was said. */
export const defaultsOf = ({ options }: { readonly options: Readonly<Record<string, z.ZodType>> }): never =>
  z.strictObject(options).parse({}) as never
