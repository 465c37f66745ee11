// The state of the user's sources as one text: commit, and what differs from it. Part of the cache key of a user's own build command.
import { createHash } from 'node:crypto'
import type { Project } from '../config/project.ts'
import type { Io } from '../io/io.ts'

/** Null without git: then nothing is known about the inputs. Ignored files are not seen: they are made, not written. */
export const sourceState = async (io: Io, project: Project): Promise<string | null> => {
  if (Object.keys(project.commits).length === 0) return null
  const commits = JSON.stringify(project.commits)
  if (!project.dirty) return commits
  const git = async (...args: string[]): Promise<string> => (await io.run({ tool: 'git', args, cwd: project.root, path: true })).stdout
  const hash = createHash('sha256').update(await git('diff', '--no-ext-diff', '--binary', 'HEAD'))
  const untracked = (await git('ls-files', '--others', '--exclude-standard', '-z')).split('\0').filter(name => name !== '')
  for (const name of untracked.sort()) {
    const facts = await io.files.stat(`${project.root}/${name}`)
    hash.update(`${name}\0${facts?.sizeBytes ?? 0}\0${facts?.modifiedMs ?? 0}\0`)
  }
  return `${commits} ${hash.digest('hex')}`
}
