import { describe, expect, it } from 'vitest'
import { candidatesFor, matchesTarget, parseTarget, spell, targets } from './target.ts'
import type { Spelling } from './target.ts'

describe('parseTarget', () => {
  it('reads every target that a config may name, and wider ones', () => {
    for (const target of targets) expect(parseTarget(target), target).toBeDefined()
    expect(parseTarget('linux-arm64-musl')).toEqual({ os: 'linux', arch: 'arm64', libc: 'musl' })
    expect(parseTarget('macos-universal')).toEqual({ os: 'macos', arch: 'universal' })
    expect(parseTarget('any')).toEqual({ os: 'any', arch: 'any' })
    expect(parseTarget('linux-any')).toEqual({ os: 'linux', arch: 'any' })
  })
  it('refuses all else', () => {
    for (const text of [
      '',
      'linux',
      'linux-',
      'Linux-x64',
      'linux-x86_64',
      'darwin-arm64',
      'windows-armv7',
      'windows-universal',
      'macos-x64-musl',
      'linux-any-musl',
      'any-x64',
      'linux-x64-gnu',
      'linux-x64\n',
      'linux-constructor',
    ])
      expect(parseTarget(text), text).toBeUndefined()
  })
})

it('matches exactly, or a whole system', () => {
  expect(matchesTarget('macos-*', 'macos-universal')).toBe(true)
  expect(matchesTarget('linux-*', 'linux-x64-musl')).toBe(true)
  expect(matchesTarget('linux-x64', 'linux-x64')).toBe(true)
  expect(matchesTarget('any', 'any')).toBe(true)
  for (const [pattern, target] of [
    ['linux-x64', 'linux-x64-musl'],
    ['macos-*', 'any'],
    ['any-*', 'any'],
    ['linux-*', 'linux-nonsense'],
    ['*', 'linux-x64'],
    ['windows-*', 'macos-x64'],
  ] as const)
    expect(matchesTarget(pattern, target), `${pattern} ${target}`).toBe(false)
})

it('tries exact, universal and any, then declared fallbacks', () => {
  expect(candidatesFor('macos-arm64')).toEqual(['macos-arm64', 'macos-universal', 'macos-any', 'any'])
  expect(candidatesFor('macos-universal')).toEqual(['macos-universal', 'macos-any', 'any'])
  expect(candidatesFor('windows-arm64')).toEqual(['windows-arm64', 'windows-any', 'any', 'windows-x64'])
  expect(candidatesFor('windows-x64')).toEqual(['windows-x64', 'windows-any', 'any'])
  expect(candidatesFor('linux-x64-musl')).toEqual(['linux-x64-musl', 'linux-any', 'any'])
  expect(candidatesFor('any')).toEqual(['any'])
  expect(candidatesFor('toString')).toEqual([])
})

describe('spell', () => {
  const table: Record<string, Partial<Record<Spelling, string>>> = {
    'macos-x64': { npm: 'darwin-x64', rust: 'x86_64-apple-darwin', go: 'darwin/amd64', tauri: 'darwin-x86_64', node: 'darwin-x64' },
    'macos-arm64': { npm: 'darwin-arm64', rust: 'aarch64-apple-darwin', go: 'darwin/arm64', tauri: 'darwin-aarch64', node: 'darwin-arm64' },
    'macos-universal': { rust: 'universal-apple-darwin' },
    'windows-x64': { npm: 'win32-x64', rust: 'x86_64-pc-windows-msvc', go: 'windows/amd64', tauri: 'windows-x86_64', node: 'win-x64' },
    'windows-arm64': {
      npm: 'win32-arm64',
      rust: 'aarch64-pc-windows-msvc',
      go: 'windows/arm64',
      tauri: 'windows-aarch64',
      node: 'win-arm64',
    },
    'windows-x86': { npm: 'win32-ia32', rust: 'i686-pc-windows-msvc', go: 'windows/386', tauri: 'windows-i686', node: 'win-x86' },
    'linux-x64': {
      npm: 'linux-x64',
      rust: 'x86_64-unknown-linux-gnu',
      go: 'linux/amd64',
      deb: 'amd64',
      rpm: 'x86_64',
      tauri: 'linux-x86_64',
      node: 'linux-x64',
    },
    'linux-arm64': {
      npm: 'linux-arm64',
      rust: 'aarch64-unknown-linux-gnu',
      go: 'linux/arm64',
      deb: 'arm64',
      rpm: 'aarch64',
      tauri: 'linux-aarch64',
      node: 'linux-arm64',
    },
    'linux-armv7': {
      npm: 'linux-arm',
      rust: 'armv7-unknown-linux-gnueabihf',
      go: 'linux/arm',
      deb: 'armhf',
      rpm: 'armv7hl',
      tauri: 'linux-armv7',
      node: 'linux-armv7l',
    },
    'linux-x86': {
      npm: 'linux-ia32',
      rust: 'i686-unknown-linux-gnu',
      go: 'linux/386',
      deb: 'i386',
      rpm: 'i686',
      tauri: 'linux-i686',
      node: 'linux-x86',
    },
    'linux-x64-musl': {
      npm: 'linux-x64-musl',
      rust: 'x86_64-unknown-linux-musl',
      go: 'linux/amd64',
      deb: 'amd64',
      rpm: 'x86_64',
      node: 'linux-x64-musl',
    },
    'linux-arm64-musl': {
      npm: 'linux-arm64-musl',
      rust: 'aarch64-unknown-linux-musl',
      go: 'linux/arm64',
      deb: 'arm64',
      rpm: 'aarch64',
      node: 'linux-arm64-musl',
    },
    any: { deb: 'all', rpm: 'noarch' },
    unheard: {},
  }
  it.each(Object.entries(table))('%s in each style, or refused', (target, words) => {
    for (const style of ['npm', 'rust', 'go', 'deb', 'tauri', 'node', 'rpm'] as const) {
      const word = words[style]
      if (word === undefined) expect(() => spell(target, style), style).toThrow('target/no-spelling')
      else expect(spell(target, style)).toBe(word)
    }
  })
})
