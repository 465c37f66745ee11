// install.ps1 where no PowerShell is: its grammar by a foreign parser, rules for what it calls, and its C# compiled by Mono and run.
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePublicKey, parseSignature } from '@slipway/formats/minisign'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../scripts/lib/files.ts'
import { describeWithJudge } from '../kit/judges.ts'
import { runProgram, startWorld, type World } from './install-world.ts'

let world: World
const folder = mkdtempSync(join(tmpdir(), 'slipway-ps1-'))
beforeAll(async () => {
  world = await startWorld({ targets: ['windows-x64', 'windows-arm64', 'linux-x64'] })
  await world.publish('1.0.0')
})
afterAll(() => {
  world.close()
  rmSync(folder, { recursive: true, force: true })
})
const scriptText = (): string => readFileSync(join(world.project.bucket, 'install.ps1'), 'utf8')
const run = (argv: readonly string[], text = '') => runProgram(argv, { env: { PATH: '/usr/bin:/bin', HOME: folder }, text, cwd: folder })

/** Says whether it parses, then the commands that it calls, one a line. */
const reader = `
import sys, tree_sitter, tree_sitter_powershell
text = sys.stdin.buffer.read()
root = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(text).root_node
print("broken" if root.has_error else "whole")
def walk(node):
    if node.type == "command_name":
        print(text[node.start_byte:node.end_byte].decode())
    for child in node.children:
        walk(child)
walk(root)
`
/** Of Windows PowerShell 5.1 with the modules that it always has. */
const cmdlets =
  'Add-Type ConvertFrom-Json ConvertTo-Json Copy-Item Expand-Archive ForEach-Object Get-ChildItem Get-Command Get-Content Get-FileHash Invoke-WebRequest Join-Path Move-Item New-Item New-Object Out-Null Remove-Item Set-StrictMode Split-Path Test-Path Where-Object Write-Host Write-Warning minisign'.split(
    ' ',
  )

describeWithJudge(['tree-sitter-powershell'], 'install.ps1, to a parser', ({ 'tree-sitter-powershell': python }) => {
  const parse = async (text: string) => (await run([python, '-c', reader], text)).stdout.trim().split('\n')
  it('is PowerShell, and calls nothing but its own functions and what 5.1 has', async () => {
    const text = scriptText()
    const [state, ...calls] = await parse(text)
    expect(state).toBe('whole')
    const own = [...text.matchAll(/^function ([A-Za-z0-9-]+)/gm)].map(found => found[1] ?? '')
    expect([...new Set(calls)].filter(name => !own.includes(name) && !cmdlets.includes(name))).toEqual([])
    expect(own.filter(name => !calls.includes(name))).toEqual([])
  })
  it('is no script when a part of it is lacking', async () => {
    const text = scriptText()
    const body = text.indexOf('& {')
    const end = text.lastIndexOf('} @{')
    for (const cut of Array.from({ length: 12 }, (_, index) => Math.floor(body + 4 + ((end - body - 8) * index) / 12)))
      expect((await parse(text.slice(0, cut)))[0], String(cut)).toBe('broken')
    // Whole, but without what it is asked for: it says so first of all.
    expect((await parse(text.slice(0, end + 1)))[0]).toBe('whole')
    expect(text.slice(body)).toMatch(/^[^\n]*\n(?:[^\n]*\n){4}if \(\$null -eq \$Options\) \{ throw/)
  })
})

describe('install.ps1, by rules', () => {
  it('is plain ASCII without what only PowerShell 7 reads, without aliases for running text, without raised rights', () => {
    const text = scriptText()
    expect(text).not.toMatch(/[^\n\x20-\x7e]/)
    const code = text.slice(0, text.indexOf("$csharp = @'")).replaceAll(/#.*|'[^'\n]*'|"[^"\n]*"/g, '')
    expect(code).not.toMatch(/\?\?|&&|\|\||\biex\b|Invoke-Expression|RunAs|Start-Process|\bsudo\b/i)
  })
  it('takes no colon for a scope, and no bracket of a path for a pattern', () => {
    const text = scriptText()
    for (const [word] of text.matchAll(/"[^"\n]*"/g)) expect(word).not.toMatch(/\$(?!env:)\w+:/)
    for (const [call] of text.matchAll(
      /(?:Remove-Item|Test-Path|Get-ChildItem|Copy-Item|Move-Item|Get-Content|Expand-Archive|Get-FileHash) [^\n]*/g,
    ))
      expect(call).toMatch(/-LiteralPath/)
  })
  it('ends the session of nobody who pipes it', () => {
    expect(scriptText().match(/^\s*exit\b.*$/gm)).toEqual(['  exit $code'])
    expect(scriptText()).toMatch(/-ne 'install\.ps1'\) \{ throw \}\n[^\n]*\n {2}exit \$code/)
  })
  it('names the packages of the release with their digests', () => {
    const record = JSON.parse(readFileSync(join(world.project.bucket, 'releases/1.0.0/release.json'), 'utf8')) as {
      artifacts: readonly { kind: string; target: string; sha256: string }[]
    }
    const wanted = record.artifacts.filter(one => one.target.startsWith('windows-') && ['zip', 'binary'].includes(one.kind))
    expect(wanted).toHaveLength(4)
    expect([...scriptText().matchAll(/Sha256 = '([0-9a-f]{64})'/g)].map(found => found[1] ?? '').sort()).toEqual(
      wanted.map(one => one.sha256).toSorted(),
    )
  })
})

interface Vectors {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly { readonly tcId: number; readonly msg: string; readonly sig: string; readonly result: string }[]
  }[]
}
const main = `
using System;
class Asked {
  static byte[] Bytes(string hex) { var r = new byte[hex.Length / 2]; for (int i = 0; i < r.Length; i++) r[i] = Convert.ToByte(hex.Substring(2 * i, 2), 16); return r; }
  static void Main() {
    string line;
    while ((line = Console.ReadLine()) != null) {
      var p = line.Split(' ');
      if (p[0] == "digest") Console.WriteLine(BitConverter.ToString(SlipwayEd25519.Blake2b512(Bytes(p[1]))).Replace("-", "").ToLower());
      else Console.WriteLine(SlipwayEd25519.Verify(Bytes(p[1]), Bytes(p[2]), Bytes(p[3])));
    }
  }
}
`
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
/** The question as PowerShell puts it: SHA-512 of R, key and message goes beside the key. */
const question = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): string =>
  `verify ${hex(key)} ${createHash('sha512').update(signature.subarray(0, 32)).update(key).update(message).digest('hex')} ${hex(signature)}`

