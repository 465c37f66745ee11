// The target: a system and an architecture as one word, `<os>-<arch>[-musl]` or `any` (CONTRACTS 2), and how others spell it.
import { fail } from './error.ts'

/** As `macos-arm64`; `any` for a file of no system. */
export type Target = string
export type Os = 'macos' | 'windows' | 'linux' | 'any'
export type Arch = 'x64' | 'arm64' | 'armv7' | 'x86' | 'universal' | 'any'
export interface TargetParts {
  readonly os: Os
  readonly arch: Arch
  readonly libc?: 'musl'
}
export type Spelling = 'npm' | 'rust' | 'go' | 'deb' | 'tauri' | 'node' | 'rpm'

/** Those that a config may name (CONFIG 2), and `any`. */
export const targets: readonly Target[] = [
  'macos-x64',
  'macos-arm64',
  'macos-universal',
  'windows-x64',
  'windows-arm64',
  'windows-x86',
  'linux-x64',
  'linux-arm64',
  'linux-armv7',
  'linux-x64-musl',
  'linux-arm64-musl',
  'any',
]

/** The parts of a target, or undefined. Reads more than a config may name: `linux-x86`, `<os>-any`. */
export const parseTarget = (text: string): TargetParts | undefined => {
  if (text === 'any') return { os: 'any', arch: 'any' }
  const [, os, arch, musl] = /^(macos|windows|linux)-([a-z0-9]+)(-musl)?$/.exec(text) ?? []
  if (os === undefined || !(archsOf[os as SystemOs] as readonly (string | undefined)[]).includes(arch)) return undefined
  const parts = { os: os as Os, arch: arch as Arch }
  if (musl === undefined) return parts
  return os === 'linux' && arch !== 'any' ? { ...parts, libc: 'musl' } : undefined
}

/** Whether a pattern, exact or `<os>-*`, takes a target. `any` is taken by `any` alone. */
export const matchesTarget = (pattern: string, target: Target): boolean => {
  const parts = parseTarget(target)
  if (parts === undefined) return false
  return pattern === target || (parts.os !== 'any' && pattern === `${parts.os}-*`)
}

/** In which order artifacts are tried for a machine: exact, universal and any, then declared fallbacks. Empty for an unknown target. */
export const candidatesFor = (target: Target): readonly Target[] => {
  const parts = parseTarget(target)
  if (parts === undefined) return []
  const wide = parts.os === 'any' ? [] : [...(parts.os === 'macos' ? ['macos-universal'] : []), `${parts.os}-any`]
  return [...new Set([target, ...wide, 'any', ...(fallbacks[target] ?? [])])]
}

/** A target in another tool's words. Throws `target/no-spelling` where that tool has no word for it. */
export const spell = (target: Target, style: Spelling): string => {
  const parts = parseTarget(target)
  const arch = parts === undefined ? undefined : archWords[style][parts.arch]
  const text = parts === undefined || arch === undefined ? undefined : spellings[style](parts, arch)
  return (
    text ??
    fail('target/no-spelling', `${style} has no word for the target ${parts === undefined ? '(unknown)' : target}.`, {
      hint: 'Narrow the targets of the unit that needs this spelling.',
      where: parts === undefined ? {} : { target },
    })
  )
}

type SystemOs = Exclude<Os, 'any'>
const archsOf: Record<SystemOs, readonly Arch[]> = {
  macos: ['x64', 'arm64', 'universal', 'any'],
  windows: ['x64', 'arm64', 'x86', 'any'],
  linux: ['x64', 'arm64', 'armv7', 'x86', 'any'],
}

// Windows on ARM runs x64 programs. Rosetta may be absent, and musl systems lack glibc: both fall back to nothing.
const fallbacks: Readonly<Record<Target, readonly Target[]>> = { 'windows-arm64': ['windows-x64'] }

const archWords: Record<Spelling, Partial<Record<Arch, string>>> = {
  npm: { x64: 'x64', arm64: 'arm64', armv7: 'arm', x86: 'ia32' },
  node: { x64: 'x64', arm64: 'arm64', armv7: 'armv7l', x86: 'x86' },
  go: { x64: 'amd64', arm64: 'arm64', armv7: 'arm', x86: '386' },
  deb: { x64: 'amd64', arm64: 'arm64', armv7: 'armhf', x86: 'i386', any: 'all' },
  rpm: { x64: 'x86_64', arm64: 'aarch64', armv7: 'armv7hl', x86: 'i686', any: 'noarch' },
  tauri: { x64: 'x86_64', arm64: 'aarch64', armv7: 'armv7', x86: 'i686' },
  rust: { x64: 'x86_64', arm64: 'aarch64', armv7: 'armv7', x86: 'i686', universal: 'universal' },
}

type Spell = (parts: TargetParts, arch: string) => string | undefined
const dashed =
  (windows: string): Spell =>
  ({ os, libc }, arch) =>
    `${osWord(os, windows)}-${arch}${libc === undefined ? '' : '-musl'}`
const packaged: Spell = ({ os }, arch) => (os === 'linux' || os === 'any' ? arch : undefined)
const osWord = (os: Os, windows: string): string => (os === 'macos' ? 'darwin' : os === 'windows' ? windows : os)

const spellings: Record<Spelling, Spell> = {
  npm: dashed('win32'),
  node: dashed('win'),
  go: ({ os }, arch) => `${osWord(os, 'windows')}/${arch}`,
  deb: packaged,
  rpm: packaged,
  // The updater asks for `linux-x86_64` on glibc and musl alike, so one key cannot serve both.
  tauri: ({ os, libc }, arch) => (libc === undefined ? `${osWord(os, 'windows')}-${arch}` : undefined),
  rust: ({ os, arch, libc }, word) => {
    if (os === 'macos') return `${word}-apple-darwin`
    if (os === 'windows') return `${word}-pc-windows-msvc`
    return `${word}-unknown-linux-${libc ?? 'gnu'}${arch === 'armv7' ? 'eabihf' : ''}`
  },
}
