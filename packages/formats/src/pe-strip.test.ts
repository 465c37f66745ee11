// Certificates taken off: osslsigncode signs a small program, and finds no signature afterwards.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collect, concat, fromBytes } from './bytes.ts'
import { readPe } from './pe.ts'
import { readPeChecksum, stripPe } from './pe-strip.ts'
import { tinyPe } from './testing/binaries.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-pe-'))
const run = (tool: string, args: readonly string[]) => spawnSync(tool, args, { cwd: folder, encoding: 'utf8' })
const hasTools = ['osslsigncode', 'openssl'].every(tool => run(tool, ['version']).error === undefined)
const stripped = async (bytes: Uint8Array): Promise<Uint8Array> => collect((await stripPe(fromBytes(bytes))).chunks(), 2 ** 24)

describe('stripPe', () => {
  it.skipIf(!hasTools)('leaves no signature, and the checksum that osslsigncode computes', async () => {
    const subject = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=test']
    expect(run('openssl', subject).status).toBe(0)
    writeFileSync(join(folder, 'plain.exe'), tinyPe({}))
    const sign = run('osslsigncode', ['sign', '-certs', 'cert.pem', '-key', 'key.pem', '-in', 'plain.exe', '-out', 'signed.exe'])
    expect(sign.status, sign.stdout + sign.stderr).toBe(0)
    expect(run('osslsigncode', ['verify', 'signed.exe']).stdout).toMatch(/Signer #0|Signer's certificate/)
    const signed = readFileSync(join(folder, 'signed.exe'))
    expect((await readPe(fromBytes(signed))).certificates).toBeDefined()
    const written = await readPeChecksum(fromBytes(signed), await readPe(fromBytes(signed)))
    expect(written.written).toBe(written.right)
    const bare = await stripped(signed)
    writeFileSync(join(folder, 'bare.exe'), bare)
    const verify = run('osslsigncode', ['verify', 'bare.exe'])
    expect(verify.stdout + verify.stderr).toMatch(/No signature found/)
    expect(verify.status).not.toBe(0)
    // Nothing but the checksum and the entry of the directory differs from what was signed.
    const { checksumOffset, certificates } = await readPe(fromBytes(bare))
    expect([certificates, bare.length]).toEqual([undefined, 1024])
    const plain = tinyPe({})
    plain.set(bare.subarray(checksumOffset, checksumOffset + 4), checksumOffset)
    expect(bare).toEqual(plain)
    const sum = await readPeChecksum(fromBytes(bare), { checksumOffset })
    expect(sum.written).toBe(sum.right)
    expect((await stripPe(fromBytes(bare))).wasSigned).toBe(false)
    expect(await stripped(bare)).toEqual(bare)
  })
  it('refuses what stands behind the certificates, and certificates inside of the image', async () => {
    const signed = tinyPe({ certificates: [1024, 64] })
    await expect(stripPe(fromBytes(concat([signed, Uint8Array.of(1)])))).rejects.toMatchObject({ code: 'pe/trailing-data' })
    expect((await stripped(concat([signed, new Uint8Array(4)]))).length).toBe(1024)
    await expect(stripPe(fromBytes(tinyPe({ certificates: [512, 64] })))).rejects.toMatchObject({ code: 'pe/bad-certificates' })
  })
})
