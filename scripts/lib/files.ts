// The project's own files: where the root is, and which files belong to it (tracked or about to be).
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const projectRoot: string = join(import.meta.dirname, '..', '..')

/** Files that git tracks or would add, relative, sorted; outside of a git checkout every file but the ignored folders. */
export const ownFiles = (root: string): readonly string[] => {
  try {
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    })
    return [...new Set(listed.split('\0'))].filter(file => file !== '' && existsSync(join(root, file))).toSorted()
  } catch {
    return walk(root).toSorted()
  }
}

/** Every file below `folder` of `root` that ends in `.ts`, `node_modules` and `dist` left out; relative to `root`. */
export const typeScriptFiles = (root: string, folder: string): readonly string[] =>
  existsSync(join(root, folder))
    ? walk(join(root, folder))
        .map(file => join(folder, file))
        .filter(file => file.endsWith('.ts'))
        .toSorted()
    : []

const skipped = new Set(['node_modules', '.git', '.slipway', 'dist', 'coverage', 'release'])

const walk = (root: string, below = ''): string[] =>
  readdirSync(join(root, below), { withFileTypes: true }).flatMap(entry => {
    if (skipped.has(entry.name)) return []
    const path = join(below, entry.name)
    return entry.isDirectory() ? walk(root, path) : entry.isFile() ? [path] : []
  })
