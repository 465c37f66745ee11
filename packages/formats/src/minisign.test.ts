// minisign keys and signatures, judged by Debian's minisign and by Tauri's CLI where they are found.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { sign } from './ed25519.ts'
import { blake2b } from './minisign-blake2b.ts'
import {
  createKey,
  deriveScrypt,
  digestOf,
  isSealed,
  keyIdText,
  parsePublicKey,
  parseSignature,
  pickScryptParameters,
  readSecretKey,
  sealSecretKey,
  signDigest,
  unwrapTauri,
  verifyDigest,
  wrapForTauri,
  writePublicKey,
  writeSecretKey,
} from './minisign.ts'

const folder = mkdtempSync(join(tmpdir(), 'minisign-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const hasMinisign = spawnSync('minisign', ['-v']).status === 0
const random = (size: number) => new Uint8Array(randomBytes(size))
const fixed = (fill: number) => createKey({ random: size => new Uint8Array(size).fill(fill) })
const message = new TextEncoder().encode('the file\n')
const digest = new Uint8Array(createHash('blake2b512').update(message).digest())
const key = fixed(1)
const other = fixed(2)
const publicText = writePublicKey(key)
const good = signDigest(key, digest, { trustedComment: 'timestamp:1\tfile:a.bin\tversion:1.0.0' })
const hasCode = (code: string): unknown => expect.objectContaining({ code })
const fileAt = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const messageFile = fileAt('message', message)
const minisign = (args: readonly string[], input = '') => spawnSync('minisign', args, { input, cwd: folder })
const isAcceptedByMinisign = (publicKey: string, signature: string): boolean =>
  minisign(['-V', '-H', '-p', fileAt('judged.pub', publicKey), '-m', messageFile, '-x', fileAt('judged.minisig', signature)]).status === 0
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
const base64 = (...parts: readonly (Uint8Array | string)[]) =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))).toString('base64')
const lineOf = (text: string, index: number) => text.split('\n')[index] ?? ''

