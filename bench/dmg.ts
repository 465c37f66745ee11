// Disk images of flet's macOS app (128 MB) through `slipway package`, against xorrisofs' HFS Plus and one core of zlib over its blocks; in turns.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, type BenchFile, type Measured, median } from '../scripts/bench/bench.ts'
import { installedLauncher } from '../scripts/bench/installed.ts'
import { benchFolder, measureRun, type Measurement } from '../scripts/bench/six-programs.ts'
import { fletOnBoth } from '../scripts/bench/windows-trees.ts'

const home = join(benchFolder, 'flet-mac')
const [out, peerOut] = ['made', 'peer.dmg']
const compressions = ['lzfse', 'zlib', 'lzma'] as const
const peerName = 'xorrisofs and zlib -6 on one core'
const [rounds, limitMegabytes] = [3, 300]

interface Made extends Measurement {
  readonly sizeBytes: number
}

const prepare = (): void => {
  const app = join(fletOnBoth(), 'trees/macos-universal/Flet.app')
  if (!existsSync(join(home, 'complete'))) {
    mkdirSync(join(home, 'volume'), { recursive: true })
    for (const folder of ['tree', 'volume']) cpSync(app, join(home, folder, 'Flet.app'), { recursive: true, verbatimSymlinks: true })
    symlinkSync('/Applications', join(home, 'volume/Applications'))
    writeFileSync(join(home, 'complete'), '')
  }
  const config = {
    app: {
      name: 'Flet',
      bin: 'flet',
      id: 'com.appveyor.flet',
      version: '0.28.3',
      date: '2026-11-21',
      publisher: 'Flet <flet@example.org>',
    },
    targets: ['macos-universal'],
    build: { prebuilt: 'tree' },
    packages: { app: { minimum: '12.0' }, dmg: {} },
    store: { folder: { path: 'bucket', url: 'http://127.0.0.1:8737' } },
  }
  writeFileSync(join(home, 'slipway.jsonc'), JSON.stringify(config, null, 2))
}

const ours = async (compression: string): Promise<Made> => {
  for (const folder of [out, '.slipway']) rmSync(join(home, folder), { recursive: true, force: true })
  const level = `packages.dmg.level=${compression === 'lzma' ? 9 : 6}`
  const set = [`out=${out}`, `packages.dmg.compression=${compression}`, level].flatMap(one => ['--set', one])
  const measured = await measureRun(process.execPath, [await installedLauncher(), 'package', '--only', 'dmg', ...set], home)
  const [file = ''] = readdirSync(join(home, out), { recursive: true, encoding: 'utf8' }).filter(one => one.endsWith('.dmg'))
  return { ...measured, sizeBytes: statSync(join(home, out, file)).size }
}

/** What those do who make disk images on Linux: a volume, then its blocks of 1 MiB through zlib, without the table of them. */
const zlibBlocks = `
import sys, zlib
with open('volume.img', 'rb') as volume, open('${peerOut}', 'wb') as out:
    while block := volume.read(1 << 20):
        packed = zlib.compress(block, 6)
        out.write(packed if len(packed) < len(block) else block)
`
const peer = async (): Promise<Made> => {
  for (const file of ['volume.img', peerOut]) rmSync(join(home, file), { force: true })
  writeFileSync(join(home, 'blocks.py'), zlibBlocks)
  const make = 'xorrisofs -quiet -hfsplus -V Flet -o volume.img volume && python3 blocks.py'
  const measured = await measureRun('sh', ['-c', make], home)
  return { ...measured, sizeBytes: statSync(join(home, peerOut)).size }
}

type Rounds = ReadonlyMap<string, readonly Made[]>
let ran: Promise<Rounds> | undefined
const roundsOf = (): Promise<Rounds> => (ran ??= runRounds())

const runRounds = async (): Promise<Rounds> => {
  prepare()
  const found = new Map<string, Made[]>([...compressions, peerName].map(name => [name, []]))
  // The first run fills the compile cache, as it does for a user.
  await ours('lzfse')
  for (let round = 0; round < rounds; round++) {
    for (const one of compressions) if (one !== 'lzma' || round === 0) found.get(one)?.push(await ours(one))
    found.get(peerName)?.push(await peer())
  }
  return found
}

const compared = async (name: string, figure: (made: Made) => number, unit: Measured['unit']): Promise<Measured> => {
  const all = await roundsOf()
  const [left, right] = [all.get(name) ?? [], all.get(peerName) ?? []]
  const cpu = [left, right].map(made => (median(made.map(one => one.cpuMs)) / 1000).toFixed(2))
  return {
    ours: median(left.map(figure)),
    peer: median(right.map(figure)),
    ratio: median(left.map((one, index) => figure(one) / figure(right[index] ?? one))),
    unit,
    against: peerName,
    note: `median of ${left.length} pairs; processor time ${cpu.join(' s and ')} s`,
  }
}

/** Of what is made unless `lzma` is asked for, whose packer's memory is its library's. */
const peak = async (): Promise<Measured> => {
  const all = await roundsOf()
  const of = (...names: readonly string[]): number => Math.max(...names.flatMap(one => all.get(one) ?? []).map(one => one.peakMegabytes))
  const most = of('lzfse', 'zlib')
  const note = `lzma ${of('lzma').toFixed(0)} MB, the peer ${of(peerName).toFixed(0)} MB`
  return { ours: most, peer: limitMegabytes, ratio: most / limitMegabytes, unit: 'MB', against: `our limit of ${limitMegabytes} MB`, note }
}

const timed = ['lzfse', 'zlib'].map((name): Bench => ({
  name: `128 MB as dmg of ${name}, time`,
  limit: 1 / 1.5,
  run: () => compared(name, made => made.ms / 1000, 's'),
}))
const sized = compressions.map((name): Bench => ({
  name: `128 MB as dmg of ${name}, size`,
  limit: 1,
  run: () => compared(name, made => made.sizeBytes / 1e6, 'MB'),
}))

export const benches: BenchFile['benches'] = [
  ...timed,
  ...sized,
  { name: '128 MB as dmg of lzfse or zlib, peak memory', limit: 1, run: peak },
]
