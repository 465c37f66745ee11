// Plants forbidden imports in a copy of the tree: each must turn the boundary check red, under its own rule's name (DESIGN 2).
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Boundaries, boundaryProblems, checkBoundaries } from '../../scripts/check/boundaries.ts'
import { projectRoot } from '../../scripts/lib/files.ts'

const slipway = 'packages/slipway/src'

/** Rule, file planted, what it says. */
const plants: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['core-imports-nothing', 'packages/core/src/planted-node.ts', "import { sep } from 'node:path'\nexport const planted = sep"],
  ['core-imports-nothing', 'packages/core/src/planted-zod.ts', "import type { ZodType } from 'zod'\nexport type Planted = ZodType"],
  [
    'formats-bytes-only',
    'packages/formats/src/planted-fs.ts',
    "import { readFileSync } from 'node:fs'\nexport const planted = readFileSync",
  ],
  ['formats-bytes-only', 'packages/formats/src/planted-zod.ts', "export type { ZodType } from 'zod'"],
  ['lzma-in-one-place', 'packages/formats/src/planted-lzma.ts', "export { xz } from '@napi-rs/lzma'"],
  ['formats-bytes-only', 'packages/formats/src/planted-core.ts', "export type { App } from '@slipway/core'"],
  [
    'sdk-core-and-formats',
    'packages/sdk/src/planted.ts',
    "import { planted } from '../../slipway/src/planted.ts'\nexport const twice = [planted, planted]",
  ],
  [
    'console-core-only',
    'packages/console/src/planted.ts',
    "import { FormatError } from '../../formats/src/format-error.ts'\nexport const planted = FormatError",
  ],
  ['slipway-not-sdk', `${slipway}/planted-sdk.ts`, "export { twice } from '../../sdk/src/planted.ts'"],
  ['machine-behind-io', `${slipway}/run/planted-fs.ts`, "export const planted = () => import('node:fs/promises')"],
  ['machine-behind-io', `${slipway}/plan/planted-os.ts`, "import { homedir } from 'os'\nexport const planted = homedir"],
  ['io-handed-down', `${slipway}/run/planted-io.ts`, "import { planted } from '../io/planted.ts'\nexport const again = planted"],
  ['io-is-low', `${slipway}/io/planted-up.ts`, "import type { Planted } from '../run/planted.ts'\nexport type Again = Planted"],
  ['pure-packagers', `${slipway}/packagers/planted-node.ts`, "import { sep } from 'node:path'\nexport const planted = sep"],
  ['pure-feeds', `${slipway}/feeds/planted-node.ts`, "import { createHash } from 'node:crypto'\nexport const planted = createHash"],
  ['no-sibling-unit', `${slipway}/packagers/planted-a.ts`, "import { planted } from './planted-node.ts'\nexport const again = planted"],
  ['no-other-kind', `${slipway}/stores/planted.ts`, "import { planted } from '../feeds/planted-node.ts'\nexport const again = planted"],
  ['contracts-as-types', `${slipway}/signers/planted.ts`, "import * as key from '../keys/key.ts'\nexport const planted = key"],
  ['kinds-are-low', `${slipway}/checks/planted.ts`, "import type { Planted } from '../run/planted.ts'\nexport type Again = Planted"],
  ['unit-is-a-leaf', `${slipway}/words.ts`, "import { planted } from './run/planted-fs.ts'\nexport const again = planted"],
  [
    'commands-print-nothing',
    `${slipway}/commands/planted.ts`,
    "import { planted } from '../reporters/planted.ts'\nexport const again = planted",
  ],
  ['commands-on-top', `${slipway}/run/planted-command.ts`, "import { again } from '../commands/planted.ts'\nexport const planted = again"],
  ['config-is-first', `${slipway}/config/planted.ts`, "import { planted } from '../plan/planted-os.ts'\nexport const again = planted"],
  ['plan-before-run', `${slipway}/plan/planted-run.ts`, "import { planted } from '../run/planted-fs.ts'\nexport const again = planted"],
  ['run-not-verify', `${slipway}/run/planted-verify.ts`, "import { planted } from '../verify/planted-ok.ts'\nexport const again = planted"],
  ['verify-on-its-own', `${slipway}/verify/planted.ts`, "import { planted } from '../run/planted-fs.ts'\nexport const again = planted"],
  ['no-cycles', `${slipway}/run/planted-back.ts`, "import type { There } from './planted-there.ts'\nexport type Back = There | 2"],
  ['plan-is-pure', `${slipway}/plan/planted-hash.ts`, "import { createHash } from 'node:crypto'\nexport const planted = createHash"],
  [
    'reporters-see-events',
    `${slipway}/reporters/planted-up.ts`,
    "import { planted } from '../run/planted-fs.ts'\nexport const again = planted",
  ],
  ['no-unresolved', `${slipway}/run/planted-nowhere.ts`, "export * from './planted-absent.ts'"],
  ['packages-not-tree', `${slipway}/run/planted-test.ts`, "export * from '../../../../test/planted.ts'"],
  ['nobody-imports-main', `${slipway}/run/planted-main.ts`, "import '../main.ts'"],
]

