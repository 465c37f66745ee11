// What every store must do (TRUST 5): write once, swap or lose, list what is there, refuse hostile keys.
import { createHash } from 'node:crypto'
import { SlipwayError } from '@slipway/core'
import { describe, expect, it } from 'vitest'
import type { Bucket, BucketReader } from './store.ts'

/** Runs the cases against fresh, empty buckets. */
export const storeConformance = (name: string, openEmpty: () => Promise<Bucket>): void => {
  describe(`${name} store`, () => {
    creating(openEmpty)
    swapping(openEmpty)
    listing(openEmpty)
    refusing(openEmpty)
  })
}

/** Keys that lead elsewhere, or that some system could not hold. */
export const hostileKeys = [
  '',
  '/',
  '/etc/passwd',
  '..',
  'a/../../b',
  'a/./b',
  './a',
  'a//b',
  'a/',
  'a\\b',
  'C:\\x',
  'a\nb',
  'a\u0000b',
  'a\u001b[2Jb',
  'a\u0085b',
  'x'.repeat(1025),
  'a\ud800',
]
/** Keys that are odd and right. */
export const oddKeys = ['a b', 'ümläut', '%2e%2e', 'a?b=c#d', "it's", '...', 'a/..b/c..', '~', '-rf', 'ѕ/$(id)', '.hidden', 'a&b;c|d']

export const textObject = (text: string) => {
  const bytes = new TextEncoder().encode(text)
  return { bytes: () => once(bytes), sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}
export const textOf = async (bucket: Pick<BucketReader, 'read'>, key: string): Promise<string | null> => {
  const object = await bucket.read(key)
  if (object === null) return null
  let text = ''
  for await (const piece of object.bytes()) text += new TextDecoder().decode(piece)
  return text
}

type Open = () => Promise<Bucket>
const tagOf = async (bucket: Bucket, key: string): Promise<string | undefined> => (await bucket.read(key))?.tag()
const mebi = 1024 * 1024
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
const keysOf = async (bucket: Bucket, prefix: string): Promise<string[]> => {
  const keys: string[] = []
  for await (const { key } of bucket.list(prefix)) keys.push(key)
  return keys
}

const creating = (open: Open): void => {
  it('creates once; the second is told and changes nothing', async () => {
    const bucket = await open()
    expect(await bucket.read('releases/1.0.0/a.zip')).toBeNull()
    expect(await bucket.create('releases/1.0.0/a.zip', textObject('one'))).toBe('created')
    expect(await bucket.create('releases/1.0.0/a.zip', textObject('two'))).toBe('exists')
    expect(await textOf(bucket, 'releases/1.0.0/a.zip')).toBe('one')
    expect((await bucket.read('releases/1.0.0/a.zip'))?.sizeBytes).toBe(3)
  })
  it('lets one of many creators win', async () => {
    const bucket = await open()
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => bucket.create('x', textObject(`by ${index}`))))
    expect(answers.filter(one => one === 'created')).toHaveLength(1)
    expect(await textOf(bucket, 'x')).toBe(`by ${answers.indexOf('created')}`)
  })
  it('refuses bytes that are not the announced ones, and keeps nothing of them', async () => {
    const bucket = await open()
    const object = { ...textObject('true bytes'), bytes: () => once(encode('other text')) }
    await expect(bucket.create('x', object)).rejects.toBeInstanceOf(SlipwayError)
    expect(await bucket.read('x')).toBeNull()
    expect(await keysOf(bucket, '')).toEqual([])
  })
  it('reads an object as often as asked, empty ones too', async () => {
    const bucket = await open()
    await bucket.create('empty', textObject(''))
    const object = await bucket.read('empty')
    for (let count = 0; count < 2; count++) for await (const piece of object?.bytes() ?? []) expect(piece).toHaveLength(0)
    expect(object?.sizeBytes).toBe(0)
  })
  it('says what is there and how large it is, without reading it', async () => {
    const bucket = await open()
    await bucket.create('a/b', textObject('four'))
    await bucket.create('empty', textObject(''))
    expect(await bucket.stat('a/b')).toEqual({ sizeBytes: 4 })
    expect(await bucket.stat('empty')).toEqual({ sizeBytes: 0 })
    for (const key of ['a', 'a/c', 'a/b/c', 'b']) expect({ key, found: await bucket.stat(key) }).toEqual({ key, found: null })
  })
  it('gives a large object in pieces, and its tag as that of the bytes that were given', async () => {
    const bucket = await open()
    const [size, pieceBytes] = [24 * mebi, 4 * mebi]
    expect(await bucket.swap('large', new Uint8Array(size).fill(1), null)).toBe(true)
    const object = await bucket.read('large')
    let seen = 0
    for await (const piece of object?.bytes() ?? []) {
      expect(piece.length).toBeLessThanOrEqual(pieceBytes)
      seen += piece.length
    }
    expect([seen, object?.sizeBytes, (await bucket.stat('large'))?.sizeBytes]).toEqual([size, size, size])
    // Another one writes between the reading and the swap: the swap must lose.
    const unread = await tagOf(bucket, 'large')
    expect(await bucket.swap('large', new Uint8Array(size).fill(2), unread ?? '')).toBe(true)
    expect(await bucket.swap('large', encode('mine'), (await object?.tag()) ?? '')).toBe(false)
    expect(await bucket.stat('large')).toEqual({ sizeBytes: size })
  })
  it('removes, and does not mind what is not there', async () => {
    const bucket = await open()
    await bucket.create('a/b', textObject('x'))
    await bucket.remove('a/b')
    await bucket.remove('a/b')
    expect(await bucket.read('a/b')).toBeNull()
    expect(await bucket.create('a/b', textObject('y'))).toBe('created')
  })
}

