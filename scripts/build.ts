// `npm run build`: bundles the command line into packages/slipway/dist, our packages and npm's inside, commands and zod in chunks of their own.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { rolldown, type OutputChunk } from 'rolldown'
import { projectRoot } from './lib/files.ts'
import { seconds } from './lib/run.ts'

const home = join(projectRoot, 'packages', 'slipway')
const dist = join(home, 'dist')

/** Builds; gives the chunks. Throws when the bundle would need something at run time that it does not hold. */
export const build = async (): Promise<readonly OutputChunk[]> => {
  rmSync(dist, { recursive: true, force: true })
  const bundle = await rolldown({
    // derive-scrypt runs in a process of its own, so it needs a file of its own.
    input: {
      main: join(home, 'src/main.ts'),
      index: join(home, 'src/index.ts'),
      'derive-scrypt': join(home, 'src/io/derive-scrypt.ts'),
      'threads-worker': join(home, 'src/io/threads-worker.ts'),
    },
    platform: 'node',
    external: [/^node:/, ...installed],
    // jsonc-parser's main is UMD, whose inner requires no bundler follows.
    resolve: { mainFields: ['module', 'main'] },
    logLevel: 'warn',
  })
  try {
    const { output } = await bundle.write({
      dir: dist,
      // Node loads the same chunks faster than as ES modules (docs/decisions/start.md).
      format: 'cjs',
      // Flat: sources look for package.json one folder up from where they are.
      entryFileNames: '[name].js',
      chunkFileNames: 'chunk-[name]-[hash].js',
      // Names stay, so that a stack trace in a bug report says something.
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    })
    const chunks = output.filter(file => file.type === 'chunk')
    refuseForeign(chunks)
    writeFileSync(join(dist, 'package.json'), '{"type":"commonjs"}\n')
    writeFileSync(join(dist, 'THIRD_PARTY_NOTICES'), notices(chunks))
    copyNative()
    return chunks
  } finally {
    await bundle.close()
  }
}

/** Machine code for one system each, so it is installed beside the bundle: `dependencies` of the package name it. */
const installed = ['@napi-rs/lzma']

/** What io/native-deflate.ts looks for beside the bundle. */
const copyNative = (): void => {
  const folder = join(projectRoot, 'runtime', 'deflate')
  for (const name of readdirSync(folder).filter(one => one.endsWith('.node'))) copyFileSync(join(folder, name), join(dist, name))
}

const refuseForeign = (chunks: readonly OutputChunk[]): void => {
  const own = new Set(chunks.map(chunk => chunk.fileName))
  const foreign = chunks.flatMap(chunk => {
    const imported = [...chunk.imports, ...chunk.dynamicImports].filter(
      name => !own.has(name) && !installed.includes(name) && !name.startsWith('node:') && !builtinModules.includes(name),
    )
    const required = [...chunk.code.matchAll(/createRequire\([^()]*\)\((["'`])([\w@][^"'`]*)\1\)/g)].map(match => match[2] ?? '')
    return [...imported, ...required].map(name => `${chunk.fileName} needs ${name} at run time`)
  })
  if (foreign.length > 0) throw new Error(foreign.join('\n'))
}

/** Licences of what was bundled, one part a package. */
const notices = (chunks: readonly OutputChunk[]): string => {
  const homes = new Set(chunks.flatMap(chunk => chunk.moduleIds).map(id => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? ''))
  const parts = [...[...homes].filter(folder => folder !== '').map(noticeOf), ...runtimes.map(runtimeNotice)]
  return (
    ['Slipway contains the following packages and programs, under their own licences.', ...parts.toSorted()].join(
      `\n\n${'-'.repeat(80)}\n\n`,
    ) + '\n'
  )
}

/** Programs of C that the bundle holds as text, or that its packages hold. */
const runtimes = ['appimage', 'deflate', 'lzfse']

const runtimeNotice = (name: string): string => readFileSync(join(projectRoot, 'runtime', name, 'THIRD-PARTY.txt'), 'utf8').trim()

const noticeOf = (folder: string): string => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    'name' | 'version' | 'license',
    string
  >
  const file = readdirSync(folder).find(one => /^licen[cs]e(\.|$)/i.test(one))
  if (file === undefined) throw new Error(`${name} has no licence file`)
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}`
}

if (import.meta.main) {
  const started = performance.now()
  const chunks = await build()
  const sizeKiB = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk.code), 0) / 1024
  console.log(`packages/slipway/dist: ${chunks.length} files, ${sizeKiB.toFixed(0)} KiB, in ${seconds(performance.now() - started)}`)
}
