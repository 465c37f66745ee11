// Every builder against the conformance of its kind.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { writePlist } from '@slipway/formats/plist/write'
import { spell } from '@slipway/core'
import type { AnyBuilder } from './builder.ts'
import { builderConformance, type BuilderFixture } from './conformance.ts'
import { bun } from './bun.ts'
import * as builders from './index.ts'
import { nodeSea } from './node-sea.ts'
import { jobIn } from './testing/jobs.ts'
import { leak, writePackage, writeTool } from './testing/toolchains.ts'

const fixtures: Readonly<Record<string, BuilderFixture>> = {
  prebuilt: {
    prepare: (project, program) => {
      if (program !== null) writeFileSync(join(project, 'program'), program)
      return undefined
    },
    options: { from: 'program' },
    codes: { wrongBinary: 'prebuilt/wrong-binary', missing: 'prebuilt/missing' },
    runs: false,
  },
  electron: {
    prepare: (project, program, target) => {
      if (program === null) return undefined
      const contents = target.startsWith('macos') ? 'Tool.app/Contents/' : ''
      const files: Readonly<Record<string, string | Uint8Array>> =
        contents === ''
          ? { [target.startsWith('windows') ? 'tool.exe' : 'tool']: program, 'resources/app/main.js': '' }
          : {
              [`${contents}MacOS/tool`]: program,
              [`${contents}Info.plist`]: writePlist({ CFBundleExecutable: 'tool' }),
              [`${contents}Frameworks/Electron Framework.framework/Electron Framework`]: program,
              [`${contents}Resources/app/main.js`]: '',
            }
      for (const [path, bytes] of Object.entries(files)) {
        mkdirSync(dirname(join(project, 'out', path)), { recursive: true })
        writeFileSync(join(project, 'out', path), bytes)
      }
      return undefined
    },
    options: { from: 'out' },
    codes: { wrongBinary: 'electron/wrong-binary', missing: 'electron/missing' },
    runs: false,
  },
  command: {
    prepare: (project, program) => {
      mkdirSync(join(project, 'source'))
      if (program !== null) writeFileSync(join(project, 'source/program'), program)
      // What it leaves also holds what it saw of a variable that it should not see.
      const lines =
        program === null
          ? ['true']
          : ['mkdir out', 'cp source/program out/tool', 'cp source/program out/tool.exe', 'env | { grep canary || true; } > out/variables']
      writeFileSync(join(project, 'make.sh'), `#!/bin/sh\n${lines.join('\n')}\n`)
      chmodSync(join(project, 'make.sh'), 0o755)
      return undefined
    },
    options: { run: './make.sh', from: 'out' },
    codes: { wrongBinary: 'command/wrong-binary', missing: 'command/nothing-built' },
    runs: true,
  },
  go: {
    prepare: (project, program) => {
      if (program !== null) writeFileSync(join(project, 'program'), program)
      writeTool(project, 'go', ['while [ "$1" != -o ]; do shift; done', 'cp program "$2"', leak('$2')])
      return undefined
    },
    options: {},
    codes: { wrongBinary: 'go/wrong-binary', missing: 'go/failed' },
    runs: true,
    skip: { 'says before the work what its options lack': 'a Go project is built without any option' },
  },
  cargo: {
    prepare: (project, program, target) => {
      writeFileSync(join(project, 'Cargo.lock'), 'version = 4\n')
      if (program !== null) writeFileSync(join(project, 'program'), program)
      writeTool(project, 'rustc', [`echo "${project}"`])
      const file = `"$folder/tool${target.startsWith('windows') ? '.exe' : ''}"`
      writeTool(project, 'cargo', [
        'while [ $# -gt 0 ]; do case "$1" in --target) triple=$2 ;; --target-dir) folder=$2 ;; esac; shift; done',
        'folder="$folder/$triple/release"; mkdir -p "$folder"',
        `cp program ${file}`,
        leak(file.slice(1, -1)),
      ])
      return undefined
    },
    options: {
      env: Object.fromEntries(
        [
          'AARCH64_UNKNOWN_LINUX_GNU',
          'X86_64_PC_WINDOWS_MSVC',
          'AARCH64_PC_WINDOWS_MSVC',
          'X86_64_APPLE_DARWIN',
          'AARCH64_APPLE_DARWIN',
        ].map(triple => [`CARGO_TARGET_${triple}_LINKER`, 'cc']),
      ),
    },
    codes: { wrongBinary: 'cargo/wrong-binary', missing: 'cargo/failed' },
    runs: true,
    skip: { 'says before the work what its options lack': 'a Rust project is built without any option' },
  },
  'node-sea': {
    prepare: (project, program, target) => {
      if (program !== null) writeFileSync(join(project, 'cli.cjs'), '')
      const tool = [`cp "${project}/program" program`, leak('program')]
      return packagesOf(nodeSea, { project, program, target, tool, name: 'node' })
    },
    options: { entry: 'cli.cjs' },
    codes: { wrongBinary: 'node-sea/wrong-binary', missing: 'node-sea/no-file' },
    runs: true,
  },
  bun: {
    prepare: (project, program, target) => {
      if (program !== null) writeFileSync(join(project, 'cli.ts'), '')
      const tool = [
        'for one in "$@"; do case "$one" in --outfile=*) file=${one#*=} ;; esac; done',
        `cp "${project}/program" "$file"`,
        leak('$file'),
      ]
      return packagesOf(bun, { project, program, target, tool, name: 'bun' })
    },
    options: { entry: 'cli.ts' },
    codes: { wrongBinary: 'bun/wrong-binary', missing: 'bun/no-file' },
    runs: true,
  },
  tauri: {
    prepare: (project, program, target) => {
      const built = join(project, 'src-tauri/target', spell(target, 'rust'), 'release')
      mkdirSync(built, { recursive: true })
      writeFileSync(join(project, 'src-tauri/tauri.conf.json'), JSON.stringify({ productName: 'A Tool', mainBinaryName: 'tool' }))
      if (program !== null) writeFileSync(join(project, 'program'), program)
      const file = join(built, `tool${target.startsWith('windows') ? '.exe' : ''}`)
      writeTool(project, 'make-app', program === null ? ['true'] : [`cp program "${file}"`, leak(file)])
      return undefined
    },
    // Programs of these cases are headers alone.
    options: { run: './tools/make-app', bundleType: false },
    codes: { wrongBinary: 'tauri/wrong-binary', missing: 'tauri/missing' },
    runs: true,
    skip: { 'says before the work what its options lack': 'a Tauri app that was built is taken without any option' },
  },
}

