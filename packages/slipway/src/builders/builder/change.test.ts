// What a program that we change leaves as; a file of another kind is refused.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fromBytes } from '@slipway/formats/bytes'
import { readPe } from '@slipway/formats/pe'
import { readPeChecksum } from '@slipway/formats/pe-strip'
import { linkedPe, tinyPe } from '@slipway/formats/testing/binaries'
import { machine } from '../../io/machine.ts'
import { elf, machO } from '../testing/jobs.ts'
import { signatureOf } from '../testing/programs.ts'
import { addRecord, changedProgram, signProgram, stripProgram } from './change.ts'

const folder = mkdtempSync(join(tmpdir(), 'change-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const [from, to] = [join(folder, 'from'), join(folder, 'to')]

it('signs under the id of the app, or under its name', async () => {
  writeFileSync(from, machO(0x0100000c))
  for (const [id, identifier] of [
    ['dev.example.tool', 'dev.example.tool'],
    ['', 'tool'],
  ] as const) {
    await signProgram(machine(), { from, to }, { id, bin: 'tool' })
    expect(await signatureOf(readFileSync(to))).toMatchObject({ kind: 'ad-hoc', identifier, arePagesIntact: true })
  }
})
it('refuses what it cannot change', async () => {
  writeFileSync(from, elf(62))
  await expect(signProgram(machine(), { from, to }, { id: '', bin: 'tool' })).rejects.toThrow('builders/not-changeable')
  await expect(stripProgram(machine(), { from, to })).rejects.toThrow('builders/not-changeable')
})
it('adds no record to a program that is signed', async () => {
  const signed = tinyPe({ certificates: [1024, 64] })
  writeFileSync(from, signed)
  await addRecord(machine(), { from, to }, '{}')
  expect(readFileSync(to).equals(signed)).toBe(true)
})

describe('a program whose bytes were changed', () => {
  const changed = (program: Uint8Array) => changedProgram(program, { file: 'tool', app: { id: 'dev.example.tool', bin: 'tool' } })

  it('is signed ad hoc anew on macOS', async () => {
    writeFileSync(from, machO(0x0100000c))
    await signProgram(machine(), { from, to }, { id: 'dev.example.tool', bin: 'tool' })
    const signed = new Uint8Array(readFileSync(to))
    signed.fill(1, 2000, 2004)
    expect(await signatureOf(signed)).toMatchObject({ arePagesIntact: false })
    const { bytes, lostSignature } = await changed(signed)
    expect(lostSignature).toBe(false)
    expect(await signatureOf(bytes)).toMatchObject({ kind: 'ad-hoc', identifier: 'dev.example.tool', arePagesIntact: true })
    expect([...bytes.subarray(2000, 2004)]).toEqual([1, 1, 1, 1])
  })
  it('loses its certificates on Windows, and its checksum is right where it has one', async () => {
    const signed = tinyPe({ certificates: [1024, 64] })
    expect(await changed(signed)).toEqual({ bytes: expect.objectContaining({ length: 1024 }) as Uint8Array, lostSignature: true })
    for (const [program, isWritten] of [
      [linkedPe(), true],
      [tinyPe({}), false],
    ] as const) {
      const { bytes, lostSignature } = await changed(program)
      const { written, right } = await readPeChecksum(fromBytes(bytes), await readPe(fromBytes(bytes)))
      expect([lostSignature, written]).toEqual([false, isWritten ? right : 0])
    }
  })
  it('is as it is on Linux, and refused where it is damaged', async () => {
    const program = elf(62)
    expect(await changed(program)).toEqual({ bytes: program, lostSignature: false })
    await expect(changed(tinyPe({}).subarray(0, 100))).rejects.toThrow('builders/not-changeable')
  })
})