function codeOf(read: () => unknown): string {
  try {
    read()
    return 'accepted'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

describe('BLAKE2b', () => {
  it('agrees with Node at 64 bytes and with a known digest at 32', () => {
    for (const size of [0, 1, 63, 64, 127, 128, 129, 255, 256, 257, 1000]) {
      const data = random(size)
      expect(blake2b(data, 64)).toEqual(new Uint8Array(createHash('blake2b512').update(data).digest()))
    }
    expect(Buffer.from(blake2b(new Uint8Array(), 32)).toString('hex')).toBe(
      '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8',
    )
  })
})

describe('minisign keys', () => {
  it('writes public keys that read back, bare and wrapped too', () => {
    expect(keyIdText(Uint8Array.of(0xfe, 0xe9, 0x8f, 0xf2, 0x83, 0x66, 0xe8, 0xa4))).toBe('A4E86683F28FE9FE')
    for (const text of [publicText, publicText.replaceAll('\n', '\r\n'), wrapForTauri(publicText), lineOf(publicText, 1)]) {
      expect(parsePublicKey(text)).toMatchObject({ keyId: key.keyId, publicKey: key.publicKey })
    }
    expect(parsePublicKey(publicText).comment).toBe('minisign public key 0101010101010101')
  })

  it('writes secret keys that read back, plain and sealed', async () => {
    expect(await readSecretKey(writeSecretKey(key))).toEqual({ ...key, comment: 'minisign secret key' })
    const derive = (salt: Uint8Array, cost: Parameters<typeof deriveScrypt>[2]) => deriveScrypt('secret', salt, cost)
    const sealed = await sealSecretKey(key, { salt: random(32), derive, cost: { opsLimit: 32768, memLimit: 2 ** 20 } })
    expect([isSealed(sealed), isSealed(writeSecretKey(key))]).toEqual([true, false])
    expect(await readSecretKey(wrapForTauri(sealed), { derive })).toMatchObject({ seed: key.seed, keyId: key.keyId })
    await expect(readSecretKey(sealed)).rejects.toMatchObject({ code: 'minisign/password-needed' })
    await expect(readSecretKey(sealed, { derive: (salt, cost) => deriveScrypt('Secret', salt, cost) })).rejects.toMatchObject({
      code: 'minisign/wrong-password',
    })
    if (!hasMinisign) return
    const run = minisign(['-S', '-s', fileAt('sealed.key', sealed), '-m', messageFile, '-x', 'sealed.minisig'], 'secret\n')
    expect(run.status).toBe(0)
    expect(codeOf(() => verifyDigest(key, digest, readFileSync(join(folder, 'sealed.minisig'), 'utf8')))).toBe('accepted')
  })

  it('picks scrypt parameters as libsodium does, and refuses a costly file before it works', async () => {
    expect(pickScryptParameters({ opsLimit: 33554432, memLimit: 2 ** 30 })).toEqual({ N: 2 ** 20, r: 8, p: 1 })
    expect(pickScryptParameters({ opsLimit: 524288, memLimit: 16777216 })).toEqual({ N: 2 ** 14, r: 8, p: 1 })
    expect(pickScryptParameters({ opsLimit: 0, memLimit: 2 ** 30 })).toEqual({ N: 2 ** 10, r: 8, p: 1 })
    expect(pickScryptParameters({ opsLimit: 2 ** 25, memLimit: 2 ** 20 })).toEqual({ N: 2 ** 10, r: 8, p: 1024 })
    const bytes = bytesOf(lineOf(writeSecretKey(key), 1))
    bytes.set([0x53, 0x63], 2)
    bytes.fill(0xff, 38, 54)
    await expect(readSecretKey(base64(bytes), { derive: () => new Uint8Array(104) })).rejects.toMatchObject({ code: 'minisign/too-costly' })
  })

  const damage: [string, (bytes: Uint8Array) => unknown][] = [
    ['algorithm', bytes => bytes.set([0x58], 0)],
    ['kdf', bytes => bytes.set([0x58], 2)],
    ['checksum algorithm', bytes => bytes.set([0x58], 4)],
    ['seed', bytes => bytes.set([0x58], 62)],
    ['public half', bytes => bytes.set([0x58], 94)],
    ['checksum', bytes => bytes.set([0x58], 126)],
    ['halves, with no checksum', bytes => bytes.fill(0, 126).set([0x58], 62)],
  ]
  it.each(damage)('refuses a secret key with another %s', async (_, change) => {
    const bytes = bytesOf(lineOf(writeSecretKey(key), 1))
    change(bytes)
    await expect(readSecretKey(`untrusted comment: x\n${base64(bytes)}\n`)).rejects.toMatchObject({ code: 'minisign/malformed' })
  })

  it.each([
    '',
    '\n',
    'untrusted comment: x',
    'untrusted comment: x\n!',
    wrapForTauri('untrusted comment: x\n'),
    'dW50cnVzdGVkIGNvbW1lbnQ!',
  ])('refuses %j as a key', async text => {
    expect(codeOf(() => parsePublicKey(text))).toBe('minisign/malformed')
    await expect(readSecretKey(text)).rejects.toMatchObject({ code: 'minisign/malformed' })
  })
})

describe('minisign signatures', () => {
  it('are made from chunks or a digest, and verify', async () => {
    async function* chunks() {
      yield message.subarray(0, 3)
      yield message.subarray(3)
    }
    expect(await digestOf(chunks())).toEqual(digest)
    expect(await digestOf([message])).toEqual(digest)
    expect(verifyDigest(parsePublicKey(publicText), digest, good)).toEqual({ trustedComment: 'timestamp:1\tfile:a.bin\tversion:1.0.0' })
    expect(unwrapTauri(wrapForTauri(good))).toBe(good)
  })

  it.each(['a\nb', 'a\rb', 'a\u0000b', '\u001b[2J', 'a\u007f', '\u0085', '\u2028', '\ud800'])('refuse the comment %j', comment => {
    expect(() => signDigest(key, digest, { trustedComment: comment })).toThrow(hasCode('minisign/bad-comment'))
    expect(() => signDigest(key, digest, { trustedComment: '', untrustedComment: comment })).toThrow(hasCode('minisign/bad-comment'))
    expect(() => writePublicKey({ ...key, comment })).toThrow(hasCode('minisign/bad-comment'))
  })

  it('refuse comments one byte longer than minisign reads, and a digest of another length', () => {
    const longest = signDigest(key, digest, { trustedComment: 'é'.repeat(4086) + 'a', untrustedComment: 'u'.repeat(1003) })
    expect(codeOf(() => verifyDigest(key, digest, longest))).toBe('accepted')
    if (hasMinisign) expect(isAcceptedByMinisign(publicText, longest)).toBe(true)
    expect(() => signDigest(key, digest, { trustedComment: 'é'.repeat(4087) })).toThrow(hasCode('minisign/bad-comment'))
    expect(() => signDigest(key, digest, { trustedComment: '', untrustedComment: 'u'.repeat(1004) })).toThrow(
      hasCode('minisign/bad-comment'),
    )
    expect(() => signDigest(key, digest.subarray(1), { trustedComment: '' })).toThrow(hasCode('minisign/bad-digest'))
  })

  it('of the old form need the file itself, and permission', () => {
    const signature = sign(key.seed, message)
    const comment = new TextEncoder().encode('c')
    const legacy = `untrusted comment: x\n${base64('Ed', key.keyId, signature)}\ntrusted comment: c\n${base64(sign(key.seed, Buffer.concat([signature, comment])))}\n`
    expect(codeOf(() => verifyDigest(key, digest, legacy))).toBe('minisign/legacy')
    expect(verifyDigest(key, { digest, legacyMessage: message }, legacy)).toEqual({ trustedComment: 'c' })
    expect(codeOf(() => verifyDigest(key, { digest, legacyMessage: message.subarray(1) }, legacy))).toBe('minisign/bad-signature')
    // Allowing the old form must not let the new one be judged by it.
    expect(codeOf(() => verifyDigest(key, { digest, legacyMessage: digest }, good))).toBe('accepted')
  })
})

type Judgement =
  | 'accepted'
  | 'minisign/malformed'
  | 'minisign/wrong-key'
  | 'minisign/bad-signature'
  | 'minisign/bad-comment'
  | 'minisign/legacy'
interface Case {
  readonly name: string
  readonly text: string
  readonly expected: Judgement
  /** minisign 0.11 accepts it and we do not: it ends a line at the first carriage return or NUL and ignores unused bits. */
  readonly isStricter?: true
}

const [one = '', two = '', three = '', four = ''] = good.split('\n')
const head = bytesOf(two)
const tail = bytesOf(four)
const make = (...lines: readonly string[]) => `${lines.join('\n')}\n`
const flipped = (bytes: Uint8Array, at: number) => base64(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)))

