// One Tauri program for each target, packed by the command line: run out of each Linux package it says which one that was, and installers hold theirs.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addPeSection } from '../../packages/formats/src/add-section.ts'
import { fromBytes } from '../../packages/formats/src/bytes.ts'
import { readPe } from '../../packages/formats/src/pe.ts'
import { cpuArm64, linkedPe, tinyMachO } from '../../packages/formats/src/testing/binaries.ts'
import { builtInto, has } from '../../packages/slipway/src/builders/testing/programs.ts'
import { machine } from '../../packages/slipway/src/io/machine.ts'
import { describeWithJudge } from '../kit/judges.ts'
import { smallProject, type SmallProject } from '../kit/project.ts'

const fixture = fileURLToPath(new URL('../fixtures/programs/tauri/', import.meta.url))
const { os, arch } = machine().host
const [target, triple] = arch === 'arm64' ? ['linux-arm64', 'aarch64-unknown-linux-gnu'] : ['linux-x64', 'x86_64-unknown-linux-gnu']
const unknown = new TextEncoder().encode('__TAURI_BUNDLE_TYPE_VAR_UNK')
/** With a certificate table behind it, as somebody's signature would be. */
const signed = (program: Uint8Array): Uint8Array => {
  const table = Buffer.alloc(64, 0x5a)
  table.writeUInt32LE(table.length)
  table.writeUInt32LE(0x0002_0200, 4)
  const whole = Buffer.concat([program, table])
  whole.writeUInt32LE(program.length, 88 + 112 + 32)
  whole.writeUInt32LE(table.length, 88 + 112 + 36)
  return whole
}
const built = {
  'windows-x64': signed(addPeSection(linkedPe(), { name: '.rdata2', bytes: unknown })),
  'macos-arm64': Buffer.concat([tinyMachO(cpuArm64)]),
}

let project: SmallProject
let out: string
let told = ''
const packages = ['deb', 'rpm', 'appimage', 'tar.gz', 'zip', 'nsis', 'msi', 'app.zip', 'app.tar.gz']
beforeAll(async () => {
  if (!has('cargo') || os !== 'linux') return
  const app = {
    ...{ name: 'Notes', id: 'org.example.notes', bin: 'notes', version: '2.0.1', license: 'MIT', date: '2023-11-14' },
    ...{ summary: 'Keeps notes', publisher: 'Notes <notes@example.org>', homepage: 'https://example.org' },
  }
  const run = { 'linux-*': 'cargo build --release --offline --locked --target {rust}', 'windows-*': 'true', 'macos-*': 'true' }
  const more = { app, build: { tauri: { run, cwd: 'src-tauri' } }, packages, feeds: [] }
  project = smallProject({ targets: [target, ...Object.keys(built)], more })
  cpSync(fixture, project.root, { recursive: true })
  const put = (path: string, bytes: Uint8Array | string): void => {
    mkdirSync(dirname(join(project.root, 'src-tauri', path)), { recursive: true })
    writeFileSync(join(project.root, 'src-tauri', path), bytes, { mode: 0o755 })
  }
  put(`sidecars/helper-${triple}`, '#!/bin/sh\necho a sidecar\n')
  put('sidecars/helper-x86_64-pc-windows-msvc.exe', linkedPe())
  put('sidecars/helper-aarch64-apple-darwin', built['macos-arm64'])
  put('target/x86_64-pc-windows-msvc/release/notes.exe', built['windows-x64'])
  put('target/aarch64-apple-darwin/release/notes', built['macos-arm64'])
  const ran = await project.run(['package', '--profile', 'dev'])
  expect(ran.exitCode, ran.stderr).toBe(0)
  told = `${ran.stdout}${ran.stderr}`
  out = join(project.root, 'dist/2.0.1')
}, 300_000)
afterAll(() => {
  if (project !== undefined) rmSync(dirname(project.root), { recursive: true, force: true })
})

const fileOf = (ending: string): string => join(out, readdirSync(out).find(name => name.endsWith(ending)) ?? ending)
const emptyFolder = (): string => mkdtempSync(join(dirname(project.root), 'unpacked-'))
const typeIn = (file: string): string | undefined => /__TAURI_BUNDLE_TYPE_VAR_(...)/.exec(readFileSync(file, 'latin1'))?.[1]
const says = (file: string, ...args: readonly string[]): string =>
  execFileSync(file, args, { encoding: 'utf8', env: { PATH: process.env['PATH'], TMPDIR: tmpdir() } }).trim()
