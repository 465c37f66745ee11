// Pieces of bytes and of files by native deflate, in memory that is used again: one for each core, one that is read meanwhile, and one at hand.
import { closeSync, openSync, read } from 'node:fs'
import { programLevel, roomFor, windowBytes, type DeflateHere } from '@slipway/formats/deflate-program'
import type { NativeDeflate } from './native-deflate.ts'
import type { DeflateTask, Done } from './threads-task.ts'

/** The thread pool is no larger (machine.ts), and each piece takes 2 MB. */
const mostCores = 16

/** In Node's thread pool. */
export type NativePieces = (task: DeflateTask) => Promise<Done>

export const nativePieces = (native: NativeDeflate, cores: number): NativePieces => {
  const rooms: Rooms = { free: Array.from({ length: Math.min(cores, mostCores) + 2 }, emptyRoom), waiting: [] }
  return async task => {
    const room = await take(rooms)
    try {
      return await (task.kind === 'bytes' ? ofBytes(native, task, room) : ofFile(native, task, room))
    } finally {
      giveBack(rooms, room)
    }
  }
}

/** As `deflateHere`. */
export const nativeHere = (native: NativeDeflate): DeflateHere => {
  const room = emptyRoom()
  return (bytes, level, before = nothing) => {
    const input = put(room, before, bytes)
    const [sizeBytes] = native.deflateNow(programLevel(level), input, before.length, room.output)
    return room.output.slice(0, sizeBytes)
  }
}

const nothing = new Uint8Array(0)

const ofBytes = async (native: NativeDeflate, { bytes, level, before = nothing }: Kind<'bytes'>, room: Room): Promise<Done> => {
  // A copy: they are the caller's, who may give their memory away.
  const input = put(room, before, bytes)
  const [sizeBytes, crc32] = await native.deflate(programLevel(level), input, before.length, room.output)
  return { bytes: room.output.slice(0, sizeBytes), sizeBytes: bytes.length, crc32, digest: '' }
}

const ofFile = async (native: NativeDeflate, { path, offset, sizeBytes, level }: Kind<'range'>, room: Room): Promise<Done> => {
  const before = Math.min(offset, windowBytes)
  const whole = roomIn(room, before + sizeBytes)
  const file = openSync(path, 'r')
  let filledBytes = 0
  try {
    for (let count = -1; count !== 0 && filledBytes < whole.length; filledBytes += count)
      count = await readInto(file, whole.subarray(filledBytes), offset - before + filledBytes)
  } finally {
    closeSync(file)
  }
  // The file has become shorter: nothing is left of this piece.
  if (filledBytes <= before) return { bytes: nothing, sizeBytes: 0, crc32: 0, digest: '' }
  const [length, crc32] = await native.deflate(programLevel(level), whole.subarray(0, filledBytes), before, room.output)
  return { bytes: room.output.slice(0, length), sizeBytes: filledBytes - before, crc32, digest: '' }
}

type Kind<K extends DeflateTask['kind']> = DeflateTask & { readonly kind: K }

const readInto = (file: number, bytes: Uint8Array, offset: number): Promise<number> =>
  new Promise((resolve, reject) => {
    read(file, bytes, 0, bytes.length, offset, (error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })

interface Room {
  input: Uint8Array<ArrayBuffer>
  output: Uint8Array<ArrayBuffer>
}
const emptyRoom = (): Room => ({ input: nothing, output: nothing })

const put = (room: Room, before: Uint8Array, bytes: Uint8Array): Uint8Array => {
  const input = roomIn(room, before.length + bytes.length)
  input.set(before)
  input.set(bytes, before.length)
  return input
}

const roomIn = (room: Room, sizeBytes: number): Uint8Array => {
  if (room.input.length < sizeBytes) {
    const [inputBytes, outputBytes] = roomFor(sizeBytes)
    room.input = new Uint8Array(inputBytes)
    room.output = new Uint8Array(outputBytes)
  }
  return room.input.subarray(0, sizeBytes)
}

interface Rooms {
  readonly free: Room[]
  readonly waiting: ((room: Room) => void)[]
}

const take = ({ free, waiting }: Rooms): Room | Promise<Room> => free.pop() ?? new Promise(resolve => void waiting.push(resolve))

const giveBack = ({ free, waiting }: Rooms, room: Room): void => {
  const next = waiting.shift()
  if (next === undefined) free.push(room)
  else next(room)
}
