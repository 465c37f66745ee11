// Puts a program of WebAssembly into a module, so that formats needs no file at run time: node runtime/embed.ts deflate|lzfse [--print]
import { readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const name = process.argv[2] ?? ''
if (name !== 'deflate' && name !== 'lzfse') throw new Error('usage: node runtime/embed.ts deflate|lzfse [--print]')
const lines = gzipSync(readFileSync(new URL(`${name}/${name}.wasm`, import.meta.url)), { level: 9 })
  .toString('base64')
  .match(/.{1,120}/g)
const text = [
  `// Written by runtime/embed.ts: the program of runtime/${name}, gzip and base64.`,
  '',
  `export const ${name}Program = [`,
  ...(lines ?? []).map(line => `  '${line}',`),
  "].join('')",
  '',
].join('\n')

if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(new URL(`../packages/formats/src/${name}-wasm.gen.ts`, import.meta.url), text)