interface Packages {
  readonly project: string
  readonly program: Uint8Array | null
  readonly target: string
  /** What the program of the machine that builds does, which is a script here. */
  readonly tool: readonly string[]
  readonly name: string
}

/** The pinned packages of a builder: of the machine that builds, and of the target. */
async function packagesOf(
  unit: Pick<typeof nodeSea, 'inputs'> | Pick<typeof bun, 'inputs'>,
  { project, program, target, tool, name }: Packages,
): Promise<Readonly<Record<string, string>>> {
  writeFileSync(join(project, 'program'), program ?? '')
  const locked: Record<string, string> = {}
  const inputs = unit.inputs?.({ ...jobIn(project), target }, {}) ?? []
  for (const input of inputs) {
    const isHost = input === inputs.at(-1)
    const file = !isHost && target.startsWith('windows') ? `${name}.exe` : name
    locked[input] = await writePackage(project, { input, bin: { [file]: isHost ? tool : (program ?? new Uint8Array(0)) } })
  }
  return locked
}

// What is joined of other targets has no source of its own: join.test.ts.
const ofSources = Object.values(builders as unknown as Record<string, AnyBuilder>).filter(unit => unit.joins === undefined)
const skips = ofSources.map(unit => {
  const fixture = fixtures[unit.id]
  if (fixture === undefined) throw new Error(`builders/${unit.id} has no conformance fixture`)
  return builderConformance(unit, fixture)
})

it('skips only what has a reason, and says how much', () => {
  const skipped = skips.flat()
  process.stdout.write(`builder conformance: ${skipped.length} cases skipped\n${skipped.join('\n')}\n`)
  expect(skipped).toHaveLength(Object.values(fixtures).reduce((sum, { skip = {} }) => sum + Object.keys(skip).length, 0))
})
