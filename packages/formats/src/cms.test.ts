// CMS signed data that OpenSSL made: what it holds, and every damage refused with a code.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../test/kit/judges.ts'
import { readSignedData } from './cms.ts'
import { isSignedData } from './identify.ts'

const folder = mkdtempSync(join(tmpdir(), 'cms-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const codeOf = (bytes: Uint8Array): string => {
  try {
    readSignedData(bytes)
    return 'none'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

describe('bytes that are no CMS', () => {
  it('are refused', () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(100), Uint8Array.of(0x30, 0x80, 6, 9), new TextEncoder().encode('0'.repeat(40))])
      expect([isSignedData(bytes), codeOf(bytes)]).toEqual([false, 'cms/no-signed-data'])
  })
})

describeWithJudge(['openssl'], 'signed data of OpenSSL', ({ openssl }) => {
  const signed = (...more: readonly string[]): Uint8Array => {
    const run = (...args: readonly string[]) => execFileSync(openssl, args, { cwd: folder, stdio: 'pipe' })
    run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=Tester', '-days', '2')
    writeFileSync(join(folder, 'text'), 'what was signed')
    run('cms', '-sign', '-binary', '-outform', 'DER', '-signer', 'cert.pem', '-inkey', 'key.pem', '-in', 'text', '-out', 'signed', ...more)
    return readFileSync(join(folder, 'signed'))
  }
  it('gives its content, or says that it lies elsewhere', () => {
    const whole = readSignedData(signed('-nodetach'))
    expect([new TextDecoder().decode(whole.content), whole.certificates, whole.signers]).toEqual(['what was signed', 1, 1])
    expect(readSignedData(signed())).toEqual({ content: undefined, certificates: 1, signers: 1 })
    expect(readSignedData(signed('-nocerts')).certificates).toBe(0)
  })
  it('is refused where it is cut or its lengths lie, whatever byte', () => {
    const bytes = signed('-nodetach')
    for (let cut = 16; cut < bytes.length; cut += 7) expect(codeOf(bytes.subarray(0, cut))).toBe('cms/bad-der')
    for (let at = 0; at < 120; at++) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = 0xff
      expect(codeOf(damaged), `${at}`).toMatch(/^(none|cms\/(bad-der|no-signed-data))$/)
    }
    // A stream of OpenSSL has lengths that DER forbids.
    expect(codeOf(signed('-nodetach', '-stream', '-indef'))).toMatch(/^cms\/(bad-der|no-signed-data)$/)
  })
})