/** What the planted files lead to, and what must stay allowed. */
const companions: readonly (readonly [file: string, text: string])[] = [
  [`${slipway}/planted.ts`, 'export const planted = 1'],
  [`${slipway}/io/planted.ts`, "import { homedir } from 'node:os'\nexport const planted = homedir"],
  [`${slipway}/run/planted.ts`, "import type { Io } from '../io/io.ts'\nexport type Planted = Io"],
  [`${slipway}/run/planted-there.ts`, "import type { Back } from './planted-back.ts'\nexport type There = Back | 1"],
  [`${slipway}/reporters/planted.ts`, 'export const planted = 1'],
  [`${slipway}/verify/planted-ok.ts`, "import * as store from '../stores/store.ts'\nexport const planted = store"],
  [`${slipway}/packagers/planted-b/part.ts`, 'export const part = 1'],
  [
    `${slipway}/packagers/planted-b.ts`,
    "import type { Key } from '../keys/key.ts'\nimport { part } from './planted-b/part.ts'\nexport const planted: [Key?] = []\nexport const all = [part]",
  ],
  [`${slipway}/main.ts`, "import { homedir } from 'node:os'\nexport const planted = homedir"],
  ['test/planted.ts', 'export const planted = 1'],
]

let root = ''
let result: Boundaries

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'slipway-boundaries-'))
  copyTree(root)
  for (const [file, text] of [...companions, ...plants.map(([, ...plant]) => plant)]) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), `${text}\n`)
  }
  result = await checkBoundaries(root)
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('the boundary check', () => {
  it.each(plants)('is red for %s in %s', (rule, file) => {
    expect(result.breaches.filter(breach => breach.from === file).map(breach => breach.rule)).toContain(rule)
  })

  it.each([
    `${slipway}/verify/planted-ok.ts`,
    `${slipway}/packagers/planted-b.ts`,
    `${slipway}/io/planted.ts`,
    `${slipway}/run/planted.ts`,
  ])('lets what is allowed pass: %s', file => {
    expect(result.breaches.filter(breach => breach.from === file)).toEqual([])
  })

  it('reads every source file, and is red when it read fewer', () => {
    expect(result.modulesRead).toBe(result.sourceFiles)
    expect(boundaryProblems({ breaches: [], modulesRead: 0, sourceFiles: 3 })).toEqual([expect.stringContaining('only 0 of 3')])
    expect(boundaryProblems({ breaches: [], modulesRead: 3, sourceFiles: 3 })).toEqual([])
  })
})

/** The contracts and the packages' faces; node_modules linked, but for our own packages, which lead into the copy. */
const copyTree = (to: string): void => {
  const kinds = ['builders/builder', 'packagers/packager', 'signers/signer', 'checks/check', 'stores/store', 'keys/key', 'feeds/feed']
  const files = [...kinds.map(kind => `${slipway}/${kind}.ts`), `${slipway}/io/io.ts`, `${slipway}/unit.ts`, `${slipway}/tree.ts`]
  for (const file of [
    ...files,
    'packages/formats/src',
    'packages/core/src',
    ...['core', 'formats', 'slipway'].map(name => `packages/${name}/package.json`),
  ]) {
    cpSync(join(projectRoot, file), join(to, file), { recursive: true })
  }
  mkdirSync(join(to, 'node_modules/@slipway'), { recursive: true })
  for (const name of readdirSync(join(projectRoot, 'node_modules')).filter(one => one !== '@slipway' && one !== 'slipway')) {
    symlinkSync(join(projectRoot, 'node_modules', name), join(to, 'node_modules', name))
  }
  for (const name of ['core', 'formats']) symlinkSync(join('../../packages', name), join(to, 'node_modules/@slipway', name))
  expect(existsSync(join(to, 'node_modules/@slipway/core/package.json'))).toBe(true)
}
