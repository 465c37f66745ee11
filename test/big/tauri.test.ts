// Tauri's own reader of the bundle type, the crate tauri-utils, in a program out of each package that Tauri makes for Linux: compiling it takes minutes.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { has } from '../../packages/slipway/src/builders/testing/programs.ts'
import { machine } from '../../packages/slipway/src/io/machine.ts'
import { judge } from '../kit/judges.ts'
import { smallProject } from '../kit/project.ts'

const fixture = fileURLToPath(new URL('../fixtures/programs/tauri/', import.meta.url))
const { os, arch } = machine().host
const [target, triple] = arch === 'arm64' ? ['linux-arm64', 'aarch64-unknown-linux-gnu'] : ['linux-x64', 'x86_64-unknown-linux-gnu']
const places: string[] = []
afterAll(() => places.forEach(place => rmSync(place, { recursive: true, force: true })))

/** Whether cargo reaches a registry. */
const fetched = (folder: string): boolean => {
  try {
    execFileSync('cargo', ['fetch'], { cwd: folder, stdio: 'ignore', timeout: 120_000 })
    return true
  } catch {
    return false
  }
}

const hindrance = has('cargo') && os === 'linux' ? '' : ' (skipped: it needs cargo and Linux)'
describe.skipIf(hindrance !== '')(`tauri-utils 2.10.2${hindrance}`, () => {
  it('reads of each package which one it came from', { timeout: 1_200_000 }, async ({ skip }) => {
    const app = {
      ...{ name: 'Notes', id: 'org.example.notes', bin: 'notes', version: '2.0.1', license: 'MIT', date: '2023-11-14' },
      ...{ summary: 'Keeps notes', publisher: 'Notes <notes@example.org>', homepage: 'https://example.org' },
    }
    const build = { tauri: { run: 'cargo build --release --locked --target {rust}', cwd: 'src-tauri' } }
    const project = smallProject({ targets: [target], more: { app, build, packages: ['deb', 'rpm', 'appimage', 'zip'], feeds: [] } })
    places.push(dirname(project.root))
    cpSync(fixture, project.root, { recursive: true })
    const home = join(project.root, 'src-tauri')
    const toml = readFileSync(join(home, 'Cargo.toml'), 'utf8')
    writeFileSync(join(home, 'Cargo.toml'), `${toml}\n[dependencies]\ntauri-utils = { version = "=2.10.2", default-features = false }\n`)
    const lines = ['fn main() {', '    println!("{:?}", tauri_utils::platform::bundle_type());', '}']
    writeFileSync(join(home, 'src/main.rs'), `${lines.join('\n')}\n`)
    mkdirSync(join(home, 'sidecars'))
    writeFileSync(join(home, `sidecars/helper-${triple}`), '#!/bin/sh\n', { mode: 0o755 })
    if (!fetched(home)) return skip('no registry of crates answers')
    const ran = await project.run(['package', '--profile', 'dev'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const out = join(project.root, 'dist/2.0.1')
    const fileOf = (ending: string): string => join(out, readdirSync(out).find(name => name.endsWith(ending)) ?? ending)
    const says = (file: string, ...args: readonly string[]): string => execFileSync(file, args, { encoding: 'utf8' }).trim()
    const unpacked = (tool: string, ...args: readonly string[]): string => {
      const folder = join(dirname(project.root), `unpacked-${places.length}`)
      places.push(folder)
      mkdirSync(folder)
      execFileSync(
        judge(tool) ?? tool,
        args.map(arg => (arg === '{}' ? folder : arg)),
      )
      return folder
    }
    expect(says(join(unpacked('dpkg-deb', '-x', fileOf('.deb'), '{}'), 'usr/bin/notes'))).toBe('Some(Deb)')
    expect(says(join(unpacked('bsdtar', '-xf', fileOf('.rpm'), '-C', '{}'), 'usr/bin/notes'))).toBe('Some(Rpm)')
    expect(says(fileOf('.AppImage'), '--appimage-extract-and-run')).toBe('Some(AppImage)')
    const zip = unpacked('bsdtar', '-xf', fileOf('.zip'), '-C', '{}')
    expect(says(join(zip, readdirSync(zip)[0] ?? '', 'bin/notes'))).toBe('None')
  })
})
