// What git says of the project: HEAD, its time, the tags on it, whether files were changed. Few processes, and none is needed.
import type { Io } from '../io/io.ts'

export interface Head {
  readonly commit: string
  /** Seconds since 1970. */
  readonly date: number
  /** Names of the tags on HEAD; empty where the folder is not the top of the repository (`top`). */
  readonly tags: readonly string[]
  /** The folder is the top of its repository: tags there speak of it. */
  readonly top: boolean
  readonly dirty: boolean
}

/** null: no git, no repository, or no commit yet. `ignore`: paths below the folder that Slipway itself writes. */
export const headOf = async (io: Io, folder: string, ignore: readonly string[]): Promise<Head | null> => {
  const pathspec = ['--', '.', ...ignore.map(path => `:(exclude)${path}`)]
  const [log, status, prefix] = await Promise.all([
    git(io, folder, ['log', '-1', '--no-show-signature', '--decorate=full', '--decorate-refs=refs/tags/*', '--format=%H%n%ct%n%D']),
    git(io, folder, ['status', '--porcelain', '--untracked-files=normal', '--no-renames', ...pathspec]),
    git(io, folder, ['rev-parse', '--show-prefix']),
  ])
  if (log === null) return null
  const [commit = '', time = '', refs = ''] = log.split('\n')
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return null
  return { commit, date: Number(time), tags: tagsIn(refs), top: prefix?.trim() === '', dirty: status === null || status.trim() !== '' }
}

/** Name of the repository by its origin, without the ending; null without one. */
export const originName = async (io: Io, folder: string): Promise<string | null> => {
  const url = (await git(io, folder, ['config', '--get', 'remote.origin.url']))?.trim() ?? ''
  return /([A-Za-z0-9][A-Za-z0-9._-]*?)(\.git)?\/?$/.exec(url)?.[1] ?? null
}

const tagsIn = (refs: string): readonly string[] => refs.split(', ').flatMap(ref => /^tag: refs\/tags\/(.+)$/.exec(ref)?.[1] ?? [])

/** stdout, or null when git is not there or fails. No hook, pager, prompt or lock of the index. */
const git = async (io: Io, cwd: string, args: readonly string[]): Promise<string | null> => {
  const tool = await io.run.find('git')
  if (tool === null) return null
  const env = {
    ...io.secrets.matching(/^(HOME|GIT_DIR|GIT_WORK_TREE|XDG_CONFIG_HOME|GIT_CONFIG_(COUNT|KEY_\d+|VALUE_\d+|GLOBAL|SYSTEM))$/),
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  }
  const result = await io.run({
    tool: 'git',
    args: ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=true', ...args],
    cwd,
    env,
    path: true,
    timeoutMs: 30_000,
  })
  return result.exitCode === 0 ? result.stdout : null
}
