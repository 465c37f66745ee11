// A small project that is released with install scripts, served on loopback; and shells with nothing but the programs that a test gives them.
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, request as askServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { smallProject } from '../kit/project.ts'
import type { SmallOptions, SmallProject } from '../kit/project.ts'

export interface World {
  readonly project: SmallProject
  /** Ends in a slash. */
  readonly url: string
  /** Ends in a slash; passes everything on to `url`, whatever host was asked for. */
  readonly proxy: string
  readonly requests: string[]
  readonly proxied: string[]
  /** What the server gives in place of an object, by key; `cut` breaks the connection after so many bytes. */
  readonly replaced: Map<string, Uint8Array | { readonly cut: number }>
  /** Whether each object is found by a redirect only. */
  redirects: boolean
  readonly publish: (version: string, args?: readonly string[]) => Promise<void>
  readonly close: () => void
}

/** `files` lie beside the program; without any it is the only file of its package. */
export const startWorld = async (options: {
  readonly files?: Readonly<Record<string, string>>
  readonly targets?: readonly string[]
  readonly more?: Readonly<Record<string, unknown>>
}): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-install-'))
  const world = { redirects: false, requests: [] as string[], proxied: [] as string[], replaced: new Map() as World['replaced'] }
  const server = await listen((request, response) => answer(world, join(folder, 'bucket'), request, response))
  const url = addressOf(server)
  const proxy = await listen((request, response) => {
    world.proxied.push(request.url ?? '')
    const { pathname } = new URL(request.url ?? '/', url)
    askServer(new URL(pathname, url), there => {
      response.writeHead(there.statusCode ?? 502, there.headers)
      there.pipe(response)
    }).end()
  })
  const targets = options.targets ?? ['linux-x64', 'linux-arm64']
  const small = (version: string): SmallOptions => ({
    version,
    folder,
    targets,
    url,
    more: {
      packages: ['tar.gz', 'zip', 'binary'],
      feeds: ['install'],
      channels: { stable: {}, beta: {} },
      ...options.more,
    },
  })
  const project = smallProject(small('0.0.1'))
  await project.run(['keys', 'generate'])
  return Object.assign(world, {
    project,
    url,
    proxy: addressOf(proxy),
    publish: async (version: string, args: readonly string[] = []) => {
      const next = smallProject(small(version))
      for (const target of targets) writeProgram(join(next.root, 'bin', target), version, options.files ?? {})
      const ran = await next.run(['release', ...args])
      if (ran.exitCode !== 0) throw new Error(ran.stderr + ran.stdout)
    },
    close: () => {
      server.close()
      proxy.close()
      rmSync(folder, { recursive: true, force: true })
    },
  })
}

const writeProgram = (folder: string, version: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text.replaceAll('VERSION', version))
  }
  if (folder.includes('windows')) return
  const says = existsSync(join(folder, 'share')) ? `cat "$(dirname "$(readlink -f "$0")")"/share/hello` : `echo "tiny ${version}"`
  writeFileSync(join(folder, 'tiny'), `#!/bin/sh\n${says}\n`)
  chmodSync(join(folder, 'tiny'), 0o755)
}

const answer = (
  world: Pick<World, 'redirects' | 'requests' | 'replaced'>,
  bucket: string,
  request: IncomingMessage,
  response: ServerResponse,
): void => {
  const key = decodeURIComponent((request.url ?? '').slice(1))
  world.requests.push(key)
  if (world.redirects && !key.startsWith('moved/')) {
    response.writeHead(302, { location: `/moved/${key}` }).end()
    return
  }
  const plain = key.replace(/^moved\//, '')
  const other = world.replaced.get(plain)
  const file = join(bucket, plain)
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    response.writeHead(404).end('nothing here\n')
    return
  }
  const bytes = other instanceof Uint8Array ? other : readFileSync(file)
  response.writeHead(200, { 'content-length': bytes.length })
  if (other === undefined || other instanceof Uint8Array) response.end(bytes)
  else response.write(bytes.subarray(0, other.cut), () => response.destroy())
}

const listen = async (handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> => {
  const server = createServer(handler)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}
const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}
/** A user: a home of its own, and a PATH of one folder with links to the named programs. */
export interface User {
  readonly home: string
  /** The folder of programs. */
  readonly tools: string
  /** Runs a shell with `-s -- args`, the script on its standard input, as `curl … | sh` does. */
  readonly pipe: (shell: readonly string[], text: string, args?: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>
  /** Runs a program of the home. */
  readonly start: (path: string) => Promise<Ran>
  readonly remove: () => void
}

/** What every system has (POSIX, tar and gzip) beside what a test is about. */
const plainTools =
  'sh awk basename cat chmod cmp cp cut date dd dirname env find getconf grep gzip head id ln ls mkdir mktemp mv od readlink rm rmdir sed sort tail tar tr uname wc'.split(
    ' ',
  )

export const newUser = (tools: readonly string[], { busybox, name = 'user' }: { busybox?: string; name?: string } = {}): User => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-user-'))
  const [home, places] = [join(folder, name), join(folder, 'tools')] as const
  mkdirSync(home)
  mkdirSync(places)
  chmodSync(folder, 0o755)
  for (const tool of [...(busybox === undefined ? plainTools : []), ...tools]) {
    const path = which(tool)
    if (path !== undefined) symlinkSync(path, join(places, tool))
  }
  if (busybox !== undefined)
    for (const tool of [...plainTools, 'wget', 'sha256sum', 'base64'])
      if (!existsSync(join(places, tool))) symlinkSync(busybox, join(places, tool))
  const env = { HOME: home, PATH: places, SHELL: '/bin/bash', TMPDIR: folder, LC_ALL: 'C.UTF-8' }
  return {
    home,
    tools: places,
    pipe: (shell, text, args = [], more = {}) => runProgram([...shell, '-s', '--', ...args], { env: { ...env, ...more }, text, cwd: home }),
    start: path => runProgram([path], { env: { ...env, PATH: `${places}${delimiter}/usr/bin:/bin` }, text: '', cwd: home }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export const which = (tool: string): string | undefined =>
  ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin'].map(folder => join(folder, tool)).find(path => existsSync(path))

interface Running {
  readonly env: Readonly<Record<string, string>>
  readonly text: string
  readonly cwd: string
  readonly uid?: number
}
export const runProgram = ([file = '', ...args]: readonly string[], { env, text, cwd, uid }: Running): Promise<Ran> => {
  const child = spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], ...(uid === undefined ? {} : { uid, gid: uid }) })
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => void (texts.stdout += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => void (texts.stderr += chunk.toString('utf8')))
  // A shell that ended early reads no more.
  child.stdin.on('error', () => undefined)
  child.stdin.end(text)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ exitCode: code ?? 70, ...texts }))
  })
}
