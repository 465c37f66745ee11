// A project in a folder of its own, for tests: files by name, read with the real door to the machine.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { SlipwayError, type Problem } from '@slipway/core'
import type { Io } from '../../io/io.ts'
import { machine } from '../../io/machine.ts'
import type { Project } from '../project.ts'
import { readProject, type ReadOptions } from '../read.ts'

export const folderOf = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'slipway-config-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** The machine, with an environment of its own. */
export const ioWith = (env: Readonly<Record<string, string>> = {}): Io => {
  const io = machine()
  return { ...io, secrets: { ...io.secrets, env: name => (name === 'PATH' ? io.secrets.env(name) : env[name]) } }
}

export const read = (cwd: string, options: Partial<ReadOptions> = {}, io = ioWith()): Promise<Project> =>
  readProject(io, { cwd, profile: 'release', set: [], ...options })

/** A project whose config is this tree. */
export const project = (tree: object, options: Partial<ReadOptions> = {}): Promise<Project> =>
  read(folderOf({ 'slipway.json': JSON.stringify(tree) }), options)

/** The problems that it throws; none when it does not. Anything but a SlipwayError is a fault. */
export const problemsOf = async (reading: Promise<unknown>): Promise<readonly Problem[]> => {
  try {
    await reading
    return []
  } catch (error) {
    if (error instanceof SlipwayError) return error.problems
    throw error
  }
}

/** As the terminal shows it: place, path and code, then what and how. */
export const linesOf = (problems: readonly Problem[]): readonly string[] =>
  problems.map(
    ({ where, code, message, hint }) =>
      `${where.file ?? ''}:${where.line ?? ''}:${where.column ?? ''}  ${where.path ?? ''}  ${code}\n  ${message} ${hint}`,
  )

/** Runs git with a fixed author and time. */
export const git = (cwd: string, ...args: readonly string[]): void => {
  const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b.c', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b.c' }
  const when = { GIT_AUTHOR_DATE: '1700000000 +0000', GIT_COMMITTER_DATE: '1700000000 +0000' }
  execFileSync('git', [...args], { cwd, env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...who, ...when }, stdio: 'pipe' })
}

/** The least that is a whole config. */
export const least = {
  app: { name: 'flet', version: '0.28.3' },
  targets: ['linux-x64'],
  build: { prebuilt: 'dist/{target}' },
  packages: ['tar.gz', 'deb'],
}
