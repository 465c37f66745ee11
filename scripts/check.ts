// `npm run check`: types, lint, format, dead code, import rules, generated files, texts, lock; one line a part, exit 1 if one fails.
import { boundaryProblems, checkBoundaries } from './check/boundaries.ts'
import { textProblems } from './check/texts.ts'
import { brokenLinks } from './docs/links.ts'
import { projectRoot } from './lib/files.ts'
import { run, seconds, tool } from './lib/run.ts'
import { lockProblems } from './lock.ts'

interface Part {
  readonly name: string
  /** What is wrong, as text; empty when nothing is. */
  readonly problems: () => Promise<string>
}

const main = async (): Promise<void> => {
  const only = process.argv.slice(2)
  const chosen = parts.filter(part => only.length === 0 || only.includes(part.name))
  const unknown = only.filter(name => !parts.some(part => part.name === name))
  if (unknown.length > 0) console.error(`no such part: ${unknown.join(' ')}; there are ${parts.map(part => part.name).join(' ')}`)
  const waiting = [...chosen]
  // Two at a time: most parts use a core and a half of their own.
  await Promise.all([drain(waiting), drain(waiting)])
  if (failed > 0 || unknown.length > 0) process.exitCode = 1
}

const parts: readonly Part[] = [
  byTool('types', tool('tsc', '-p', '.')),
  // core and formats once more, without the types of what they may not use. Not formats' tsconfig.json: editors and the linter
  // would then see node:crypto through the same keyhole.
  byTool('types-core', tool('tsc', '-p', 'packages/core')),
  byTool('types-formats', tool('tsc', '-p', 'packages/formats/tsconfig.alone.json')),
  byTool('lint', tool('oxlint', '--type-aware', '--deny-warnings')),
  byTool('format', tool('oxfmt', '--check')),
  byTool('dead-code', tool('knip', '--no-progress', '--no-config-hints')),
  { name: 'boundaries', problems: async () => boundaryProblems(await checkBoundaries(projectRoot)).join('\n') },
  byTool('generated', [process.execPath, '--disable-warning=ExperimentalWarning', 'scripts/gen.ts', '--check']),
  { name: 'texts', problems: () => Promise.resolve(textProblems(projectRoot).join('\n')) },
  { name: 'links', problems: () => Promise.resolve(brokenLinks(projectRoot).join('\n')) },
  { name: 'lock', problems: () => Promise.resolve(lockProblems(projectRoot).join('\n')) },
]

function byTool(name: string, argv: readonly string[]): Part {
  return {
    name,
    problems: async () => {
      const ran = await run(argv)
      return ran.code === 0 ? '' : ran.output.trim() || `ended with ${ran.code}`
    },
  }
}

let failed = 0

const drain = async (waiting: Part[]): Promise<void> => {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
    const started = performance.now()
    const problems = await part.problems()
    console.log(`check ${part.name.padEnd(14)} ${problems === '' ? 'ok    ' : 'FAILED'} ${seconds(performance.now() - started)}`)
    if (problems === '') continue
    failed += 1
    console.log(problems.replaceAll(/^/gm, '  '))
  }
}

await main()
