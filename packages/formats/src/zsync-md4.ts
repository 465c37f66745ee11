// MD4 (RFC 1320): weak, but what zsync tells equal blocks by; OpenSSL 3 has it no longer.

/** The MD4 digest of a block: 16 bytes. */
export const md4 = (bytes: Uint8Array): Uint8Array => {
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, (bytes.length * 8) >>> 0, true)
  view.setUint32(padded.length - 4, Math.floor(bytes.length / 0x20000000), true)
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  const words = new Int32Array(16)
  for (let at = 0; at < padded.length; at += 64) {
    for (let index = 0; index < 16; index++) words[index] = view.getInt32(at + index * 4, true)
    mix(state, words)
  }
  const digest = new Uint8Array(16)
  state.forEach((word, index) => new DataView(digest.buffer).setInt32(index * 4, word, true))
  return digest
}

/** RFC 1320 3.4: order of the words and amounts of rotation of each round. */
const rounds = [
  { order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], turns: [3, 7, 11, 19] },
  { order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], turns: [3, 5, 9, 13] },
  { order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], turns: [3, 9, 11, 15] },
] as const
/** One number a step, so that the inner loop looks nothing else up. */
const orders = Uint8Array.from(rounds.flatMap(one => one.order))
const turns = Uint8Array.from(rounds.flatMap(one => [...one.turns, ...one.turns, ...one.turns, ...one.turns]))

const mix = (state: Int32Array, words: Int32Array): void => {
  let [a = 0, b = 0, c = 0, d = 0] = state
  for (let step = 0; step < 48; step++) {
    const choice = step < 16 ? (b & c) | (~b & d) : step < 32 ? ((b & c) | (b & d) | (c & d)) + 0x5a827999 : (b ^ c ^ d) + 0x6ed9eba1
    const sum = (a + choice + (words[orders[step] ?? 0] ?? 0)) | 0
    const turn = turns[step] ?? 0
    a = d
    d = c
    c = b
    b = (sum << turn) | (sum >>> (32 - turn))
  }
  state[0] = (state[0] ?? 0) + a
  state[1] = (state[1] ?? 0) + b
  state[2] = (state[2] ?? 0) + c
  state[3] = (state[3] ?? 0) + d
}
