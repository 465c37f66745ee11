// Puts the two runtimes into a module, so that the packager needs no file at run time: node runtime/appimage/embed.ts [--print]
import { readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const here = new URL('.', import.meta.url)
const target = new URL('../../packages/slipway/src/packagers/appimage/runtimes.gen.ts', here)

/** One runtime as lines of a constant. */
const constant = (name: string, file: string): readonly string[] => {
  const bytes = readFileSync(new URL(file, here))
  const lines = gzipSync(bytes, { level: 9 })
    .toString('base64')
    .match(/.{1,120}/g)
  return [`  ${name}: [`, ...(lines ?? []).map(line => `    '${line}',`), "  ].join(''),"]
}

const text = [
  '// Written by runtime/appimage/embed.ts: the runtimes of that folder, gzip and base64.',
  '',
  'export const runtimes = {',
  ...constant('x64', 'runtime-x86_64'),
  ...constant('arm64', 'runtime-aarch64'),
  '}',
  '',
].join('\n')

if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(target, text)
