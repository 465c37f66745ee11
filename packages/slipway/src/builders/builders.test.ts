// Every builder against the conformance of its kind.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { AnyBuilder } from './builder.ts'
import { builderConformance, type BuilderFixture } from './conformance.ts'
import * as builders from './index.ts'

const fixtures: Readonly<Record<string, BuilderFixture>> = {
  prebuilt: {
    prepare: (project, program) => {
      if (program !== null) writeFileSync(join(project, 'program'), program)
    },
    options: { from: 'program' },
    codes: { wrongBinary: 'prebuilt/wrong-binary', missing: 'prebuilt/missing' },
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
    },
    options: { run: './make.sh', from: 'out' },
    codes: { wrongBinary: 'command/wrong-binary', missing: 'command/nothing-built' },
    runs: true,
  },
}

const skips = Object.values(builders as unknown as Record<string, AnyBuilder>).map(unit => {
  const fixture = fixtures[unit.id]
  if (fixture === undefined) throw new Error(`builders/${unit.id} has no conformance fixture`)
  return builderConformance(unit, fixture)
})

it('skips only what has a reason, and says how much', () => {
  const skipped = skips.flat()
  process.stdout.write(`builder conformance: ${skipped.length} cases skipped\n${skipped.join('\n')}\n`)
  expect(skipped).toHaveLength(Object.values(fixtures).reduce((sum, { skip = {} }) => sum + Object.keys(skip).length, 0))
})
