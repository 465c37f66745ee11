// Build jobs and tiny programs of each system for tests.
import { scanTree } from '../../scan-tree.ts'
import { machine } from '../../io/machine.ts'
import type { Io } from '../../io/io.ts'
import { app, date } from '../../packagers/testing/trees.ts'
import type { BuildJob } from '../builder.ts'

/** This machine's door, with these variables for children that ask for the user's own settings. */
export const doorWith = (env: Readonly<Record<string, string>>): Io => {
  const io = machine()
  return {
    ...io,
    secrets: {
      ...io.secrets,
      matching: pattern => ({
        ...io.secrets.matching(pattern),
        ...Object.fromEntries(Object.entries(env).filter(([name]) => pattern.test(name))),
      }),
    },
  }
}

/** A job in `<folder>/project` with scratch beside it. */
export const jobIn = (folder: string, changes: Partial<BuildJob> = {}): BuildJob => {
  const io = changes.io ?? machine()
  return {
    app,
    target: 'linux-x64',
    channel: 'stable',
    root: `${folder}/project`,
    scratch: `${folder}/scratch`,
    locked: {},
    date,
    commit: '0123456789abcdef0123456789abcdef01234567',
    io,
    signal: new AbortController().signal,
    note: () => undefined,
    scan: path => scanTree(path, io, { deflate: () => Promise.reject(new Error('nothing is packed here')) }),
    ...changes,
  }
}

/** The smallest ELF64 of a machine, with an interpreter where one is given. */
export const elf = (machineId: number, interpreter = ''): Uint8Array => {
  const segments = interpreter === '' ? 1 : 2
  const tail = new TextEncoder().encode(interpreter === '' ? '' : `${interpreter}\0`)
  const offset = 64 + segments * 56
  const bytes = new Uint8Array(offset + tail.length)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true)
  view.setUint16(18, machineId, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(32, 64n, true)
  view.setUint16(52, 64, true)
  view.setUint16(54, 56, true)
  view.setUint16(56, segments, true)
  view.setUint32(64, 1, true)
  view.setBigUint64(96, BigInt(bytes.length), true)
  if (interpreter === '') return bytes
  view.setUint32(120, 3, true)
  view.setBigUint64(128, BigInt(offset), true)
  view.setBigUint64(152, BigInt(tail.length), true)
  bytes.set(tail, offset)
  return bytes
}

/** The headers of a PE32+ of a machine. */
export const pe = (machineId: number): Uint8Array => {
  const bytes = new Uint8Array(0x400)
  const view = new DataView(bytes.buffer)
  bytes.set([0x4d, 0x5a])
  view.setUint32(0x3c, 0x80, true)
  view.setUint32(0x80, 0x4550, true)
  view.setUint16(0x84, machineId, true)
  view.setUint16(0x94, 240, true)
  view.setUint16(0x96, 0x22, true)
  view.setUint16(0x98, 0x20b, true)
  view.setUint16(0x98 + 68, 3, true)
  view.setUint32(0x98 + 108, 16, true)
  return bytes
}

/** A thin 64-bit Mach-O program with the two segments that a signature needs, and nothing in them. */
export const machO = (cpuType: number): Uint8Array => {
  const bytes = new Uint8Array(4112)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0xfeedfacf, true)
  view.setUint32(4, cpuType, true)
  view.setUint32(12, 2, true)
  view.setUint32(16, 2, true)
  view.setUint32(20, 144, true)
  for (const [at, name, offset, sizeBytes] of [
    [32, '__TEXT', 0, 4096],
    [104, '__LINKEDIT', 4096, 16],
  ] as const) {
    view.setUint32(at, 0x19, true)
    view.setUint32(at + 4, 72, true)
    bytes.set(new TextEncoder().encode(name), at + 8)
    view.setBigUint64(at + 32, 16384n, true)
    view.setBigUint64(at + 40, BigInt(offset), true)
    view.setBigUint64(at + 48, BigInt(sizeBytes), true)
  }
  return bytes
}
