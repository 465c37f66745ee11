// BLAKE2b with a chosen digest length (RFC 7693), unkeyed: node:crypto has only the 64-byte one, secret keys need 32.

type Words = BigUint64Array

/** The digest of short data; meant for key checksums, not for files (use node:crypto's blake2b512 there). */
export function blake2b(data: Uint8Array, digestBytes: number): Uint8Array {
  const state = INITIAL.slice()
  state[0] = word(state, 0) ^ 0x01010000n ^ BigInt(digestBytes)
  const blocks = Math.max(1, Math.ceil(data.length / BLOCK_BYTES))
  for (let block = 0; block < blocks; block++) {
    const padded = new Uint8Array(BLOCK_BYTES)
    padded.set(data.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES))
    const isLast = block === blocks - 1
    compress(state, padded, { counted: BigInt(isLast ? data.length : (block + 1) * BLOCK_BYTES), isLast })
  }
  const digest = new Uint8Array(64)
  const view = new DataView(digest.buffer)
  state.forEach((value, index) => view.setBigUint64(index * 8, value, true))
  return digest.subarray(0, digestBytes)
}

const BLOCK_BYTES = 128
const INITIAL: Words = BigUint64Array.of(
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
)
const SCHEDULE = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
]
// The four columns, then the four diagonals, of the 4x4 working matrix.
const LANES = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const

function compress(state: Words, block: Uint8Array, end: { counted: bigint; isLast: boolean }): void {
  const view = new DataView(block.buffer)
  const message = BigUint64Array.from({ length: 16 }, (_, index) => view.getBigUint64(index * 8, true))
  const work = new BigUint64Array(16)
  work.set(state)
  work.set(INITIAL, 8)
  work[12] = word(work, 12) ^ end.counted
  if (end.isLast) work[14] = ~word(work, 14)
  for (let round = 0; round < 12; round++) {
    const order = SCHEDULE[round % 10] ?? []
    LANES.forEach((lane, index) => mix(work, lane, [word(message, order[index * 2] ?? 0), word(message, order[index * 2 + 1] ?? 0)]))
  }
  for (let index = 0; index < 8; index++) state[index] = word(state, index) ^ word(work, index) ^ word(work, index + 8)
}

function mix(work: Words, [a, b, c, d]: readonly [number, number, number, number], [first, second]: readonly [bigint, bigint]): void {
  work[a] = word(work, a) + word(work, b) + first
  work[d] = rotate(word(work, d) ^ word(work, a), 32n)
  work[c] = word(work, c) + word(work, d)
  work[b] = rotate(word(work, b) ^ word(work, c), 24n)
  work[a] = word(work, a) + word(work, b) + second
  work[d] = rotate(word(work, d) ^ word(work, a), 16n)
  work[c] = word(work, c) + word(work, d)
  work[b] = rotate(word(work, b) ^ word(work, c), 63n)
}

// Storing into a BigUint64Array cuts to 64 bits, so only the shifted-out half has to be put back here.
function rotate(value: bigint, bits: bigint): bigint {
  return (value >> bits) | (value << (64n - bits))
}

function word(words: Words, index: number): bigint {
  return words[index] ?? 0n
}
