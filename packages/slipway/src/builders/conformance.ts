// What every builder must do: same tree twice, the right program for the target, nothing outside of its scratch, no environment (DESIGN 2, 5).
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SlipwayError, type Problem } from '@slipway/core'
import * as z from 'zod'
import { machine } from '../io/machine.ts'
import type { Files, Io, ToolRun } from '../io/io.ts'
import type { FileTree } from '../tree.ts'
import type { AnyBuilder } from './builder.ts'
import { elf, jobIn, machO, pe } from './testing/jobs.ts'

export interface BuilderFixture {
  /** Lays out a project whose build gives this program; null: whose build gives nothing. It may give lines of slipway.lock back. */
  readonly prepare: (
    project: string,
    program: Uint8Array | null,
    target: string,
  ) => undefined | Promise<Readonly<Record<string, string>> | undefined>
  /** The options that such a project has. */
  readonly options: Readonly<Record<string, unknown>>
  /** Its error codes. */
  readonly codes: { readonly wrongBinary: string; readonly missing: string }
  /** Whether it starts programs. */
  readonly runs: boolean
  /** Cases that cannot hold for it, with the reason. */
  readonly skip?: Readonly<Record<string, string>>
}

const canary = 'canary-of-the-environment'
const [x64, arm64] = [62, 183]
const programs: Readonly<Record<string, Uint8Array>> = {
  'linux-x64': elf(x64),
  'linux-arm64': elf(arm64),
  'windows-x64': pe(0x8664),
  'windows-arm64': pe(0xaa64),
  'macos-x64': machO(0x01000007),
  'macos-arm64': machO(0x0100000c),
}

/** Registers the cases of one unit; the list of skips is filled when they are collected. */
export const builderConformance = (
  unit: AnyBuilder,
  { prepare, options: given, codes, runs, skip = {} }: BuilderFixture,
): readonly string[] => {
  const parent = mkdtempSync(join(tmpdir(), 'builder-'))
  afterAll(() => rmSync(parent, { recursive: true, force: true }))
  const options = z.strictObject(unit.options).parse(given) as never
  const locks = new Map<string, Readonly<Record<string, string>>>()
  const place = async (program: Uint8Array | null, target = 'linux-x64'): Promise<string> => {
    const folder = mkdtempSync(join(parent, 'case-'))
    mkdirSync(join(folder, 'project'))
    locks.set(folder, (await prepare(join(folder, 'project'), program, target)) ?? {})
    return folder
  }
  const build = (folder: string, target = 'linux-x64', io = machine()): Promise<FileTree> =>
    unit.build(jobIn(folder, { target, io: withTools(io, `${folder}/project/tools`), locked: locks.get(folder) ?? {} }), options)
  const problemOf = async (building: Promise<unknown>): Promise<Problem | undefined> => {
    try {
      await building
      return undefined
    } catch (error) {
      if (error instanceof SlipwayError) return error.problems[0]
      throw error
    }
  }
  const skipped: string[] = []
  const test = (name: string, body: () => Promise<void>): void => {
    const reason = skip[name]
    if (reason !== undefined) skipped.push(`${unit.id}: ${name}: ${reason}`)
    it.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (${reason})`, body)
  }

  describe(`builders/${unit.id}`, () => {
    test('gives the same tree from the same inputs, in another folder', async () => {
      const [one, other] = [await build(await place(elf(x64))), await build(await place(elf(x64)))]
      expect(plainTree(other)).toEqual(plainTree(one))
      expect(one.entries.map(entry => entry.path)).toEqual(one.entries.map(entry => entry.path).toSorted())
    })
    test('names its program, and marks it executable', async () => {
      const tree = await build(await place(elf(x64)))
      expect(tree.entries.find(one => one.path === tree.executable)).toMatchObject({ type: 'file', mode: 0o755 })
    })
    for (const [target, own] of Object.entries(programs))
      test(`takes a program of ${target} alone`, async () => {
        expect((await build(await place(own, target), target)).executable).not.toBe('')
        for (const [other, program] of Object.entries(programs)) {
          if (other === target) continue
          const found = await problemOf(build(await place(program, target), target))
          expect([other, found?.code, found?.where.target]).toEqual([other, codes.wrongBinary, target])
        }
      })
    test('names the target of what is missing', async () => {
      for (const target of ['linux-x64', 'windows-arm64'])
        expect(await problemOf(build(await place(null, target), target))).toMatchObject({ code: codes.missing, where: { target } })
    })
    test('passes none of the environment on', async () => {
      const started: ToolRun[] = []
      process.env['UNIT_TEST_CANARY'] = canary
      try {
        const folder = await place(elf(x64))
        const tree = await build(folder, 'linux-x64', watched(machine(), started, []))
        expect(await textOf(tree)).not.toContain(canary)
      } finally {
        delete process.env['UNIT_TEST_CANARY']
      }
      expect(started.length > 0).toBe(runs)
      for (const { env = {} } of started) expect(JSON.stringify(env)).not.toContain(canary)
    })
    test('writes into its scratch alone', async () => {
      const folder = await place(elf(x64))
      const written: string[] = []
      await build(folder, 'linux-x64', watched(machine(), [], written))
      for (const path of written) expect(path.startsWith(`${folder}/scratch/`)).toBe(true)
    })
    test('says before the work what its options lack', async () => {
      const problems = unit.check?.(jobIn(parent), z.strictObject(unit.options).parse({}) as never) ?? []
      expect(problems).not.toHaveLength(0)
      for (const { code, hint, where } of problems) {
        expect(code.startsWith(`${unit.id}/`)).toBe(true)
        expect(hint.length).toBeGreaterThan(10)
        expect(where.path?.startsWith(`build.${unit.id}`)).toBe(true)
      }
    })
  })
  return skipped
}

const plainTree = ({ entries, executable }: FileTree): unknown => ({ entries: JSON.parse(JSON.stringify(entries)) as unknown, executable })

const textOf = async ({ entries }: FileTree): Promise<string> => {
  let text = ''
  for (const entry of entries) {
    if (entry.type !== 'file') continue
    for await (const piece of entry.bytes()) text += Buffer.from(piece).toString('latin1')
  }
  return text
}

/** The door of linux-x64, where a program of the project's `tools` comes before that of the machine. */
const withTools = (io: Io, folder: string): Io => {
  const own = (tool: string): string => (existsSync(join(folder, tool)) ? join(folder, tool) : tool)
  const run = Object.assign((tool: ToolRun) => io.run({ ...tool, tool: own(tool.tool) }), { find: io.run.find })
  return { ...io, run, host: { ...io.host, os: 'linux', arch: 'x64' } }
}

/** The door, with a list of what was started and of what was written. */
const watched = (io: Io, started: ToolRun[], written: string[]): Io => {
  const { files } = io
  const changed: Partial<Files> = {
    makeFolder: (path, mode) => (written.push(`${path}/`), files.makeFolder(path, mode)),
    write: (path, bytes, options) => (written.push(path), files.write(path, bytes, options)),
    create: (path, bytes, options) => (written.push(path), files.create(path, bytes, options)),
    append: (path, bytes, options) => (written.push(path), files.append(path, bytes, options)),
    copy: (from, to) => (written.push(to), files.copy(from, to)),
    link: (target, path) => (written.push(path), files.link(target, path)),
    rename: (from, to) => (written.push(from, to), files.rename(from, to)),
    remove: path => (written.push(path), files.remove(path)),
  }
  const run = Object.assign((tool: ToolRun) => (started.push(tool), io.run(tool)), { find: io.run.find })
  return { ...io, files: { ...files, ...changed }, run }
}
