// `npm run gen`: writes what is generated from the sources; `--check` writes nothing and names the files that are not fresh.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GenerationError, type Generator } from './gen/generator.ts'
import { generators } from './gen/index.ts'
import { projectRoot } from './lib/files.ts'

/**
 * Writes what a generator makes (unless `isCheck`), even where its sources have problems: a missing test must not hide a fresh page.
 * Gives the problems, and with `isCheck` the files that are not fresh.
 */
export const generate = async (generator: Generator, root: string, isCheck: boolean): Promise<readonly string[]> => {
  const { texts, problems } = await attempt(generator, root)
  const stale = [...texts].filter(([path, text]) => textAt(join(root, path)) !== text)
  // Without any text nothing is known about what is left over.
  const left = texts.size === 0 ? [] : generator.owns.flatMap(folder => filesIn(root, folder)).filter(path => !texts.has(path))
  if (isCheck) {
    return [
      ...problems,
      ...stale.map(([path]) => `${path} is not fresh: npm run gen`),
      ...left.map(path => `${path} is left over: npm run gen`),
    ]
  }
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const path of left) rmSync(join(root, path))
  console.log(`${generator.name}: ${texts.size} files, ${stale.length} written, ${left.length} removed`)
  return problems
}

interface Attempt {
  readonly texts: ReadonlyMap<string, string>
  readonly problems: readonly string[]
}

const attempt = async (generator: Generator, root: string): Promise<Attempt> => {
  try {
    return { texts: await generator.run(root), problems: [] }
  } catch (error) {
    if (error instanceof GenerationError) return { texts: error.texts, problems: error.problems }
    throw error
  }
}

const textAt = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)

const filesIn = (root: string, folder: string): readonly string[] =>
  existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map(name => `${folder}/${name}`) : []

if (import.meta.main) {
  const isCheck = process.argv.includes('--check')
  const problems: string[] = []
  for (const generator of generators) problems.push(...(await generate(generator, projectRoot, isCheck)))
  for (const line of problems) console.error(line)
  if (problems.length > 0) process.exitCode = 1
}
