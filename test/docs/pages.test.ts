// The project's pages hold what they say: links, named commands and files, the config in the README, the reference, the decisions.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { specs } from '../../packages/slipway/src/commands/specs.ts'
import { jsonSchema } from '../../packages/slipway/src/config/json-schema.ts'
import { brokenLinks } from '../../scripts/docs/links.ts'
import { codeOf, commandFaults, unknownNames } from '../../scripts/docs/named.ts'
import { defaults, kinds, reference } from '../../scripts/gen/reference.ts'
import { projectRoot } from '../../scripts/lib/files.ts'
import { blocksOf } from './console-blocks.ts'

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8')

describe('the pages', () => {
  it('have no broken link', () => expect(brokenLinks(projectRoot)).toEqual([]))
  it('name no command, flag, script or file that is not there', () => expect(unknownNames(projectRoot)).toEqual([]))
  it('document every command', () => {
    const page = read('docs/reference/commands.md')
    const documented = [...page.matchAll(/^### (\S+)$/gm)].map(([, name = '']) => name)
    expect(documented.toSorted()).toEqual(specs.map(spec => spec.name).toSorted())
  })
})

describe('README.md', () => {
  it("shows the example's config whole", () => {
    const shown = blocksOf(read('README.md')).filter(block => block.info === 'ts')
    expect(shown.map(block => `${block.body.join('\n')}\n`)).toEqual([read('examples/esbuild/slipway.config.ts')])
  })
  it('gives the two commands', () => {
    const [first] = blocksOf(read('README.md'))
    expect(first?.body.map(line => line.split('#')[0]?.trim())).toEqual(['npm ci && npm start', 'npm ci && npm test'])
  })
})

describe('ARCHITECTURE.md', () => {
  const text = read('ARCHITECTURE.md')
  it('has a tour of six files that exist', () => {
    const tour = [...(text.split('## A fifteen-minute tour')[1] ?? '').matchAll(/^\d+\. `([^`]+)`/gm)].map(([, path = '']) => path)
    expect(tour).toHaveLength(6)
    for (const path of tour) expect(existsSync(join(projectRoot, path)), path).toBe(true)
  })
  it('names the contract of each of the seven kinds', () => {
    for (const kind of kinds) expect(text).toMatch(new RegExp(`\\| ${kind.folder} \\| \`packages/slipway/src/${kind.folder}/`))
  })
  it('leaves out no folder of the pipeline', () => {
    const folders = readdirSync(join(projectRoot, 'packages/slipway/src'), { withFileTypes: true }).filter(entry => entry.isDirectory())
    for (const { name } of folders) expect(text, name).toContain(`packages/slipway/src/${name}`)
  })
})

describe('the decisions', () => {
  const pages = readdirSync(join(projectRoot, 'docs/decisions')).filter(name => name !== 'README.md')
  it.each(pages)('%s says context, choice, why, what would change it, and stands in the index', name => {
    const headings = [...read(`docs/decisions/${name}`).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    expect(headings).toEqual(['Context', 'Choice', 'Why', 'What would change it'])
    expect(read('docs/decisions/README.md')).toContain(`(${name})`)
  })
})

describe('the reference', () => {
  it('knows a default of every key of the config', () => {
    const { properties } = jsonSchema() as { readonly properties: object }
    expect(['$schema', ...Object.keys(defaults)].toSorted()).toEqual(Object.keys(properties).toSorted())
  })
  it('has a page for each unit, with each option described', async () => {
    const texts = await reference.run(projectRoot)
    for (const kind of kinds)
      for (const unit of kind.units) {
        const page = texts.get(`docs/reference/${kind.key}/${unit.id}.md`) ?? ''
        for (const option of Object.keys(unit.options ?? {}))
          expect(page, `${kind.key} ${unit.id}`).toMatch(new RegExp(`\\| \`${option}\` \\| .+ \\| .* \\| .{5,} \\|`))
      }
  })
  it('says which keys this version does not carry out, as the config reader does', async () => {
    const page = (await reference.run(projectRoot)).get('docs/reference/config.md') ?? ''
    const later = page.split('\n').filter(line => line.includes('(not carried out by this version)'))
    expect(later.some(line => line.includes('`hooks`'))).toBe(true)
    expect(later.some(line => line.includes('`thresholds`'))).toBe(true)
    expect(later.some(line => line.includes('`targets`'))).toBe(false)
  })
})

describe('the reader of named commands', () => {
  it('finds unknown commands and flags, in spans and in blocks', () => {
    expect(commandFaults('slipway relase')).toEqual(['slipway has no command relase'])
    expect(commandFaults('npx slipway plan --chanel x --json')).toEqual(['slipway plan has no --chanel'])
    expect(commandFaults('slipway verify https://x --keys trust | less --foo')).toEqual([])
    expect(commandFaults('slipway COMMAND --help')).toEqual([])
    expect(commandFaults('see slipway.config.ts')).toEqual([])
    expect(codeOf('a `x` b ``y ` z``\n```sh\n$ slipway foo\n```\nc')).toEqual([
      { code: 'x', line: 1 },
      { code: 'y ` z', line: 1 },
      { code: '$ slipway foo', line: 3 },
    ])
  })
})
