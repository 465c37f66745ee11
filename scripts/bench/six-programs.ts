// Six real programs of ten megabytes in two apps of three targets each, for the benchmarks of packing; kept between runs.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../lib/files.ts'

export const benchFolder = join(projectRoot, '.slipway/bench')
const versions = { one: '0.28.1', two: '0.28.2' } as const
const targets = { 'linux-x64': 'x64', 'linux-arm64': 'arm64', 'linux-armv7': 'arm' } as const

export interface Six {
  readonly root: string
  /** The six programs, absolute. */
  readonly programs: readonly string[]
}

/** Fetches the programs once, from the npm registry, and writes the project. */
export const sixPrograms = (): Six => {
  const root = join(benchFolder, 'six')
  const programs = Object.entries(versions).flatMap(([app, version]) =>
    Object.entries(targets).map(([target, arch]) => {
      const file = join(root, 'programs', app, target, app)
      if (!existsSync(file)) fetchProgram(`@esbuild/linux-${arch}@${version}`, file)
      return file
    }),
  )
  const common = {
    license: 'MIT',
    homepage: 'https://esbuild.github.io',
    summary: 'An extremely fast bundler',
    publisher: 'The esbuild authors <esbuild@example.org>',
    version: '1.0.0',
    date: '2026-11-21',
  }
  const apps = Object.fromEntries(
    Object.keys(versions).map(app => [
      app,
      { app: { ...common, name: app }, build: { prebuilt: `programs/${app}/{target}` }, targets: Object.keys(targets) },
    ]),
  )
  const config = {
    apps,
    packages: ['tar.gz', 'zip', 'deb'],
    store: { folder: { path: 'bucket', url: 'http://127.0.0.1:8737' } },
  }
  writeFileSync(join(root, 'slipway.jsonc'), JSON.stringify(config, null, 2))
  return { root, programs }
}

const fetchProgram = (name: string, file: string): void => {
  const folder = join(benchFolder, 'fetch', name.replaceAll(/[^\w.-]/g, '_'))
  mkdirSync(folder, { recursive: true })
  execFileSync('npm', ['pack', name, '--pack-destination', folder, '--silent'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  const [archive] = readdirSync(folder).filter(entry => entry.endsWith('.tgz'))
  execFileSync('tar', ['-xzf', archive ?? '', '-C', folder], { cwd: folder })
  mkdirSync(join(file, '..'), { recursive: true })
  cpSync(join(folder, 'package/bin/esbuild'), file)
}

/** A home of its own: the keyrings of the benchmark's apps lie there. */
export const benchEnvironment = { ...process.env, HOME: join(benchFolder, 'home'), SOURCE_DATE_EPOCH: '1700000000' }

export interface Measurement {
  readonly ms: number
  /** User and system time of it and of all children that it waited for. */
  readonly cpuMs: number
  /** Of the largest process among it and its children. */
  readonly peakMegabytes: number
}

/** Runs one command to its end; its exit code must be 0. Peak memory is read from /proc while it runs. */
export const measureRun = (tool: string, args: readonly string[], cwd: string): Promise<Measurement> =>
  new Promise((resolve, reject) => {
    const from = performance.now()
    // The shell's `times` is the one way to hear of the processor time of a child.
    const counted = ['-c', '"$@"; code=$?; times >&3; exit $code', 'sh', tool, ...args]
    const child = spawn('sh', counted, { cwd, stdio: ['ignore', 'ignore', 'pipe', 'pipe'], env: benchEnvironment })
    let peakKilobytes = 0
    let errors = ''
    let times = ''
    child.stdio[3]?.on('data', (chunk: Buffer) => (times += chunk.toString()))
    const watch = setInterval(() => (peakKilobytes = Math.max(peakKilobytes, peakBelow(child.pid ?? 0))), 10)
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.once('error', reject)
    child.once('close', code => {
      clearInterval(watch)
      if (code === 0) resolve({ ms: performance.now() - from, cpuMs: cpuMsOf(times), peakMegabytes: peakKilobytes / 1024 })
      else reject(new Error(`${tool} ${args.join(' ')} ended with ${code ?? 'a signal'}: ${errors}`))
    })
  })

/** `times` prints two lines, the shell's own and its children's: `0m1.234s 0m0.120s`, user and system. */
const cpuMsOf = (times: string): number =>
  [...(times.trim().split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes = '0', seconds = '0']) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  )

/** Of the largest process among the shell's children. */
const peakBelow = (shell: number): number => {
  try {
    const children = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')
    return Math.max(...children.map(pid => peakOf(Number(pid))))
  } catch {
    return 0 // it has just ended
  }
}

const peakOf = (pid: number): number => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0 // it has just ended
  }
}
