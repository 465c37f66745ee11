// The folder store: what only a folder can meet: crashes, things in the way, other processes, network disks.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail } from '@slipway/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Io } from '../io/io.ts'
import { faulty } from '../io/faulty.ts'
import { machine } from '../io/machine.ts'
import { textObject, textOf } from './conformance.ts'
import { folder } from './folder.ts'

let root = ''
let count = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-folder-'))
})
afterAll(() => rm(root, { recursive: true }))

const io = machine()
const fresh = (): string => join(root, `bucket-${count++}`)
const open = (path: string, door: Io = io) => folder.open({ path }, '', door)
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('places', () => {
  it('lies where it is told, below its base, with its lock beside it', async () => {
    const path = fresh()
    const bucket = await folder.open({ path: `${path}/`, url: 'https://dl.example.org/x/' }, 'app/', io)
    await bucket.swap('tuf/timestamp.json', encode('1'), null)
    expect(await readFile(join(path, 'app/tuf/timestamp.json'), 'utf8')).toBe('1')
    expect((await io.files.stat(`${path}.lock`))?.type).toBe('file')
    expect(bucket.url('tuf/a b.json')).toBe('https://dl.example.org/x/app/tuf/a%20b.json')
    expect((await open('/x y')).url('k')).toBe('file:///x%20y/k')
    expect(folder.place({ path: 'bucket' })).toBe('folder bucket')
  })
})

describe('crashes', () => {
  it('shows nothing of a file that was never finished', async () => {
    const path = fresh()
    const bucket = await open(path)
    await bucket.create('a/x', textObject('x'))
    await writeFile(join(path, 'a/.y.4711.0123456789ab.tmp'), 'half')
    const keys: string[] = []
    for await (const { key } of bucket.list('')) keys.push(key)
    expect(keys).toEqual(['a/x'])
    await expect(bucket.read('a/.y.4711.0123456789ab.tmp')).rejects.toMatchObject({ problems: [{ code: 'folder/bad-key' }] })
  })
  it('leaves old or new when an effect fails, and frees its lock', async () => {
    const path = fresh()
    await (await open(path)).swap('head', encode('old'), null)
    const tag = (await (await (await open(path)).read('head'))?.tag()) ?? ''
    for (const after of [false, true]) {
      const broken = faulty(io, 1, { after })
      await expect((await open(path, broken.io)).swap('head', encode('new'), tag)).rejects.toMatchObject({
        problems: [{ code: 'io/faulty' }],
      })
      expect(await textOf(await open(path), 'head')).toBe(after ? 'new' : 'old')
    }
    expect(await io.files.lock(`${path}.lock`)).toHaveProperty('release')
  })
  it('keeps nothing of bytes that changed or ended on their way', async () => {
    const bucket = await open(fresh())
    const announced = textObject('as announced')
    for (const bytes of ['as announcEd', 'as announ', 'as announced, and more', ''])
      await expect(bucket.create('a/x', { ...announced, bytes: textObject(bytes).bytes })).rejects.toMatchObject({
        problems: [{ code: 'folder/torn-upload', where: { object: 'a/x' }, exit: 'corrupt' }],
      })
    expect(await bucket.read('a/x')).toBeNull()
    expect(await bucket.create('a/x', announced)).toBe('created')
  })
  it('loses no update of processes, one of which is killed over and over', async () => {
    const path = fresh()
    const script = `const { machine } = await import(${JSON.stringify(new URL('../io/machine.ts', import.meta.url).href)})
      const { folder } = await import(${JSON.stringify(new URL('./folder.ts', import.meta.url).href)})
      const bucket = await folder.open({ path: process.argv[1] }, '', machine())
      for (let done = 0; done < 25;) {
        const before = await bucket.read('count')
        let text = ''
        for await (const piece of before?.bytes() ?? []) text += new TextDecoder().decode(piece)
        if (await bucket.swap('count', new TextEncoder().encode(text + process.argv[2]), (await before?.tag()) ?? null)) done += 1
      }`
    const start = (mark: string) => spawn(process.execPath, ['--input-type=module', '-e', script, path, mark], { stdio: 'inherit' })
    const honest = [start('a'), start('b')].map(child => once(child, 'exit'))
    for (let turn = 0; turn < 3; turn++) {
      const victim = start('k')
      await new Promise(resolve => setTimeout(resolve, 400))
      victim.kill('SIGKILL')
    }
    expect((await Promise.all(honest)).map(([code]) => code as number)).toEqual([0, 0])
    const text = (await textOf(await open(path), 'count')) ?? ''
    expect([text.replace(/[^a]/g, '').length, text.replace(/[^b]/g, '').length]).toEqual([25, 25])
  })
})