function signatureCases(): Case[] {
  const cases: Case[] = []
  const add = (name: string, text: string, expected: Judgement) => cases.push({ name, text, expected })
  for (const at of [2, 3, 9]) add(`key id byte ${at}`, make(one, flipped(head, at), three, four), 'minisign/wrong-key')
  for (const at of [10, 20, 41, 42, 60, 73])
    add(`signature byte ${at}`, make(one, flipped(head, at), three, four), 'minisign/bad-signature')
  for (const at of [0, 31, 32, 63]) add(`global signature byte ${at}`, make(one, two, three, flipped(tail, at)), 'minisign/bad-comment')
  for (const at of [0, 1]) add(`algorithm byte ${at}`, make(one, flipped(head, at), three, four), 'minisign/malformed')
  add('legacy algorithm', make(one, base64('Ed', head.subarray(2)), three, four), 'minisign/legacy')
  for (const algorithm of ['eD', 'ed', 'Es', '\0\0'])
    add(`algorithm ${JSON.stringify(algorithm)}`, make(one, base64(algorithm, head.subarray(2)), three, four), 'minisign/malformed')
  add('signed by another key', signDigest(other, digest, { trustedComment: 'c' }), 'minisign/wrong-key')
  add('another key under our id', signDigest({ ...other, keyId: key.keyId }, digest, { trustedComment: 'c' }), 'minisign/bad-signature')
  add('of another file', signDigest(key, digest.toReversed(), { trustedComment: 'c' }), 'minisign/bad-signature')
  add('of the file, not its digest', make(one, base64('ED', key.keyId, sign(key.seed, message)), three, four), 'minisign/bad-signature')
  add(
    'comment of another signature',
    make(one, two, lineOf(signDigest(key, digest, { trustedComment: 'd' }), 2), four),
    'minisign/bad-comment',
  )
  for (const [name, comment] of Object.entries({
    shorter: three.slice(0, -1),
    longer: `${three}x`,
    spaced: `${three} `,
    empty: 'trusted comment: ',
    cased: three.replace('file', 'File'),
  })) {
    add(`comment ${name}`, make(one, two, comment, four), 'minisign/bad-comment')
  }
  add(
    'signature not in the global one',
    make(one, two, three, base64(sign(key.seed, new TextEncoder().encode(three.slice(17))))),
    'minisign/bad-comment',
  )
  add(
    'S plus the group order',
    make(one, base64(head.subarray(0, 42), plusOrder(head.subarray(42))), three, four),
    'minisign/bad-signature',
  )
  add(
    'S of the comment plus the group order',
    make(one, two, three, base64(tail.subarray(0, 32), plusOrder(tail.subarray(32)))),
    'minisign/bad-comment',
  )
  add('all zero signature', make(one, base64('ED', key.keyId, new Uint8Array(64)), three, four), 'minisign/bad-signature')
  add(
    'neutral element as R',
    make(one, base64('ED', key.keyId, Uint8Array.of(1), new Uint8Array(63)), three, four),
    'minisign/bad-signature',
  )
  return cases
}

