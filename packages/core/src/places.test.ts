import { describe, expect, it } from 'vitest'
import * as places from './places.ts'

const digest = 'a'.repeat(64)

describe('places', () => {
  it('names every object of the bucket', () => {
    expect([
      places.releaseFolder('1.2.0'),
      places.releaseFile('1.2.0', 'flet 1.dmg'),
      places.releaseRecord('1.2.0-beta.1'),
      places.sums('1.2.0'),
      places.sumsSignature('1.2.0'),
      places.draft('1.2.0'),
      places.pointer,
      places.metadataKey(42, 'channels'),
      places.feedHead('stable', 'tauri', 'latest.json'),
      places.feedHead('stable', 'install', 'install.sh'),
      places.feedHead('beta', 'install', 'install.ps1'),
      places.feedHead('stable', 'tauri', 'install.sh'),
      places.feedCopy('stable', 'electron', { copy: 7, head: 'latest.yml' }),
      places.feedState('stable', 'sparkle', { version: '1.2.0', state: 'p10', head: 'appcast.xml' }),
      places.evidence('1.2.0', 'gate.json'),
      places.aptHead('stable'),
      places.aptPart('stable', 'amd64', digest),
      places.rpmHead('stable'),
      places.rpmPart('stable', 'repomd.xml', { version: '1.2.0', state: 'back' }),
      places.apkFolder('stable'),
      places.pacmanFolder('stable'),
    ]).toEqual([
      'releases/1.2.0/',
      'releases/1.2.0/flet 1.dmg',
      'releases/1.2.0-beta.1/release.json',
      'releases/1.2.0/SHA256SUMS',
      'releases/1.2.0/SHA256SUMS.minisig',
      'drafts/1.2.0.json',
      'tuf/timestamp.json',
      'tuf/42.channels.json',
      'feeds/stable/tauri/latest.json',
      'install.sh',
      'feeds/beta/install/install.ps1',
      'feeds/stable/tauri/install.sh',
      'feeds/stable/electron/c/07/latest.yml',
      'feeds/stable/sparkle/states/1.2.0-p10/appcast.xml',
      'evidence/1.2.0/gate.json',
      'dists/stable/InRelease',
      `dists/stable/main/binary-amd64/by-hash/SHA256/${digest}`,
      'rpm/stable/mirrorlist',
      'rpm/stable/1.2.0-back/repodata/repomd.xml',
      'apk/stable/',
      'pacman/stable/',
    ])
  })
  it('says where the heads of a channel are looked for, and which keys are heads', () => {
    expect(places.headPrefixes('stable')).toEqual(['feeds/stable/', 'install.sh', 'install.ps1'])
    expect(places.headPrefixes('beta')).toEqual(['feeds/beta/'])
    expect(() => places.headPrefixes('../x')).toThrow('places/unsafe-name')
    for (const key of ['install.sh', 'feeds/beta/install/install.sh', 'feeds/stable/tauri/latest.json'])
      expect(places.isFeedHead(key), key).toBe(true)
    for (const key of ['install.sh.bak', 'tuf/timestamp.json', 'releases/1.0.0/install.sh']) expect(places.isFeedHead(key), key).toBe(false)
  })
  it('refuses what may not stand in a key', () => {
    for (const act of [
      () => places.releaseFolder('../1.0.0'),
      () => places.releaseFile('1.0.0', '../../tuf/timestamp.json'),
      () => places.draft('v1.0.0'),
      () => places.evidence('1.0.0', '..'),
      () => places.metadataKey(0, 'root'),
      () => places.metadataKey(1.5, 'root'),
      () => places.feedHead('Stable', 'tauri', 'latest.json'),
      () => places.feedHead('stable', 'a/b', 'latest.json'),
      () => places.feedCopy('stable', 'tauri', { copy: 100, head: 'latest.json' }),
    ])
      expect(act).toThrow('places/unsafe-name')
  })
})

it('knows a safe file name', () => {
  for (const name of ['a', '.hidden', 'Flet 1.0.dmg', 'größe.zip', '😀'.repeat(63), 'a'.repeat(255), '...'])
    expect(places.safeFileName(name), name).toBe(true)
  for (const name of [
    '',
    '.',
    '..',
    'a/b',
    'a\\b',
    'C:a',
    ' a',
    'a ',
    'a\n',
    'a\u0000b',
    'a\u202egpj.exe',
    '\ud800',
    'a'.repeat(256),
    '😀'.repeat(64),
  ])
    expect(places.safeFileName(name), name).toBe(false)
})
it('knows a safe channel name', () => {
  expect(['stable', 'a', 'beta-2', 'a'.repeat(32)].every(places.safeChannelName)).toBe(true)
  expect(['', '2', '-a', 'Beta', 'a_b', 'a/b', 'a\n', 'a'.repeat(33)].some(places.safeChannelName)).toBe(false)
})
