// Native deflate against the same deflate as WebAssembly, and against zlib, on pieces of a program, in turns: processor time at level 6.
import { readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { deflateByWasm, type DeflateHere } from '@slipway/formats/deflate-program'
import { loadNativeDeflate } from '../packages/slipway/src/io/native-deflate.ts'
import { nativeHere } from '../packages/slipway/src/io/native-pieces.ts'
import { median } from '../scripts/bench/bench.ts'
import type { Bench, BenchFile, Measured } from '../scripts/bench/bench.ts'

const MiB = 1 << 20
const level = 6

const against = (peer: (bytes: Uint8Array) => Uint8Array, name: string): Measured => {
  const native = loadNativeDeflate()
  if (native === undefined) throw new Error(`there is no native deflate for ${process.platform}-${process.arch}`)
  const ours: DeflateHere = nativeHere(native)
  const program = readFileSync(process.execPath).subarray(10 * MiB, 58 * MiB)
  const times: { readonly ours: number; readonly peer: number }[] = []
  for (let offset = 0; offset < program.length; offset += MiB) {
    const bytes = program.subarray(offset, offset + MiB)
    times.push({ ours: timeOf(() => ours(bytes, level)), peer: timeOf(() => peer(bytes)) })
  }
  const [mine, others] = [median(times.map(one => one.ours)), median(times.map(one => one.peer))]
  return { ours: mine, peer: others, ratio: median(times.map(one => one.ours / one.peer)), unit: 'ms', against: name, note: 'per MiB' }
}

const timeOf = (work: () => unknown): number => {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

export const benches: BenchFile['benches'] = [
  {
    name: 'native deflate of a program',
    limit: 0.85,
    run: () => Promise.resolve(against(bytes => deflateByWasm(bytes, level), 'WebAssembly')),
  },
  {
    name: 'native deflate of a program, at the size of zlib',
    limit: 0.6,
    run: () => Promise.resolve(against(bytes => deflateRawSync(bytes, { level }), `zlib ${process.versions.zlib}`)),
  },
] satisfies readonly Bench[]
