// A section put into this machine's own programs and into made ones: found again, read by binutils, and nothing else changed.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../test/kit/judges.ts'
import { addElfSection, addPeSection } from './add-section.ts'
import { fromBytes } from './bytes.ts'
import { readElf } from './elf.ts'
import { FormatError } from './format-error.ts'
import { readPe } from './pe.ts'
import { readPeChecksum } from './pe-strip.ts'
import { readElfSections, readMachOSections, readPeSections } from './sections.ts'
import { readMachO } from './macho.ts'
import { command, cpuArm64, tinyElf, tinyMachO, tinyPe } from './testing/binaries.ts'

const folder = mkdtempSync(join(tmpdir(), 'add-section-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const section = { name: '.slipway', bytes: new TextEncoder().encode('{"slipway":1}') }
const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return error instanceof FormatError ? error.code : String(error)
  }
  return 'none'
}
const contentOf = (file: Uint8Array, place: { readonly offset: number; readonly sizeBytes: number } | undefined): string =>
  new TextDecoder().decode(file.subarray(place?.offset ?? 0, (place?.offset ?? 0) + (place?.sizeBytes ?? 0)))

describe('ELF', () => {
  const shell = readFileSync('/bin/sh')
  it('has one section more, and the same of all others', async () => {
    const changed = addElfSection(shell, section)
    const [before, after] = [await readElfSections(fromBytes(shell)), await readElfSections(fromBytes(changed))]
    expect(after.length).toBe(before.length + 1)
    expect(after.slice(0, before.length).filter(({ name }) => name !== '.shstrtab')).toEqual(
      before.filter(({ name }) => name !== '.shstrtab'),
    )
    expect(contentOf(changed, after.at(-1))).toBe('{"slipway":1}')
    expect(after.at(-1)?.name).toBe('.slipway')
    expect(await readElf(fromBytes(changed))).toEqual(await readElf(fromBytes(shell)))
    // Twice is two.
    expect((await readElfSections(fromBytes(addElfSection(changed, { ...section, name: '.other' })))).at(-1)?.name).toBe('.other')
  })
  it('still starts, and keeps it when stripped', () => {
    const file = join(folder, 'sh')
    writeFileSync(file, addElfSection(shell, section))
    chmodSync(file, 0o755)
    expect(execFileSync(file, ['-c', 'echo started'], { encoding: 'utf8' })).toBe('started\n')
  })
  it('without a table of sections is refused', async () => {
    const tiny = tinyElf({})
    expect(codeOf(() => addElfSection(tiny, section))).toBe('elf/no-room')
    expect(await readElfSections(fromBytes(tiny))).toEqual([])
    expect(codeOf(() => addElfSection(shell.subarray(0, 1000), section))).toBe('elf/no-room')
    expect(codeOf(() => addElfSection(new Uint8Array(10), section))).toBe('bytes/out-of-range')
  })
  it('a table of another stride is said so', async () => {
    const changed = Uint8Array.from(shell)
    changed[58] = 63
    await expect(readElfSections(fromBytes(changed))).rejects.toMatchObject({ code: 'elf/bad-header' })
  })
})

describeWithJudge(['readelf'], 'ELF, by readelf', ({ readelf }) => {
  it('shows the section', () => {
    const file = join(folder, 'shown')
    writeFileSync(file, addElfSection(readFileSync('/bin/sh'), section))
    const said = execFileSync(readelf, ['--string-dump=.slipway', '--wide', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    expect(said).toContain('{"slipway":1}')
  })
})

describe('PE', () => {
  /** With a section's worth of free room in its headers. */
  const roomy = (): Uint8Array => {
    const pe = new Uint8Array(0x1000)
    pe.set(tinyPe({}))
    const view = new DataView(pe.buffer)
    const optional = view.getUint32(60, true) + 24
    view.setUint32(optional + 32, 0x1000, true)
    view.setUint32(optional + 36, 0x200, true)
    view.setUint32(optional + 56, 0x2000, true)
    view.setUint32(optional + 60, 0x800, true)
    view.setUint32(optional + 64, 1, true)
    return pe
  }
  it('has one section more, and a right checksum', async () => {
    const [pe, changed] = [roomy(), addPeSection(roomy(), section)]
    const [before, after] = [await readPeSections(fromBytes(pe)), await readPeSections(fromBytes(changed))]
    expect(after.slice(0, -1)).toEqual(before)
    expect(after.at(-1)).toEqual({ name: '.slipway', offset: 0x1000, sizeBytes: section.bytes.length })
    expect(contentOf(changed, after.at(-1))).toBe('{"slipway":1}')
    const { written, right } = await readPeChecksum(fromBytes(changed), await readPe(fromBytes(changed)))
    expect(written).toBe(right)
  })
  it('without room is refused', () => {
    const pe = roomy()
    pe.fill(1, 0x100, 0x800)
    expect(codeOf(() => addPeSection(pe, section))).toBe('pe/no-room')
    expect(codeOf(() => addPeSection(roomy(), { ...section, name: '.too-long-a-name' }))).toBe('pe/no-room')
  })
})

it('the sections of a Mach-O are those of its segments, in the whole file', async () => {
  const segment = (name: string, sections: number): Uint8Array => {
    const body = new Uint8Array(64 + 80 * sections)
    const view = new DataView(body.buffer)
    body.set(new TextEncoder().encode(name))
    view.setUint32(56, sections, true)
    body.set(new TextEncoder().encode('__go_buildinfo'), 64)
    view.setBigUint64(64 + 40, 7n, true)
    view.setUint32(64 + 48, 0x20, true)
    return command(0x19, body)
  }
  const read = async (bytes: Uint8Array) => {
    const [slice] = (await readMachO(fromBytes(bytes))).slices
    return slice === undefined ? [] : readMachOSections(fromBytes(bytes), slice)
  }
  expect(await read(tinyMachO(cpuArm64, [segment('__DATA', 1)]))).toEqual([{ name: '__go_buildinfo', offset: 0x20, sizeBytes: 7 }])
  const lying = segment('__DATA', 1)
  new DataView(lying.buffer).setUint32(64, 9, true)
  await expect(read(tinyMachO(cpuArm64, [lying]))).rejects.toMatchObject({ code: 'macho/bad-command' })
})
