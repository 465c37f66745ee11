// The programs that an app needs, inside of its packages: what is shipped has the digest and the architecture of the record, the rest is absent.
import { isJsonObject, isNamedLike, parseTarget, problem } from '@slipway/core'
import type { Artifact, Json, Problem } from '@slipway/core'
import { fieldsOf, type ByteChunks, type Source } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { createHash } from 'node:crypto'
import { contentsOf } from './contents.ts'

/** Facts `needs` of an artifact against what is in its file. Codes: `verify/bad-need`, `verify/shipped-need`, `verify/bad-package`. */
export const verifyNeeds = async (artifact: Artifact, object: string, source: Source): Promise<readonly Problem[]> => {
  const needs = needsOf(artifact)
  if (needs.length === 0) return []
  const { offset } = artifact.facts
  const seen = new Map<string, Seen[]>()
  const extra: Problem[] = []
  try {
    const files = await contentsOf(source, typeof offset === 'number' ? offset : undefined)
    // Of a bare program and of what is not opened here, the artifact's own digest vouches.
    if (files === null) return []
    for await (const { path, type, mode, bytes } of files)
      for (const need of needs) {
        if (!isNamedLike(path, need.program)) continue
        if (need.path === null) extra.push(...(isStartable(artifact, type, mode) ? [shippedAllTheSame({ need, path, object })] : []))
        else if (type === 'file' && isAt(path, need.path))
          seen.set(need.program, [...(seen.get(need.program) ?? []), await lookAt(bytes())])
      }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return [
      problem('verify/bad-package', `${object} cannot be opened, and needed programs lie in it: ${error.message} (${error.code})`, {
        ...lost,
        where: { object },
        cause: error,
      }),
    ]
  }
  return [...extra, ...needs.flatMap(need => (need.path === null ? [] : compare({ need, artifact, object }, seen.get(need.program) ?? [])))]
}

interface Fact {
  readonly program: string
  readonly version: string
  /** In the app folder; null: it must not be in the package. */
  readonly path: string | null
  readonly sha256: string
}
interface Seen {
  readonly sha256: string
  /** Of its header; null: a script, or nothing that is known here. */
  readonly arch: string | null
}

const needsOf = ({ facts }: Artifact): readonly Fact[] => {
  const { needs } = facts
  if (!Array.isArray(needs)) return []
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
  return (needs as readonly Json[]).filter(isJsonObject).map(one => ({
    program: text(one['program']),
    version: text(one['version']),
    path: one['place'] === 'package' ? text(one['path']) : null,
    sha256: text(one['sha256']),
  }))
}

/** Below whatever the format puts on top of the app folder. */
const isAt = (path: string, wanted: string): boolean => path === wanted || path.endsWith(`/${wanted}`)

const isStartable = ({ target }: Artifact, type: 'file' | 'link', mode: number): boolean =>
  type === 'link' || (mode & 0o111) !== 0 || parseTarget(target)?.os === 'windows'

const compare = (
  { need, artifact, object }: { readonly need: Fact; readonly artifact: Artifact; readonly object: string },
  seen: readonly Seen[],
): readonly Problem[] => {
  const [first, ...more] = seen
  const wrong = (what: string): Problem =>
    // explain: A program that the package ships is missing, or is not the pinned one: another version, or for another architecture.
    problem('verify/bad-need', `${object} ${what}`, { ...lost, where: { object } })
  if (first === undefined || more.length > 0)
    return [wrong(`holds ${seen.length === 0 ? 'no' : seen.length} ${need.program}, and ${need.version} is to be shipped in it`)]
  const arch = parseTarget(artifact.target)?.arch
  const archs = first.arch === null ? null : first.arch.split('+')
  if (archs !== null && arch !== undefined && !(arch === 'universal' ? ['x64', 'arm64'] : [arch]).every(one => archs.includes(one)))
    return [wrong(`ships a ${need.program} for ${first.arch ?? ''}, and is itself for ${artifact.target}`)]
  return first.sha256 === need.sha256
    ? []
    : [wrong(`ships a ${need.program} that is not ${need.version}: its sha256 is ${first.sha256}, and ${need.sha256} is pinned`)]
}

const shippedAllTheSame = ({ need, path, object }: { readonly need: Fact; readonly path: string; readonly object: string }): Problem =>
  // explain: A program that the record says is looked for on the user's machine lies in the package all the same.
  problem('verify/shipped-need', `${object} holds ${JSON.stringify(path)}, and ${need.program} is to be looked for on the user's machine`, {
    ...lost,
    where: { object },
  })

const lost = {
  hint: 'Release again from an app folder that holds what the config says, and find out where this file came from.',
  exit: 'corrupt',
} as const

const headBytes = 4096

/** One pass: its digest, and what its first bytes say. */
const lookAt = async (chunks: ByteChunks): Promise<Seen> => {
  const hash = createHash('sha256')
  let head = Buffer.alloc(0)
  for await (const chunk of chunks) {
    hash.update(chunk)
    if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)])
  }
  return { sha256: hash.digest('hex'), arch: archOf(head) }
}

const elfArchs: Readonly<Record<number, string>> = { 3: 'x86', 40: 'armv7', 62: 'x64', 183: 'arm64' }
const peArchs: Readonly<Record<number, string>> = { 0x14c: 'x86', 0x8664: 'x64', 0xaa64: 'arm64' }
const machoArchs: Readonly<Record<number, string>> = { 0x01000007: 'x64', 0x0100000c: 'arm64' }
const other = (machine: number): string => `machine ${machine}`

/** `x64`, or `arm64+x64` of a fat file; only what stands in the first bytes is read (ELF, PE, Mach-O). */
const archOf = (head: Uint8Array): string | null => {
  if (head.length < 64) return null
  const [big, little] = [fieldsOf(head, 'big'), fieldsOf(head, 'little')]
  if (big.u32(0) === 0x7f454c46) {
    const machine = (head[5] === 2 ? big : little).u16(18)
    return elfArchs[machine] ?? other(machine)
  }
  if (little.u16(0) === 0x5a4d) {
    const at = little.u32(60)
    if (at + 6 > head.length || big.u32(at) !== 0x50450000) return other(0)
    return peArchs[little.u16(at + 4)] ?? other(little.u16(at + 4))
  }
  if (little.u32(0) === 0xfeedfacf) return machoArchs[little.u32(4)] ?? other(little.u32(4))
  if (big.u32(0) !== 0xcafebabe || big.u32(4) > 8) return null
  return Array.from({ length: big.u32(4) }, (_, index) => big.u32(8 + index * 20))
    .map(machine => machoArchs[machine] ?? other(machine))
    .sort()
    .join('+')
}