describeWithJudge(['mcs', 'mono'], 'the C# of install.ps1', ({ mcs, mono }) => {
  const ask = async (lines: readonly string[]): Promise<readonly string[]> => {
    const source = /\$csharp = @'\n(.*?)\n'@/s.exec(scriptText())?.[1] ?? ''
    writeFileSync(join(folder, 'main.cs'), main)
    writeFileSync(join(folder, 'verify.cs'), `${source}\n`)
    // What the compiler of Windows PowerShell 5.1 knows.
    expect(await run([mcs, '-langversion:5', '-out:asked.exe', 'verify.cs', 'main.cs'])).toMatchObject({ exitCode: 0 })
    const ran = await run([mono, 'asked.exe'], `${lines.join('\n')}\n`)
    expect(ran.stderr).toBe('')
    return ran.stdout.trim().split('\n')
  }
  it('says of every Wycheproof vector what it should', async () => {
    const vectors = JSON.parse(readFileSync(join(projectRoot, 'test/vectors/wycheproof/ed25519_test.json'), 'utf8')) as Vectors
    const tests = vectors.testGroups.flatMap(({ publicKey, tests: all }) =>
      all.map(one => ({
        ...one,
        asked: question(Buffer.from(publicKey.pk, 'hex'), Buffer.from(one.msg, 'hex'), Buffer.from(one.sig, 'hex')),
      })),
    )
    expect(tests.length).toBeGreaterThan(140)
    expect(await ask(tests.map(one => one.asked))).toEqual(tests.map(one => (one.result === 'valid' ? 'True' : 'False')))
  })
  it('computes BLAKE2b-512 of any length', async () => {
    const texts = [0, 1, 64, 127, 128, 129, 255, 256, 257, 1000].map(size => Buffer.alloc(size, `x${size}`))
    expect(await ask(texts.map(one => `digest ${hex(one)}`))).toEqual(texts.map(one => createHash('blake2b512').update(one).digest('hex')))
  })
  it('verifies the signature of a real release, and refuses any bit of another', async () => {
    const place = join(world.project.bucket, 'releases/1.0.0')
    const { publicKey } = parsePublicKey(readFileSync(join(world.project.keys, 'minisign.pub'), 'utf8'))
    const { signature } = parseSignature(readFileSync(join(place, 'SHA256SUMS.minisig'), 'utf8'))
    const digest = createHash('blake2b512')
      .update(readFileSync(join(place, 'SHA256SUMS')))
      .digest()
    const bent = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1)
    expect(
      await ask([
        question(publicKey, digest, signature),
        question(publicKey, bent(digest, 0), signature),
        question(publicKey, digest, bent(signature, 63)),
        question(publicKey, digest, bent(signature, 0)),
        question(bent(publicKey, 5), digest, signature),
      ]),
    ).toEqual(['True', 'False', 'False', 'False', 'False'])
  })
})
