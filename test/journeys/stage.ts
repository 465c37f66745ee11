// What the journeys share: an app of one's own name in a small project, its bucket served on loopback, and a user's tools.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { serveFolder } from '../../scripts/demo/serve.ts'
import { nextVersion, smallProject } from '../kit/project.ts'
import type { Document, SmallOptions, SmallProject } from '../kit/project.ts'

export interface Play {
  readonly name: string
  readonly bin: string
  readonly targets: readonly string[]
  /** Members of the config beside app, targets, build, store, trust. */
  readonly config: Readonly<Record<string, unknown>>
  /** Changes the sources of each version before they are built. */
  readonly prepare?: (root: string) => void
}
export interface Stage {
  readonly url: string
  readonly base: string
  readonly project: SmallProject
  /** The project at another version. */
  readonly at: (version: string) => SmallProject
  readonly close: () => void
}

/** Keys made, bucket empty and served. */
export const openStage = async (play: Play): Promise<Stage> => {
  const first = smallProject({ targets: play.targets })
  mkdirSync(first.bucket, { recursive: true })
  const server: Server = await serveFolder(first.bucket, 0)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const about = {
    license: 'MIT',
    homepage: 'https://example.org',
    summary: `${play.name}, a program`,
    publisher: 'Somebody <somebody@example.org>',
    date: '2023-11-14',
  }
  const options = (version: string): Omit<SmallOptions, 'version' | 'folder'> => ({
    targets: play.targets,
    url,
    more: { ...play.config, app: { name: play.name, bin: play.bin, version, ...about } },
  })
  const at = (version: string): SmallProject => {
    const project = nextVersion(first, version, options(version))
    for (const target of play.targets) {
      const folder = join(project.root, 'bin', target)
      for (const file of readdirSync(folder))
        if (file.startsWith('tiny')) renameSync(join(folder, file), join(folder, file.replace('tiny', play.bin)))
    }
    play.prepare?.(project.root)
    return project
  }
  const project = at('1.0.0')
  const made = await project.run(['keys', 'generate'])
  expect(made.exitCode, made.stderr).toBe(0)
  return {
    url,
    base: dirname(first.root),
    project,
    at,
    close: () => {
      server.close()
      rmSync(dirname(first.root), { recursive: true, force: true })
    },
  }
}

/** Runs a command that must succeed. */
export const done = async (project: SmallProject, ...args: readonly string[]): Promise<Document> => {
  const ran = await project.json(args)
  expect(ran.exitCode, `${args.join(' ')}: ${ran.stdout}`).toBe(0)
  return ran
}
export const fetched = async (url: string): Promise<Buffer> => {
  const answer = await fetch(url)
  expect(answer.status, url).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}
export const says = (tool: string, args: readonly string[], cwd = '/'): string =>
  execFileSync(tool, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