function lineCases(): Case[] {
  const lines: [string, string][] = [
    ['empty', ''],
    ['a newline', '\n'],
    ['line 1 only', make(one)],
    ['lines 1 and 2', make(one, two)],
    ['lines 1 to 3', make(one, two, three)],
    ['lines 1 to 3 and an empty one', make(one, two, three, '')],
    ['without line 1', make(two, three, four)],
    ['without line 2', make(one, three, four)],
    ['without line 3', make(one, two, four)],
    ['lines 2 and 4 swapped', make(one, four, three, two)],
    ['lines 1 and 3 swapped', make(three, two, one, four)],
    ['an empty line first', make('', one, two, three, four)],
    ['an empty line between', make(one, '', two, three, four)],
    ['an empty line before the comment', make(one, two, '', three, four)],
    ['a byte order mark', make(`\ufeff${one}`, two, three, four)],
    ['a space before line 1', make(` ${one}`, two, three, four)],
    ['another prefix on line 1', make(one.replace('untrusted', 'Untrusted'), two, three, four)],
    ['no space in the prefix of line 1', make('untrusted comment:x', two, three, four)],
    ['another prefix on line 3', make(one, two, three.replace('trusted', 'untrusted'), four)],
    ['no space in the prefix of line 3', make(one, two, 'trusted comment:x', four)],
    ['a tab in the prefix of line 3', make(one, two, 'trusted\tcomment: x', four)],
    ['a space before line 2', make(one, ` ${two}`, three, four)],
    ['a space after line 2', make(one, `${two} `, three, four)],
    ['a letter more on line 2', make(one, `${two}A`, three, four)],
    ['a letter less on line 2', make(one, two.slice(1), three, four)],
    ['no padding on line 2', make(one, two.replace('=', ''), three, four)],
    ['URL-safe letters on line 2', make(one, `-_-_${two.slice(4)}`, three, four)],
    ['a byte more on line 2', make(one, base64(head, 'x'), three, four)],
    ['a byte less on line 2', make(one, base64(head.subarray(0, 73)), three, four)],
    ['two bytes of line 2', make(one, base64('ED'), three, four)],
    ['a byte more on line 4', make(one, two, three, base64(tail, 'x'))],
    ['a byte less on line 4', make(one, two, three, base64(tail.subarray(1)))],
    ['no padding on line 4', make(one, two, three, four.replaceAll('=', ''))],
    ['letters after line 4', make(one, two, three, `${four}xx`)],
    ['a broken letter on line 4', make(one, two, three, `!${four.slice(1)}`)],
    ['a public key', publicText],
    ['its own wrapping', wrapForTauri(good)],
    ['line 1 too long', make(`${one}${'x'.repeat(1100)}`, two, three, four)],
  ]
  return lines.map(([name, text]) => ({ name, text, expected: 'minisign/malformed' }))
}

