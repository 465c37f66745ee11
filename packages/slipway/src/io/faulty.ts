// A door that breaks once: fails the nth effect, for sweeps over every n (DESIGN 6).
import { fail } from '@slipway/core'
import type { Files, HttpRequest, Io, RunTool } from './io.ts'

export interface Faulty {
  readonly io: Io
  /** How many effects were tried so far. */
  readonly effects: () => number
  /** Whether the nth effect came. */
  readonly failed: () => boolean
}

/**
 * An Io whose nth effect (from 1; 0: none, it only counts) fails with `io/faulty`: before it takes effect, or with `after` once it has, as when
 * an acknowledgement is lost. Effects: files.makeFolder, write, create, append, copy, link, rename, remove; http PUT, POST, DELETE; run.
 */
export const faulty = (io: Io, n: number, { after = false } = {}): Faulty => {
  let count = 0
  const effect = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    count += 1
    if (count !== n) return work()
    if (after) await work()
    return failHere(n, name, after)
  }
  return {
    io: { ...io, files: faultyFiles(io.files, effect), http: faultyHttp(io, effect), run: faultyRun(io.run, effect) },
    effects: () => count,
    failed: () => n > 0 && count >= n,
  }
}

type Effect = <T>(name: string, work: () => Promise<T>) => Promise<T>

const faultyFiles = (files: Files, effect: Effect): Files => ({
  ...files,
  makeFolder: (path, mode) => effect(`makeFolder ${path}`, () => files.makeFolder(path, mode)),
  write: (path, bytes, options) => effect(`write ${path}`, () => files.write(path, bytes, options)),
  create: (path, bytes, options) => effect(`create ${path}`, () => files.create(path, bytes, options)),
  append: (path, bytes, options) => effect(`append ${path}`, () => files.append(path, bytes, options)),
  copy: (from, to, options) => effect(`copy ${to}`, () => files.copy(from, to, options)),
  link: (target, path) => effect(`link ${path}`, () => files.link(target, path)),
  rename: (from, to, options) => effect(`rename ${from}`, () => files.rename(from, to, options)),
  remove: path => effect(`remove ${path}`, () => files.remove(path)),
})

const mutating: ReadonlySet<HttpRequest['method']> = new Set(['PUT', 'POST', 'DELETE'] as const)
const faultyHttp =
  ({ http }: Io, effect: Effect): Io['http'] =>
  (url, request) =>
    mutating.has(request?.method) ? effect(`${request?.method ?? 'GET'} ${url}`, () => http(url, request)) : http(url, request)

const faultyRun = (run: RunTool, effect: Effect): RunTool =>
  Object.assign((tool: Parameters<RunTool>[0]) => effect(`run ${tool.tool}`, () => run(tool)), { find: run.find })

const failHere = (n: number, name: string, after: boolean): never =>
  fail('io/faulty', `effect ${n} (${name}) failed on purpose, ${after ? 'after' : 'before'} it was done`, {
    hint: 'Only tests break effects.',
    facts: { effect: n, after },
    exit: 'machine',
  })
