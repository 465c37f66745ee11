// The one door to the machine: files, http, processes, clock, random, secrets. Handed down from main as a value (DESIGN 2).
import type { DeflatePiece, DeflatePieceOn } from '@slipway/formats/deflate'
import type { PackLzfseOn } from '@slipway/formats/lzfse'

export interface Io {
  readonly files: Files
  readonly http: Http
  readonly run: RunTool
  readonly clock: Clock
  readonly random: Random
  readonly secrets: Secrets
  readonly host: Host
  readonly derive: Derive
  /** Absent: on this thread. */
  readonly threads?: Threads
  /** What comes holds much until it is printed: time counts more than memory. */
  readonly takeMemory?: () => void
  /** What comes is very many small things that stay: memory counts more than time. */
  readonly spareMemory?: () => void
}

export interface FileFacts {
  readonly type: 'file' | 'folder' | 'link' | 'other'
  readonly sizeBytes: number
  readonly mode: number
  readonly modifiedMs: number
}
export interface FolderEntry {
  readonly name: string
  readonly type: FileFacts['type']
}
export type Bytes = Uint8Array | AsyncIterable<Uint8Array>
export interface WriteOptions {
  readonly mode?: number
  /** fsync file and folder before it returns; default true. */
  readonly durable?: boolean
}

/** Paths are absolute. Reading a missing file fails with `io/not-found`. Every mutating call is one effect for `faulty`. */
export interface Files {
  readonly read: (path: string, limitBytes?: number) => Promise<Uint8Array>
  readonly readText: (path: string, limitBytes?: number) => Promise<string>
  /** `end` is the first byte that is not read. */
  readonly stream: (path: string, range?: { readonly start: number; readonly end: number }) => AsyncIterable<Uint8Array>
  /** Random access, for formats that read a directory; close it. */
  readonly open: (
    path: string,
  ) => Promise<{ readonly sizeBytes: number; read: (offset: number, length: number) => Promise<Uint8Array>; close: () => Promise<void> }>
  /** Does not follow links; null: nothing there. */
  readonly stat: (path: string) => Promise<FileFacts | null>
  /** Whether this user may write a file, or make files in a folder; false too where nothing is. Follows links. Writes nothing. */
  readonly isWritable: (path: string) => Promise<boolean>
  /** Sorted by name (code units); an absent folder is empty. */
  readonly list: (path: string) => Promise<readonly FolderEntry[]>
  readonly readLink: (path: string) => Promise<string>
  /** With its parents. */
  readonly makeFolder: (path: string, mode?: number) => Promise<void>
  /** Replaces atomically: temporary file in the same folder, fsync, rename, fsync of the folder. Makes parents. */
  readonly write: (path: string, bytes: Bytes, options?: WriteOptions) => Promise<void>
  /** As write, but never over an existing file: false when there is one. */
  readonly create: (path: string, bytes: Bytes, options?: WriteOptions) => Promise<boolean>
  readonly append: (path: string, bytes: Uint8Array, options?: WriteOptions) => Promise<void>
  /** With the mode of the original unless another is given. */
  readonly copy: (from: string, to: string, options?: WriteOptions) => Promise<void>
  readonly link: (target: string, path: string) => Promise<void>
  readonly rename: (from: string, to: string, options?: Pick<WriteOptions, 'durable'>) => Promise<void>
  /** File or whole folder; nothing there is fine. */
  readonly remove: (path: string) => Promise<void>
  /** A lock that dies with its process (SQLite); null when another holds it after `waitMs` (default 0). `owner` is shown to the other. */
  readonly lock: (
    path: string,
    options?: { readonly owner?: string; readonly waitMs?: number },
  ) => Promise<Lock | { readonly heldBy: string }>
}
export interface Lock {
  readonly release: () => Promise<void>
}

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Whole request; default 60,000. */
  readonly timeoutMs?: number
  /** Hops to https or the same host; default 5. Credentials never follow to another origin. */
  readonly redirects?: number
}
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
}
/** Network failure: `io/network` (exit machine). Any status is an answer, not a failure. */
export type Http = (url: string, request?: HttpRequest) => Promise<HttpAnswer>

export interface ToolRun {
  readonly tool: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment of the child; empty unless given (PATH is added so that the tool finds its own helpers when `path` is true). */
  readonly env?: Readonly<Record<string, string>>
  readonly path?: boolean
  readonly input?: Uint8Array
  /** Each piece of output, redacted. */
  readonly onOutput?: (text: string, stream: 'stdout' | 'stderr') => void
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}
/** As the tool wrote it, not redacted: it may be the very secret that was asked for. */
export interface ToolResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}
/** Argv arrays only, never a shell. A tool that is not there: `io/no-tool` (exit machine). */
export interface RunTool {
  (run: ToolRun): Promise<ToolResult>
  /** Absolute path of a tool on PATH, or null. */
  readonly find: (tool: string) => Promise<string | null>
}

export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}
export type Random = (count: number) => Uint8Array
export interface Secrets {
  /** The value of an environment variable; only names that the config or CONTRACTS 12 name are asked for. */
  readonly env: (name: string) => string | undefined
  /** The same, remembered for redaction. */
  readonly secret: (name: string) => string | undefined
  /** All variables whose name matches; for children that need the user's own settings (npm, git, proxies). */
  readonly matching: (pattern: RegExp) => Readonly<Record<string, string>>
}
export interface Host {
  readonly os: 'linux' | 'macos' | 'windows'
  readonly arch: string
  readonly cores: number
  readonly pid: number
  readonly home: string
  readonly cwd: string
  readonly temporary: string
  readonly nodeVersion: string
  /** zlib and zstd, for the cache key. */
  readonly zlibVersion: string
}
/** scrypt as minisign keys are sealed (up to 1 GiB by their design), in a process of its own so that its memory is given back. */
export type Derive = (password: string, salt: Uint8Array, cost: DeriveCost) => Promise<Uint8Array>
export interface DeriveCost {
  readonly opsLimit: number
  readonly memLimit: number
  readonly lengthBytes: number
}
/** Heavy work on whatever core is free; the same results on each. */
export interface Threads {
  /** Raw deflate of a piece (formats/deflate.ts). */
  readonly deflate: DeflatePieceOn
  /** A whole buffer (formats/lzfse.ts). */
  readonly lzfse: PackLzfseOn
  /** The pieces of a file; a file that changed meanwhile gives other sizes. */
  readonly deflateFile: (path: string, options: { readonly level: number; readonly sizeBytes: number }) => AsyncGenerator<DeflatePiece>
  /** Hex digest of a whole file, and how much was read; `sizeBytes` is about how much that will be. */
  readonly digest: (
    path: string,
    options: { readonly algorithm: 'sha256' | 'sha1' | 'md5'; readonly sizeBytes: number },
  ) => Promise<{ readonly digest: string; readonly sizeBytes: number }>
  /** Sums a stream up on another thread, in the order of the algorithms; undefined where none is at hand. */
  readonly summing: (algorithms: readonly string[]) => Summing | undefined
  /** Work on so many bytes will come: start a thread meanwhile, where that helps. */
  readonly warm: (sizeBytes: number) => void
}
export interface Summing {
  /** The bytes are the caller's again when it resolves. */
  readonly add: (bytes: Uint8Array) => Promise<void>
  /** Hex digests. */
  readonly end: () => Promise<readonly string[]>
}