const swapping = (open: Open): void => {
  it('swaps against the tag that was read, and loses against a stale one', async () => {
    const bucket = await open()
    expect(await bucket.swap('head', encode('1'), null)).toBe(true)
    expect(await bucket.swap('head', encode('x'), null)).toBe(false)
    const first = (await tagOf(bucket, 'head')) ?? ''
    expect(await bucket.swap('head', encode('2'), first)).toBe(true)
    expect(await bucket.swap('head', encode('3'), first)).toBe(false)
    expect(await textOf(bucket, 'head')).toBe('2')
    expect(await bucket.swap('absent', encode('x'), first)).toBe(false)
    expect(await bucket.read('absent')).toBeNull()
  })
  it('changes the tag with the bytes', async () => {
    const bucket = await open()
    const tags = new Set<string | undefined>()
    for (const text of ['a', 'b', 'ab']) {
      await bucket.swap('head', encode(text), (await tagOf(bucket, 'head')) ?? null)
      tags.add(await tagOf(bucket, 'head'))
    }
    expect(tags.size).toBe(3)
  })
  it('loses no update of 20 writers at once', async () => {
    const bucket = await open()
    await bucket.swap('count', encode(''), null)
    const add = async (mark: number): Promise<void> => {
      for (;;) {
        const before = await bucket.read('count')
        const text = await textOf({ read: async () => before }, 'count')
        if (await bucket.swap('count', encode(`${text ?? ''}${mark},`), (await before?.tag()) ?? null)) return
      }
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => add(index)))
    const marks = ((await textOf(bucket, 'count')) ?? '').split(',').filter(Boolean).map(Number)
    expect(marks.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index))
  })
}

const listing = (open: Open): void => {
  it('lists by prefix, in the order of keys, with sizes', async () => {
    const bucket = await open()
    for (const key of ['b/x', 'a/2', 'a/1/z', 'a.txt', 'a/10', 'ab/c']) await bucket.create(key, textObject(key))
    expect(await keysOf(bucket, '')).toEqual(['a.txt', 'a/1/z', 'a/10', 'a/2', 'ab/c', 'b/x'])
    expect(await keysOf(bucket, 'a/')).toEqual(['a/1/z', 'a/10', 'a/2'])
    expect(await keysOf(bucket, 'a/1')).toEqual(['a/1/z', 'a/10'])
    expect(await keysOf(bucket, 'a')).toEqual(['a.txt', 'a/1/z', 'a/10', 'a/2', 'ab/c'])
    expect(await keysOf(bucket, 'nothing/here')).toEqual([])
    for await (const { key, sizeBytes } of bucket.list('')) expect(sizeBytes).toBe(key.length)
  })
  it('keeps odd keys, and gives each its own address', async () => {
    const bucket = await open()
    for (const key of oddKeys) expect(await bucket.create(key, textObject(key))).toBe('created')
    for (const key of oddKeys) expect(await textOf(bucket, key)).toBe(key)
    expect(await keysOf(bucket, '')).toEqual([...oddKeys].sort())
    const addresses = oddKeys.map(key => new URL(bucket.url(key)).pathname)
    expect(new Set(addresses).size).toBe(oddKeys.length)
    oddKeys.forEach((key, index) => expect(decodeURIComponent(addresses[index] ?? '').endsWith(key)).toBe(true))
  })
}

const refusing = (open: Open): void => {
  it.each(hostileKeys)('refuses the key %j', async key => {
    const bucket = await open()
    const isRefusal = { problems: [{ code: expect.stringMatching(/\/bad-key$/) }] }
    // Whether it throws or rejects, nothing is touched.
    await expect((async () => bucket.read(key))()).rejects.toMatchObject(isRefusal)
    await expect((async () => bucket.stat(key))()).rejects.toMatchObject(isRefusal)
    await expect((async () => bucket.create(key, textObject('x')))()).rejects.toMatchObject(isRefusal)
    await expect((async () => bucket.swap(key, encode('x'), null))()).rejects.toMatchObject(isRefusal)
    await expect((async () => bucket.remove(key))()).rejects.toMatchObject(isRefusal)
    expect(await keysOf(bucket, '')).toEqual([])
  })
}
