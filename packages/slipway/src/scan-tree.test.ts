// scanTree against real folders: order, modes, digests, and everything that it refuses.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Deflated } from '@slipway/formats/deflate'
import { machine } from './io/machine.ts'
import { scanTree } from './scan-tree.ts'

const parent = mkdtempSync(join(tmpdir(), 'scan-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(parent, 'tree-'))
})
const deflate = () => Promise.reject(new Error('not asked'))
const scan = () => scanTree(root, machine(), { deflate })

describe('scanTree', () => {
  it('sorts by code units, makes modes plain and hashes', async () => {
    for (const [path, mode] of [
      ['b', 0o600],
      ['B', 0o640],
      ['a-b', 0o775],
      ['a/x', 0o711],
      ['a/empty', 0o666],
    ] as const) {
      mkdirSync(join(root, 'a'), { recursive: true, mode: 0o700 })
      writeFileSync(join(root, path), path === 'a/empty' ? '' : path)
      chmodSync(join(root, path), mode)
    }
    symlinkSync('a/x', join(root, 'link'))
    const entries = await scan()
    expect(entries.map(one => `${one.type} ${one.path} ${one.type === 'link' ? one.linkTarget : one.mode.toString(8)}`)).toEqual([
      'file B 644',
      'folder a 755',
      'file a-b 755',
      'file a/empty 644',
      'file a/x 755',
      'file b 644',
      'link link a/x',
    ])
    const file = entries.find(one => one.path === 'a/x')
    expect(file).toMatchObject({ sizeBytes: 3, sha256: createHash('sha256').update('a/x').digest('hex') })
  })
  it('spares memory from five thousand entries on, and not before', async () => {
    const real = machine()
    const spared: number[] = []
    for (const count of [4999, 5000]) {
      const names = Array.from({ length: count }, (_, index) => ({ name: `${index}`, type: 'folder' as const }))
      const list = (path: string) => Promise.resolve(path === root ? names : [])
      await scanTree(root, { ...real, files: { ...real.files, list }, spareMemory: () => spared.push(count) }, { deflate })
    }
    expect(spared).toEqual([5000])
  })
  it('gives entries whose copies, under other paths, have the same bytes', async () => {
    writeFileSync(join(root, 'f'), 'bytes')
    writeFileSync(join(root, 'g'), 'others')
    const asked: string[] = []
    const entries = await scanTree(root, machine(), {
      deflate: one => {
        asked.push(one.path)
        return Promise.resolve({} as Deflated)
      },
    })
    for (const entry of entries) {
      if (entry.type !== 'file') continue
      const copy = { ...entry, path: 'elsewhere', mode: 0o755 }
      const text = Buffer.concat(await Array.fromAsync(copy.bytes())).toString()
      expect(text).toBe(entry.path === 'f' ? 'bytes' : 'others')
      expect(await copy.digest?.('md5')).toBe(createHash('md5').update(text).digest('hex'))
      await copy.deflated(6)
    }
    expect(asked).toEqual([join(root, 'f'), join(root, 'g')])
  })
  it('asks for a deflate stream with absolute path, digest and size', async () => {
    writeFileSync(join(root, 'f'), 'bytes')
    const asked: unknown[] = []
    const [file] = await scanTree(root, machine(), {
      deflate: (one, level) => {
        asked.push({ ...one, level })
        return Promise.resolve({} as Deflated)
      },
    })
    if (file?.type === 'file') await file.deflated(6)
    expect(asked).toEqual([{ path: join(root, 'f'), sha256: createHash('sha256').update('bytes').digest('hex'), sizeBytes: 5, level: 6 }])
  })
  it('refuses what is no folder', async () => {
    await expect(scanTree(join(root, 'none'), machine(), { deflate })).rejects.toThrow('tree/no-folder')
  })
  it.each(['/etc/passwd', '../outside', 'a/../../outside', 'deep/../../x'])('refuses a link to %s', async target => {
    symlinkSync(target, join(root, 'link'))
    await expect(scan()).rejects.toThrow('tree/link-outside')
  })
  it('refuses links that leave only together', async () => {
    // By its words `out` stays inside: four steps down, two up. But d/e/f/up leads to top, and two up from there is outside.
    mkdirSync(join(root, 'd/e/f'), { recursive: true })
    mkdirSync(join(root, 'top'))
    symlinkSync('../../../top', join(root, 'd/e/f/up'))
    symlinkSync('d/e/f/up/../..', join(root, 'out'))
    await expect(scan()).rejects.toThrow('tree/link-outside')
  })
  it('keeps links that loop or lead nowhere inside', async () => {
    symlinkSync('two', join(root, 'one'))
    symlinkSync('one', join(root, 'two'))
    symlinkSync('gone/away', join(root, 'three'))
    expect((await scan()).map(one => one.path)).toEqual(['one', 'three', 'two'])
  })
  it.each([0o4755, 0o2755])('refuses mode %o', async mode => {
    writeFileSync(join(root, 'f'), '')
    chmodSync(join(root, 'f'), mode)
    await expect(scan()).rejects.toThrow('tree/setuid')
  })
  it.each(['line\nend', 'bell\u0007', 'back\\slash', 'c1\u0085'])('refuses the name %j', async name => {
    writeFileSync(join(root, name), '')
    await expect(scan()).rejects.toThrow('tree/bad-name')
  })
  it('refuses a name that is not UTF-8', async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0x66, 0xff)]), '')
    await expect(scan()).rejects.toThrow('tree/bad-name')
  })
  it('refuses pipes and sockets', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')])
    await expect(scan()).rejects.toThrow('tree/special-file')
    rmSync(join(root, 'pipe'))
    const server = createServer().listen(join(root, 's'))
    await new Promise(resolve => server.once('listening', resolve))
    await expect(scan()).rejects.toThrow('tree/special-file')
    server.close()
  })
})
