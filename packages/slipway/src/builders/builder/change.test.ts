// What a program that we change leaves as; a file of another kind is refused.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { machine } from '../../io/machine.ts'
import { elf, machO } from '../testing/jobs.ts'
import { signatureOf } from '../testing/programs.ts'
import { signProgram, stripProgram } from './change.ts'

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
