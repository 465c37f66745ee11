// zsync control files against zsyncmake byte for byte, against zsync itself, and MD4 against the vectors of RFC 1320.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeText, equalBytes } from './bytes.ts'
import { inPieces, itWith, sampleBytes } from './testing/archives.ts'
import { md4 } from './zsync-md4.ts'
import { zsyncOf } from './zsync.ts'

const folder = mkdtempSync(join(tmpdir(), 'zsync-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('md4', () => {
  it('gives the digests of RFC 1320 A.5', () => {
    const digits = '1234567890'.repeat(8)
    const digests = ['', 'a', 'abc', 'message digest', 'abcdefghijklmnopqrstuvwxyz', digits].map(text => hex(md4(encodeText(text))))
    expect(digests).toEqual([
      '31d6cfe0d16ae931b73c59d7e0c089c0',
      'bde52cb31de33e46245e05fbdbd6fb24',
      'a448017aaf21d8525fc10ae87aa6729d',
      'd9130a8164549fe818874806e1c7014b',
      'd79e1c308aa5bbcdeea8ed63df412da9',
      'e33b4ddc9c38f2199c3e7b164fcc0536',
    ])
  })
})

describe('zsyncOf', () => {
  itWith('zsyncmake')('writes what zsyncmake writes, for sizes around blocks', async () => {
    for (const size of [1, 2047, 2048, 2049, 100_000, 5_000_001]) {
      const bytes = sampleBytes(size, size)
      writeFileSync(join(folder, 'app'), bytes)
      execFileSync('zsyncmake', ['-u', 'https://example.org/app', '-o', 'app.zsync', 'app'], { cwd: folder, stdio: 'ignore' })
      const theirs = readFileSync(join(folder, 'app.zsync'))
        .toString('latin1')
        .replace(/MTime: .*\n/, '')
      const ours = await zsyncOf(inPieces(bytes, 777), { fileName: 'app', url: 'https://example.org/app', sizeBytes: size })
      expect(Buffer.from(ours).toString('latin1'), String(size)).toBe(theirs)
    }
  })
  itWith('zsync')('lets zsync make the new file from the old one, and not from a tampered control file', async () => {
    const bytes = sampleBytes(1 << 20, 5)
    writeFileSync(join(folder, 'old'), bytes)
    const control = await zsyncOf([bytes], { fileName: 'new', url: 'new', sizeBytes: bytes.length })
    writeFileSync(join(folder, 'new.zsync'), control)
    execFileSync('zsync', ['-q', '-i', 'old', '-o', 'made', 'new.zsync'], { cwd: folder, stdio: 'ignore' })
    expect(equalBytes(readFileSync(join(folder, 'made')), bytes)).toBe(true)
    writeFileSync(
      join(folder, 'bad.zsync'),
      Buffer.from(control)
        .toString('latin1')
        .replace(/SHA-1: ..../, 'SHA-1: 0000'),
      'latin1',
    )
    expect(() => execFileSync('zsync', ['-q', '-i', 'old', '-o', 'made2', 'bad.zsync'], { cwd: folder, stdio: 'ignore' })).toThrow(
      'Command failed',
    )
  })
  it('refuses fields of several lines, folders in names, and a file of another size', async () => {
    const subject = { fileName: 'a', url: 'a', sizeBytes: 1 }
    await expect(zsyncOf([Uint8Array.of(1)], { ...subject, url: 'a\nSHA-1: 0' })).rejects.toMatchObject({ code: 'zsync/bad-field' })
    await expect(zsyncOf([Uint8Array.of(1)], { ...subject, fileName: '../a' })).rejects.toMatchObject({ code: 'zsync/bad-field' })
    for (const bytes of [[], [1, 2]])
      await expect(zsyncOf([Uint8Array.from(bytes)], subject)).rejects.toMatchObject({ code: 'zsync/size-changed' })
  })
})