describe('refusals', () => {
  it('names a file or folder in the way', async () => {
    const path = fresh()
    const bucket = await open(path)
    await bucket.create('a', textObject('x'))
    await bucket.create('b/c', textObject('x'))
    const inTheWay = { problems: [{ code: 'folder/in-the-way', exit: 'machine' }] }
    await expect(bucket.create('a/b', textObject('x'))).rejects.toMatchObject(inTheWay)
    await expect(bucket.swap('a/b', encode('x'), null)).rejects.toMatchObject(inTheWay)
    await expect(bucket.swap('b', encode('x'), null)).rejects.toMatchObject(inTheWay)
    await expect(bucket.remove('b')).rejects.toMatchObject(inTheWay)
    expect(await bucket.read('b')).toBeNull()
    expect(await textOf(bucket, 'b/c')).toBe('x')
  })
  it('does not follow links out of the bucket', async () => {
    const path = fresh()
    const bucket = await open(path)
    await bucket.create('x', textObject('x'))
    await symlink('/etc/passwd', join(path, 'link'))
    expect(await bucket.read('link')).toBeNull()
    expect(await bucket.create('link', textObject('x'))).toBe('exists')
    await expect(bucket.swap('link', encode('x'), null)).rejects.toMatchObject({ problems: [{ code: 'folder/in-the-way' }] })
  })
  it('names a folder that may not be written', async () => {
    const bucket = await open('/sys/kernel/slipway/bucket')
    await expect(bucket.create('x', textObject('x'))).rejects.toMatchObject({
      problems: [{ code: 'folder/not-writable', exit: 'machine' }],
    })
    await expect(bucket.swap('x', encode('x'), null)).rejects.toMatchObject({
      problems: [{ code: 'folder/not-writable', exit: 'machine' }],
    })
  })
  it('refuses network file systems, and names who holds the lock', async () => {
    const networked: Io = { ...io, files: { ...io.files, lock: async () => fail('io/network-folder', 'NFS', { hint: 'x' }) } }
    await expect((await open(fresh(), networked)).swap('x', encode('x'), null)).rejects.toMatchObject({
      problems: [{ code: 'folder/network' }],
    })
    const held: Io = {
      ...io,
      files: { ...io.files, lock: async (_path, options) => ({ heldBy: `process 7 after ${options?.waitMs ?? 0}` }) },
    }
    await expect((await open(fresh(), held)).swap('x', encode('x'), null)).rejects.toMatchObject({
      problems: [{ code: 'folder/locked', message: 'the bucket is held by process 7 after 30000', exit: 'machine' }],
    })
  })
})

describe('a probe', () => {
  const codesOf = async (path: string, door: Io = io, base = ''): Promise<readonly unknown[]> =>
    ((await folder.probe?.({ path }, base, door)) ?? []).map(({ code, where, exit }) => [code, where.file, exit])
  it('finds a file in the way, of the bucket or above it, and makes nothing', async () => {
    const path = fresh()
    expect(await codesOf(join(path, 'not/yet/there'))).toEqual([])
    expect(await io.files.stat(path)).toBeNull()
    await writeFile(path, 'a file')
    for (const place of [path, `${path}/`, join(path, 'deeper/bucket')])
      expect(await codesOf(place)).toEqual([['folder/no-folder', path, 'machine']])
    const [sound, app] = [fresh(), fresh()]
    await (await open(sound)).create('x', textObject('x'))
    await symlink(sound, app)
    expect(await codesOf(app)).toEqual([])
    expect(await codesOf(sound, io, 'x/')).toEqual([['folder/no-folder', join(sound, 'x'), 'machine']])
  })
  it('finds what may not be written: the bucket, or the folder that its lock lies in', async () => {
    const path = fresh()
    const readOnly = (...paths: readonly string[]): Io => ({ ...io, files: { ...io.files, isWritable: async one => !paths.includes(one) } })
    expect(await codesOf(path, readOnly(root))).toEqual([['folder/not-writable', root, 'machine']])
    await (await open(path)).create('x', textObject('x'))
    expect(await codesOf(path, readOnly(path))).toEqual([['folder/not-writable', path, 'machine']])
    expect(await codesOf(path, readOnly(root))).toEqual([['folder/not-writable', root, 'machine']])
    expect(await codesOf(path)).toEqual([])
  })
})

it('tags and reads objects too large to hold', async () => {
  const path = fresh()
  const bucket = await open(path)
  await bucket.create('large', textObject('x'))
  await truncate(join(path, 'large'), 17 * 1024 * 1024)
  const object = await bucket.read('large')
  expect(await object?.tag()).toMatch(/^[0-9a-f]{64}$/)
  let sizeBytes = 0
  for await (const piece of object?.bytes() ?? []) sizeBytes += piece.length
  expect([sizeBytes, object?.sizeBytes]).toEqual([17 * 1024 * 1024, 17 * 1024 * 1024])
})