const found = (folder: string, name: string): string => {
  const entry = readdirSync(folder, { recursive: true, withFileTypes: true }).find(one => one.isFile() && one.name === name)
  return join(entry?.parentPath ?? folder, entry?.name ?? `no ${name}`)
}

const hindrance = has('cargo') && os === 'linux' ? '' : ' (skipped: it needs cargo and Linux)'
describe.skipIf(hindrance !== '')(`a Tauri app${hindrance}`, () => {
  describeWithJudge(['dpkg-deb', 'bsdtar', 'tar'], 'on Linux', judges => {
    it('says out of each package which one it was, and finds its resources and its sidecar', { timeout: 120_000 }, async () => {
      const unpacked = (
        [
          ['.deb', judges['dpkg-deb'], '-x', ''],
          ['.rpm', judges.bsdtar, '-xf', '-C'],
          ['linux-x64.tar.gz', judges.tar, '-xf', '-C'],
        ] as const
      ).map(([ending, judge, flag, to]) => {
        const folder = emptyFolder()
        execFileSync(judge, [flag, fileOf(ending.replace('linux-x64', target)), ...(to === '' ? [] : [to]), folder])
        return folder
      })
      const [deb = '', rpm = '', tar = ''] = unpacked
      expect(says(join(deb, 'usr/bin/notes'))).toBe('Deb, a resource, a sidecar')
      expect(says(join(rpm, 'usr/bin/notes'))).toBe('Rpm, a resource, a sidecar')
      expect(says(fileOf('.AppImage'), '--appimage-extract-and-run')).toBe('AppImage, a resource, a sidecar')
      // What Tauri makes no such package of is not spoken of.
      expect(says(found(tar, 'notes'))).toBe('None, a resource, a sidecar')
      expect(await builtInto(readFileSync(found(rpm, 'notes')))).toMatchObject({ tool: 'tauri', version: '2.0.1' })
    })
  })
  describeWithJudge(['7z', 'msiextract', 'unzip'], 'on Windows and macOS', judges => {
    it('says so in each installer, without a signature that no longer fits; what is portable or a bundle is as it was built', async () => {
      const [nsis, msi, zip, bundle] = [emptyFolder(), emptyFolder(), emptyFolder(), emptyFolder()]
      execFileSync(judges['7z'], ['x', '-y', `-o${nsis}`, fileOf('windows-x64-setup.exe')], { stdio: 'ignore' })
      execFileSync(judges.msiextract, ['-C', msi, fileOf('.msi')], { stdio: 'ignore' })
      execFileSync(judges.unzip, ['-q', fileOf('windows-x64.zip'), '-d', zip])
      execFileSync(judges.unzip, ['-q', fileOf('.app.zip'), '-d', bundle])
      const programs = [nsis, msi, zip].map(folder => found(folder, 'notes.exe'))
      expect(programs.map(typeIn)).toEqual(['NSS', 'MSI', 'UNK'])
      const tables = await Promise.all(
        programs.map(async program => (await readPe(fromBytes(readFileSync(program)))).certificates?.sizeBytes),
      )
      expect(tables).toEqual([undefined, undefined, 64])
      expect(readFileSync(programs[2] ?? '').equals(built['windows-x64'])).toBe(true)
      expect(told).toContain('notes.exe loses its signature')
      expect(readFileSync(join(bundle, 'Notes.app/Contents/MacOS/notes')).equals(built['macos-arm64'])).toBe(true)
    })
  })
  it('is packed from the cache the next time, and anew where nobody wants to be told', { timeout: 120_000 }, async () => {
    const outcomes = async (...more: readonly string[]): Promise<Readonly<Record<string, string>>> => {
      const events = join(dirname(project.root), 'events.jsonl')
      rmSync(events, { force: true })
      const ran = await project.run(['package', '--profile', 'dev', '--events', events, ...more])
      expect(ran.exitCode, ran.stderr).toBe(0)
      const ends = readFileSync(events, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as { type: string; step: string; outcome: string })
      return Object.fromEntries(ends.filter(one => one.type === 'step.end').map(one => [one.step, one.outcome]))
    }
    const second = await outcomes()
    for (const kind of ['deb', 'rpm', 'appimage', 'tar.gz']) expect([kind, second[`package:${target}:${kind}`]]).toEqual([kind, 'cached'])
    const plain = await outcomes('--set', 'build.tauri.bundleType=false')
    for (const kind of ['deb', 'rpm', 'appimage']) expect([kind, plain[`package:${target}:${kind}`]]).toEqual([kind, 'done'])
    expect(plain[`package:${target}:tar.gz`]).toBe('cached')
  })
})