function spellingCases(): Case[] {
  const cases: Case[] = []
  const add = (name: string, text: string, expected: Judgement, stricter: { isStricter?: true } = {}) =>
    cases.push({ name, text, expected, ...stricter })
  add('comment too long', make(one, two, `${three}${'x'.repeat(9000)}`, four), 'minisign/bad-comment')
  add('as written', good, 'accepted')
  add('CRLF', good.replaceAll('\n', '\r\n'), 'accepted')
  add('no last line end', good.slice(0, -1), 'accepted')
  add('trailing lines', `${good}more\n`, 'accepted')
  add('another untrusted comment', make('untrusted comment: anything', two, three, four), 'accepted')
  add('a hidden end of the comment', make(one, two, `${three}\rversion:9`, four), 'minisign/bad-comment', { isStricter: true })
  add('a NUL at the end of the comment', make(one, two, `${three}\0`, four), 'minisign/bad-comment')
  const unusedBits = two.replace(/.=$/, end => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`)
  add('unused bits on line 2', make(one, unusedBits, three, four), 'minisign/malformed', { isStricter: true })
  add('a NUL in line 4', make(one, two, three, `${four}\0`), 'minisign/malformed', { isStricter: true })
  return cases
}

function plusOrder(scalar: Uint8Array): Uint8Array {
  const order = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex')
  let carry = 0
  return scalar.map((byte, index) => {
    carry += byte + (order[index] ?? 0)
    const low = carry & 0xff
    carry >>= 8
    return low
  })
}

describe('a corpus of signature files', () => {
  const cases = [...signatureCases(), ...lineCases(), ...spellingCases()]
  it('has at least 60 files to refuse', () => {
    expect(cases.filter(entry => entry.expected !== 'accepted').length).toBeGreaterThanOrEqual(60)
    expect(new Set(cases.map(entry => entry.text)).size).toBe(cases.length)
  })

  it.each(cases)('$name: $expected', ({ text, expected, isStricter }) => {
    expect(codeOf(() => verifyDigest(key, digest, text))).toBe(expected)
    if (hasMinisign) expect(isAcceptedByMinisign(publicText, text)).toBe(expected === 'accepted' || isStricter === true)
  })

  it('parses each of them or says why, and nothing else', () => {
    for (const { text } of cases) expect(codeOf(() => parseSignature(text))).toMatch(/^(accepted|minisign\/[a-z-]+)$/)
  })
})

describe.skipIf(!hasMinisign)("Debian's minisign", () => {
  it('signs with our plain key, and we with its', async () => {
    expect(
      minisign(['-S', '-s', fileAt('ours.key', writeSecretKey(key)), '-m', messageFile, '-x', 'ours.minisig', '-t', 'hello']).status,
    ).toBe(0)
    expect(verifyDigest(key, digest, readFileSync(join(folder, 'ours.minisig'), 'utf8'))).toEqual({ trustedComment: 'hello' })
    expect(minisign(['-G', '-W', '-p', 'theirs.pub', '-s', 'theirs.key']).status).toBe(0)
    const theirs = await readSecretKey(readFileSync(join(folder, 'theirs.key'), 'utf8'))
    const publicFile = readFileSync(join(folder, 'theirs.pub'), 'utf8')
    expect(isAcceptedByMinisign(publicFile, signDigest(theirs, digest, { trustedComment: 'é' }))).toBe(true)
    expect(writePublicKey({ ...theirs, comment: parsePublicKey(publicFile).comment })).toBe(publicFile)
  })

  it('seals a key with a password that we open (1 GiB of memory)', { timeout: 60_000 }, async () => {
    expect(minisign(['-G', '-p', 'sealed.pub', '-s', 'sealed2.key'], 'pass word\npass word\n').status).toBe(0)
    const text = readFileSync(join(folder, 'sealed2.key'), 'utf8')
    const opened = await readSecretKey(text, { derive: (salt, cost) => deriveScrypt('pass word', salt, cost) })
    expect(opened.publicKey).toEqual(parsePublicKey(readFileSync(join(folder, 'sealed.pub'), 'utf8')).publicKey)
  })
})

describe("Tauri's signer", () => {
  const cli = createRequire(import.meta.url).resolve('@tauri-apps/cli/tauri.js')
  const tauri = (...args: readonly string[]) => execFileSync(process.execPath, [cli, 'signer', ...args], { cwd: folder, stdio: 'pipe' })

  it('makes a key that we open, signs what we verify, and signs with our key (1 GiB of memory)', { timeout: 120_000 }, async () => {
    tauri('generate', '--ci', '-p', 'tauri pass', '-w', join(folder, 'tauri.key'))
    const opened = await readSecretKey(readFileSync(join(folder, 'tauri.key'), 'utf8'), {
      derive: (salt, cost) => deriveScrypt('tauri pass', salt, cost),
    })
    const publicKey = parsePublicKey(readFileSync(join(folder, 'tauri.key.pub'), 'utf8'))
    expect([opened.keyId, opened.publicKey]).toEqual([publicKey.keyId, publicKey.publicKey])
    tauri('sign', '-f', join(folder, 'tauri.key'), '-p', 'tauri pass', '--app-version', '1.2.3', messageFile)
    const signature = unwrapTauri(readFileSync(`${messageFile}.sig`, 'utf8'))
    expect(verifyDigest(publicKey, digest, signature).trustedComment).toMatch(/^timestamp:\d+\tfile:message\tversion:1\.2\.3$/)
    if (hasMinisign) expect(isAcceptedByMinisign(writePublicKey(publicKey), signDigest(opened, digest, { trustedComment: 'c' }))).toBe(true)
    const derive = (salt: Uint8Array, cost: Parameters<typeof deriveScrypt>[2]) => deriveScrypt('ours', salt, cost)
    const sealed = await sealSecretKey(key, { salt: random(32), derive, cost: { opsLimit: 524288, memLimit: 16777216 } })
    tauri('sign', '-f', fileAt('ours-tauri.key', wrapForTauri(sealed)), '-p', 'ours', messageFile)
    expect(codeOf(() => verifyDigest(key, digest, unwrapTauri(readFileSync(`${messageFile}.sig`, 'utf8'))))).toBe('accepted')
  })
})
