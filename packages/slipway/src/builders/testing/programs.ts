// The small programs of test/fixtures/programs for tests with real toolchains, and how a built one is started.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromBytes } from '@slipway/formats/bytes'
import { identify } from '@slipway/formats/identify'
import { readMachO } from '@slipway/formats/macho'
import { readSignature, type CodeSignature } from '@slipway/formats/macho/signature'
import { readProgram } from '../../commands/inspect/programs.ts'
import type { FileTree } from '../../tree.ts'

const fixtures = fileURLToPath(new URL('../../../../../test/fixtures/programs/', import.meta.url))

/** A new folder whose `project` holds a fixture; `depth` lets two builds lie at paths of unequal length. */
export const projectOf = (fixture: string, depth = ''): string => {
  const top = mkdtempSync(join(tmpdir(), `programs-${fixture}-`))
  tops.push(top)
  const folder = join(top, depth)
  mkdirSync(folder, { recursive: true })
  cpSync(join(fixtures, fixture), join(folder, 'project'), { recursive: true })
  return folder
}

const tops: string[] = []

/** Takes all folders of `projectOf` away. */
export const removeProjects = (): void => {
  for (const top of tops.splice(0)) rmSync(top, { recursive: true, force: true })
}

/** What the program of a tree in `<folder>/scratch/tree` prints. */
export const said = (folder: string, { executable }: FileTree, ...args: readonly string[]): string =>
  execFileSync(join(folder, 'scratch/tree', executable), args, { encoding: 'utf8', env: {} }).trim()

export const bytesOf = (folder: string, { executable }: FileTree): Uint8Array => readFileSync(join(folder, 'scratch/tree', executable))

export const digestOf = ({ entries, executable }: FileTree): string => {
  const found = entries.find(one => one.path === executable)
  return found?.type === 'file' ? found.sha256 : ''
}

/** Replaces a text of a project's file. */
export const edit = (folder: string, path: string, [from, to]: readonly [string, string]): void => {
  const file = join(folder, 'project', path)
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
}

/** Whether a program is on PATH. */
export const has = (tool: string): boolean => {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Whether npm reaches a registry that has this package. */
export const reaches = (spec: string): boolean => {
  try {
    execFileSync('npm', ['view', spec, 'version', '--fetch-retries=0', '--fetch-timeout=15000'], { stdio: 'ignore', timeout: 30_000 })
    return true
  } catch {
    return false
  }
}

/** What `inspect` reads back of a program's build. */
export const builtInto = async (bytes: Uint8Array): Promise<unknown> => {
  const source = fromBytes(bytes)
  return (await readProgram(source, await identify(source)))?.facts['build']
}

/** The signature of the first slice of a Mach-O, its pages hashed. */
export const signatureOf = async (bytes: Uint8Array): Promise<CodeSignature | undefined> => {
  const source = fromBytes(bytes)
  const [slice] = (await readMachO(source)).slices
  return slice === undefined ? undefined : readSignature(source, slice, { pages: true })
}
