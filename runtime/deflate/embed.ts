// Puts deflate.wasm into a module, so that formats needs no file at run time: node runtime/deflate/embed.ts [--print]
import { readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const here = new URL('.', import.meta.url)
const target = new URL('../../packages/formats/src/deflate-wasm.gen.ts', here)

const lines = gzipSync(readFileSync(new URL('deflate.wasm', here)), { level: 9 })
  .toString('base64')
  .match(/.{1,120}/g)
const text = [
  '// Written by runtime/deflate/embed.ts: the program of that folder, gzip and base64.',
  '',
  'export const deflateProgram = [',
  ...(lines ?? []).map(line => `  '${line}',`),
  "].join('')",
  '',
].join('\n')

if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(target, text)
