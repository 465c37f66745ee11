// Files: whole or not at all, durable, and each failure with its code.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SlipwayError } from '@slipway/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failFile } from './file-errors.ts'
import { files } from './files.ts'
import { networkName } from './lock.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-files-'))
})
afterAll(() => rm(root, { recursive: true }))

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const problemOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  if (!(error instanceof SlipwayError)) throw new Error(`no SlipwayError: ${String(error)}`)
  return error.problems[0]
}
async function* pieces(count: number, breakAt = -1): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) {
    if (index === breakAt) throw new Error('source broke')
    yield new Uint8Array(100_000).fill(index)
  }
}

it('says where this user may write', async () => {
  expect(await files.isWritable(root)).toBe(true)
  expect(await files.isWritable(join(root, 'nowhere'))).toBe(false)
})

describe('write', () => {
  it('makes parents, replaces whole, sets the mode despite the umask and leaves no temporary file', async () => {
    const path = join(root, 'write/a/b.txt')
    await files.write(path, text('one'))
    const before = process.umask(0o077)
    await files.write(path, pieces(3), { mode: 0o755 }).finally(() => process.umask(before))
    expect((await files.read(path)).length).toBe(300_000)
    expect((await files.stat(path))?.mode).toBe(0o755)
    expect(await readdir(join(root, 'write/a'))).toEqual(['b.txt'])
  })
  it('keeps small and large pieces in order', async () => {
    const path = join(root, 'mixed')
    const lengths = [10, 70_000, 0, 65_535, 65_535, 65_535, 65_535, 65_535, 300_000, 3, 65_536, 1]
    const all = lengths.map((length, index) => new Uint8Array(length).fill(index + 1))
    await files.write(
      path,
      (async function* () {
        for (const piece of all) {
          yield piece
          // A piece is good until the next one is asked for.
          piece.fill(0)
        }
      })(),
      { durable: false },
    )
    const expected = Buffer.concat(lengths.map((length, index) => Buffer.alloc(length, index + 1)))
    expect((await readFile(path)).equals(expected)).toBe(true)
  })

  it('keeps the old file when the source breaks', async () => {
    const path = join(root, 'broken/x')
    await files.write(path, text('old'))
    await expect(files.write(path, pieces(3, 2))).rejects.toThrow('source broke')
    expect(await files.readText(path)).toBe('old')
    expect(await readdir(join(root, 'broken'))).toEqual(['x'])
  })
  it('replaces a link, not what it leads to', async () => {
    await files.write(join(root, 'link/target'), text('kept'))
    await symlink('target', join(root, 'link/name'))
    await files.write(join(root, 'link/name'), text('new'))
    expect(await files.readText(join(root, 'link/target'))).toBe('kept')
    expect((await files.stat(join(root, 'link/name')))?.type).toBe('file')
  })
  it('takes names of 255 bytes', async () => {
    const path = join(root, 'long', 'n'.repeat(255))
    await files.write(path, text('x'))
    expect(await files.readText(path)).toBe('x')
  })
})

describe('create', () => {
  it('creates once, even when many try at the same time', async () => {
    const path = join(root, 'create/x')
    const won = await Promise.all(Array.from({ length: 20 }, (_, index) => files.create(path, text(`by ${index}`))))
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await files.readText(path)).toBe(`by ${won.indexOf(true)}`)
    expect(await readdir(join(root, 'create'))).toEqual(['x'])
  })
  it('leaves nothing when the source breaks', async () => {
    await expect(files.create(join(root, 'none/x'), pieces(3, 1))).rejects.toThrow('source broke')
    expect(await readdir(join(root, 'none'))).toEqual([])
  })
})

describe('append, copy, link, rename, remove', () => {
  it('appends lines', async () => {
    const path = join(root, 'append/log')
    await files.append(path, text('a\n'))
    await files.append(path, text('b\n'))
    expect(await files.readText(path)).toBe('a\nb\n')
  })
  it('copies, links, renames into new folders and removes whole folders', async () => {
    await files.write(join(root, 'many/a'), text('a'), { mode: 0o755 })
    await files.copy(join(root, 'many/a'), join(root, 'many/c/b'))
    expect((await files.stat(join(root, 'many/c/b')))?.mode).toBe(0o755)
    await files.link('../a', join(root, 'many/d/l'))
    expect(await files.readLink(join(root, 'many/d/l'))).toBe('../a')
    await files.rename(join(root, 'many/c/b'), join(root, 'many/e/f'))
    expect(await files.list(join(root, 'many'))).toEqual([
      { name: 'a', type: 'file' },
      { name: 'c', type: 'folder' },
      { name: 'd', type: 'folder' },
      { name: 'e', type: 'folder' },
    ])
    await files.remove(join(root, 'many'))
    await files.remove(join(root, 'many'))
    expect(await files.stat(join(root, 'many'))).toBeNull()
  })
})

