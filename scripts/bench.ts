// `npm run bench [NAME…]`: runs bench/*.ts one after the other, prints a table, writes docs/benchmarks.md when all of them ran.
import { readdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Bench, BenchFile, Measured } from './bench/bench.ts'
import { projectRoot } from './lib/files.ts'

interface Row {
  readonly file: string
  readonly bench: Bench
  readonly measured: Measured
}

const main = async (): Promise<void> => {
  const only = process.argv.slice(2)
  const files = readdirSync(join(projectRoot, 'bench'))
    .filter(file => file.endsWith('.ts'))
    .toSorted()
  const chosen = files.filter(file => only.length === 0 || only.includes(file.replace(/\.ts$/, '')))
  const rows: Row[] = []
  for (const file of chosen) {
    const { benches } = (await import(join(projectRoot, 'bench', file))) as BenchFile
    for (const bench of benches) {
      const row = { file, bench, measured: await bench.run() }
      rows.push(row)
      console.log(lineOf(row))
    }
  }
  if (rows.length === 0 || rows.some(row => !isHeld(row))) process.exitCode = 1
  if (chosen.length === files.length && rows.length > 0) writeFileSync(join(projectRoot, 'docs', 'benchmarks.md'), pageOf(rows))
}

// NaN is not held.
const isHeld = ({ bench, measured }: Row): boolean => measured.ratio <= bench.limit

const lineOf = (row: Row): string => {
  const { ours, peer, ratio, unit, against } = row.measured
  return `${isHeld(row) ? 'ok    ' : 'FAILED'} ${row.bench.name}: ${number(ours)} ${unit}, ${against} ${number(peer)} ${unit}, ratio ${ratio.toFixed(2)} (limit ${row.bench.limit})`
}

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2))

const pageOf = (rows: readonly Row[]): string =>
  [
    '# Benchmarks',
    '',
    'Written by `npm run bench`, which measures ours and the peer in turns, in one run. Smaller ratios are better; each has a limit.',
    '',
    `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${new Date().toISOString().slice(0, 10)}.`,
    '',
    '| what | ours | peer | ratio | limit | command |',
    '|---|---|---|---|---|---|',
    ...rows.map(({ file, bench, measured: { ours, peer, ratio, unit, against, note } }) =>
      [
        '',
        `${bench.name}${note === undefined ? '' : ` (${note})`}`,
        `${number(ours)} ${unit}`,
        `${against}: ${number(peer)} ${unit}`,
        ratio.toFixed(2),
        bench.limit,
        `\`npm run bench ${file.replace(/\.ts$/, '')}\``,
        '',
      ]
        .join(' | ')
        .trim(),
    ),
    '',
  ].join('\n')

await main()
