// Toolchains that are shell scripts, for the conformance of builders that start one: each leaves a program that was put into the project.
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { collect } from '@slipway/formats/bytes'
import { writeTar, type TarFile } from '@slipway/formats/tar'

/** A script in `<project>/tools`, which stands on PATH in conformance. */
export const writeTool = (project: string, name: string, lines: readonly string[]): void => {
  mkdirSync(join(project, 'tools'), { recursive: true })
  writeFileSync(join(project, 'tools', name), scriptOf(lines))
  chmodSync(join(project, 'tools', name), 0o755)
}

/** Prints a variable into what it leaves, so that one that was passed on is seen. */
export const leak = (file: string): string => `env | { grep canary || true; } >> "${file}"`

const scriptOf = (lines: readonly string[]): string => `#!/bin/sh\nset -e\n${lines.join('\n')}\n`

/** An npm package with these files below `bin/`, where a builder of this project looks for it before it asks npm; its integrity. */
export const writePackage = async (
  project: string,
  { input, bin }: { readonly input: string; readonly bin: Readonly<Record<string, Uint8Array | readonly string[]>> },
): Promise<string> => {
  const entries = Object.entries(bin).map(([name, content]): TarFile => {
    const bytes = content instanceof Uint8Array ? content : new TextEncoder().encode(scriptOf(content as readonly string[]))
    return {
      type: 'file',
      path: `package/bin/${name}`,
      mode: 0o755,
      mtime: 0,
      sizeBytes: bytes.length,
      bytes: async function* () {
        yield bytes
      },
    }
  })
  const tarball = gzipSync(await collect(writeTar(entries), 1 << 24))
  const folder = join(project, '../scratch/npm', input.slice('npm:'.length).replaceAll(/[^0-9A-Za-z.+-]/g, '_'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.tgz'), tarball)
  return `sha512-${createHash('sha512').update(tarball).digest('base64')}`
}
