// The door that breaks once: which effects it counts, and on which side of the effect it breaks.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { faulty } from './faulty.ts'
import type { Io } from './io.ts'
import { machine } from './machine.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-faulty-'))
})
afterEach(() => rm(root, { recursive: true }))

const bytes = new Uint8Array(1)
/** Ten effects, and more that change nothing. */
const work = async (io: Io): Promise<void> => {
  const at = (name: string) => join(root, name)
  await io.files.makeFolder(at('a'))
  await io.files.write(at('a/1'), bytes)
  await io.files.create(at('a/2'), bytes)
  await io.files.append(at('a/3'), bytes)
  await io.files.copy(at('a/1'), at('a/4'))
  await io.files.link('1', at('a/5'))
  await io.files.rename(at('a/4'), at('a/6'))
  await io.files.remove(at('a/6'))
  await io.run({ tool: 'touch', args: ['a/7'], cwd: root, path: true })
  await io.http('http://127.0.0.1:9/', { method: 'PUT' })
  await io.files.read(at('a/1'))
  await io.files.list(at('a'))
  await io.run.find('sh')
  await io.http('http://127.0.0.1:9/')
}
const real = (): Io => ({ ...machine(), http: async () => ({ status: 200, headers: {}, body: (async function* () {})() }) })

it('counts effects and nothing else', async () => {
  const { io, effects, failed } = faulty(real(), 0)
  await work(io)
  expect([effects(), failed()]).toEqual([10, false])
})

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('fails effect %i before it is done, or after', async n => {
  const before = faulty(real(), n)
  await expect(work(before.io)).rejects.toMatchObject({ problems: [{ code: 'io/faulty', exit: 'machine', facts: { effect: n } }] })
  expect([before.effects(), before.failed()]).toEqual([n, true])
  const left = await listed()
  await rm(join(root, 'a'), { recursive: true, force: true })
  const after = faulty(real(), n, { after: true })
  await expect(work(after.io)).rejects.toMatchObject({ problems: [{ code: 'io/faulty' }] })
  // The tenth is a request, which leaves no file.
  if (n < 10) expect(await listed()).not.toEqual(left)
})

it('goes on after the one failure', async () => {
  const { io } = faulty(real(), 1)
  await expect(io.files.makeFolder(join(root, 'x'))).rejects.toThrow('on purpose')
  await io.files.makeFolder(join(root, 'x'))
  expect(await readdir(root)).toEqual(['x'])
})

const listed = async (): Promise<string[]> => (await readdir(root, { recursive: true })).sort()