describe('reading', () => {
  it('reads whole, in ranges and at random', async () => {
    const path = join(root, 'read/x')
    await files.write(path, pieces(25))
    expect(Buffer.from(await files.read(path)).equals(await readFile(path))).toBe(true)
    const part: number[] = []
    for await (const piece of files.stream(path, { start: 99_999, end: 100_002 })) part.push(...piece)
    expect(part).toEqual([0, 1, 1])
    const open = await files.open(path)
    expect(open.sizeBytes).toBe(2_500_000)
    expect([...(await open.read(2_499_999, 10))]).toEqual([24])
    await open.close()
  })
  it('reads what has no size, as files of /proc', async () => {
    expect((await files.readText('/proc/self/status')).length).toBeGreaterThan(100)
  })
  it('knows an absent folder from a file in its place', async () => {
    expect(await files.list(join(root, 'absent'))).toEqual([])
    // One that somebody makes meanwhile is listed, or is not there yet.
    for (let turn = 0; turn < 300; turn++) {
      const path = join(root, `meanwhile-${turn}`)
      const [listed] = await Promise.all([files.list(path), mkdir(path)])
      expect(listed).toEqual([])
    }
    await files.write(join(root, 'plain'), text('x'))
    expect((await problemOf(files.list(join(root, 'plain'))))?.code).toBe('io/in-the-way')
  })
})

describe('failures', () => {
  it('say what and where', async () => {
    const path = join(root, 'missing')
    expect(await problemOf(files.read(path))).toMatchObject({ code: 'io/not-found', where: { file: path }, exit: 'machine' })
    expect((await problemOf(files.open(root)))?.code).toBe('io/in-the-way')
    expect((await problemOf(files.read(root)))?.code).toBe('io/in-the-way')
  })
  it('knows limits and full disks', async () => {
    await files.write(join(root, 'ten'), text('0123456789'))
    expect((await files.read(join(root, 'ten'), 10)).length).toBe(10)
    expect((await problemOf(files.read(join(root, 'ten'), 9)))?.code).toBe('io/too-large')
    expect(await problemOf(files.append('/dev/full', text('x')))).toMatchObject({ code: 'io/disk-full', exit: 'machine' })
  })
  it('knows a file where a folder must be, and a folder where a file must be', async () => {
    await files.write(join(root, 'way'), text('x'))
    expect((await problemOf(files.write(join(root, 'way/x'), text('x'))))?.code).toBe('io/in-the-way')
    await files.makeFolder(join(root, 'folder'))
    expect((await problemOf(files.write(join(root, 'folder'), text('x'))))?.code).toBe('io/in-the-way')
    expect((await readdir(root)).filter(name => name.endsWith('.tmp'))).toEqual([])
  })
  it('knows what may not be written', async () => {
    expect((await problemOf(files.write('/sys/kernel/slipway/x', text('x'))))?.code).toBe('io/not-writable')
  })
  it.each([
    ['EACCES', 'read', 'io/not-readable'],
    ['EACCES', 'write', 'io/not-writable'],
    ['EROFS', 'write', 'io/not-writable'],
    ['EMFILE', 'read', 'io/too-many-files'],
    ['EDQUOT', 'write', 'io/disk-full'],
    ['EOPNOTSUPP', 'write', 'io/no-links'],
    ['EIO', 'read', 'io/failed'],
  ])('%s at %s is %s', async (code, doing, expected) => {
    const error = Object.assign(new Error(code), { code, syscall: 'x' })
    const work = (async () => failFile(error, doing, '/p'))()
    expect(await problemOf(work)).toMatchObject({ code: expected, where: { file: '/p' }, exit: 'machine' })
  })
})

describe('lock', () => {
  it('is held by one, names it, and goes to the next', async () => {
    const path = join(root, 'lock/l')
    const first = await files.lock(path, { owner: 'process 1\u001b[2J' })
    expect(await files.lock(path)).toEqual({ heldBy: 'process 1 [2J' })
    const second = files.lock(path, { waitMs: 5000 })
    if ('heldBy' in first) throw new Error('not won')
    await first.release()
    await first.release()
    const won = await second
    expect(won).toHaveProperty('release')
    if ('release' in won) await won.release()
  })
  it('outlives the garbage collector but not kill -9 of its process', async () => {
    const path = join(root, 'lock/killed')
    const script = `const { files } = await import(${JSON.stringify(new URL('./files.ts', import.meta.url).href)})
      await files.lock(process.argv[1], { owner: 'the child' }); global.gc(); global.gc(); console.log('held'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    expect(await files.lock(path, { waitMs: 100 })).toEqual({ heldBy: 'the child' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = await files.lock(path, { waitMs: 1000 })
    expect(lock).toHaveProperty('release')
    if ('release' in lock) await lock.release()
  })
  it('refuses what is no lock file, and network file systems', async () => {
    await writeFile(join(root, 'lock/junk'), 'x'.repeat(5000))
    expect((await problemOf(files.lock(join(root, 'lock/junk'))))?.code).toBe('io/lock-failed')
    expect(networkName(0x6969)).toBe('NFS')
    expect(networkName(-11317950)).toBe('CIFS')
    expect(networkName(0xef53)).toBeNull()
  })
})

it('keeps a private file private from its first byte', async () => {
  const path = join(root, 'private/keys')
  await files.makeFolder(join(root, 'private'), 0o700)
  const modes: number[] = []
  async function* watched(): AsyncGenerator<Uint8Array> {
    for (const name of await readdir(join(root, 'private'))) modes.push((await stat(join(root, 'private', name))).mode & 0o777)
    yield text('x')
  }
  await files.create(path, watched(), { mode: 0o600 })
  expect(modes).toEqual([0o600])
  expect((await files.stat(join(root, 'private')))?.mode).toBe(0o700)
})
