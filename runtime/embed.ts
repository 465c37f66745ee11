// Puts a program of WebAssembly into a module, so that formats needs no file at run time, and the digests of native ones: node runtime/embed.ts deflate|lzfse [--print]
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
else {
  writeFileSync(new URL(`../packages/formats/src/${name}-wasm.gen.ts`, import.meta.url), text)
  if (name === 'deflate') writeFileSync(new URL('../packages/slipway/src/io/native-deflate.gen.ts', import.meta.url), nativeDigests())
}

/** Nothing is loaded into the process but what was built here. */
function nativeDigests(): string {
  const sums = readFileSync(new URL('deflate/deflate.sha256', import.meta.url), 'utf8')
  const digests = [...sums.matchAll(/^(\w{64}) {2}deflate-([\w-]+)\.node$/gm)]
  return [
    '// Written by runtime/embed.ts: the digests (SHA-256) of the native programs of runtime/deflate, by platform and architecture.',
    '',
    'export const nativeDigests: Readonly<Record<string, string>> = {',
    ...digests.map(([, digest = '', machine = '']) => `  '${machine}': '${digest}',`),
    '}',
    '',
  ].join('\n')
}
