// `npm test`: judges, checks, tests, coverage of core; ends with one line `N passed, N failed` (DESIGN 6, CONTRACTS 14).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { prepareJudges } from './judges.ts'
import { run, tool } from './lib/run.ts'

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { project: { type: 'string', default: 'unit' } } })
  const isWhole = values.project === 'unit' && positionals.length === 0
  const counts: Count[] = [await judgesStep()]
  if (isWhole) counts.push(await checkStep())
  // core is left out of the second run, so that no test counts twice.
  if (isWhole) counts.push(await vitest(['packages/core/', '--coverage'], 'core, with coverage'))
  counts.push(await vitest(isWhole ? ['--exclude', 'packages/core/**'] : positionals, values.project))
  report(counts)
}

const judgesStep = async (): Promise<Count> => {
  const mode = process.env['SLIPWAY_JUDGES']
  const lacking = await prepareJudges(mode)
  if (lacking.length > 0) console.log(`judges lacking: ${lacking.join(' ')}`)
  return mode === 'required' && lacking.length > 0 ? oneFailed : nothing
}

/** Not a test: it adds nothing when it holds and one failure when it does not. */
const checkStep = async (): Promise<Count> => {
  const ran = await run([process.execPath, 'scripts/check.ts'], { live: true })
  return ran.code === 0 ? nothing : oneFailed
}

const vitest = async (args: readonly string[], title: string): Promise<Count> => {
  console.log(`\ntests: ${title}`)
  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-'))
  try {
    const file = join(folder, 'results.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const project = title.startsWith('core') ? 'unit' : title
    const ran = await run(tool('vitest', 'run', '--project', project, '--passWithNoTests', ...reporters, ...args), { live: true })
    return countOf(file, ran.code)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Counts tests; a file that could not be loaded and a failure that no test shows (coverage, a stray rejection) are one each. */
const countOf = (file: string, exitCode: number): Count => {
  const result = readResult(file)
  const tests = result.testResults.flatMap(one => one.assertionResults.map(test => test.status))
  const unloaded = result.testResults.filter(
    one => one.status === 'failed' && !one.assertionResults.some(test => test.status === 'failed'),
  ).length
  const failed = tests.filter(status => status === 'failed').length + unloaded
  const passed = tests.filter(status => status === 'passed').length
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed, skipped: tests.length - passed - (failed - unloaded) }
}

interface Result {
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[]
}

const readResult = (file: string): Result => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Result
  } catch {
    return { testResults: [] }
  }
}

const report = (counts: readonly Count[]): void => {
  const sum = (key: keyof Count): number => counts.reduce((total, count) => total + count[key], 0)
  const skipped = sum('skipped')
  if (sum('failed') > 0 || sum('passed') === 0) process.exitCode = 1
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
}

const nothing: Count = { passed: 0, failed: 0, skipped: 0 }
const oneFailed: Count = { passed: 0, failed: 1, skipped: 0 }

await main()
