// doctor: what is needed, what is there, how to get the rest.
import { describe, expect, it } from 'vitest'
import { runCommandLine } from './frame.ts'
import { fakeIo, fakeStreams } from './testing/streams.ts'
import type { Tool } from './doctor.ts'

const runDoctor = async (argv: readonly string[], options: Parameters<typeof fakeIo>[0] & { node?: string }) => {
  const fake = fakeStreams()
  const io = fakeIo(options)
  const code = await runCommandLine(
    ['doctor', '--json', ...argv],
    { ...io, host: { ...io.host, nodeVersion: options.node ?? '24.15.0' } },
    fake.streams,
  )
  const doc = JSON.parse(fake.stdout()) as { tools?: Tool[]; errors: { code: string; hint: string }[] }
  return { code, doc, tool: (name: string) => doc.tools?.find(one => one.tool === name) }
}
const config = (tree: unknown) => ({ '/project/slipway.json': JSON.stringify(tree) })

describe('doctor', () => {
  it('needs Node alone where there is no config', async () => {
    const { code, tool } = await runDoctor([], {})
    expect(code).toBe(0)
    expect(tool('git')).toMatchObject({ state: 'missing', needed: false, fix: 'Install it: sudo apt-get install git' })
    expect(tool('node')).toMatchObject({ state: 'found', version: '24.15.0' })
  })
  it('refuses an old Node', async () => {
    const { code, doc } = await runDoctor([], { node: '24.9.0' })
    expect(code).toBe(4)
    expect(doc.errors).toMatchObject([{ code: 'doctor/old-node' }])
  })
  it('needs git, npm for npm packages and what the commands of the config start', async () => {
    const files = config({
      build: { prebuilt: 'npm:@esbuild/{npm}', command: { run: { 'linux-*': ['pnpm install', './gradlew x'], 'macos-*': 'xcodebuild' } } },
    })
    const { code, doc, tool } = await runDoctor([], { files, tools: { git: 'git version 2.39.5\n' } })
    expect(code).toBe(4)
    expect(tool('git')).toMatchObject({ state: 'found', version: '2.39.5', path: '/usr/bin/git' })
    expect(tool('npm')).toMatchObject({ for: ['build.prebuilt'], fix: 'Install it: sudo apt-get install npm' })
    expect(doc.errors.map(error => error.code)).toEqual(['doctor/missing-tool', 'doctor/missing-tool', 'doctor/missing-tool'])
    expect(tool('./gradlew')).toBeUndefined()
  })
  it('needs Python, whose pip fetches wheels', async () => {
    const files = config({ build: { prebuilt: { from: { 'linux-x64': 'pypi:ruff' } } } })
    const { code, tool } = await runDoctor([], { files, tools: { git: 'git version 2.39.5\n' } })
    expect(code).toBe(4)
    expect(tool('python3')).toMatchObject({ for: ['build.prebuilt'], fix: 'Install it: sudo apt-get install python3' })
  })
  it('names what a unit is lent for some projects alone, and does not miss it', async () => {
    const files = config({ build: { prebuilt: 'tree' }, packages: ['app'] })
    const { code, tool } = await runDoctor([], { files, tools: { git: 'git version 2.39.5\n' } })
    expect(code).toBe(0)
    expect(tool('rsvg-convert')).toMatchObject({
      state: 'missing',
      needed: false,
      for: ['packages.app'],
      fix: 'Install it: sudo apt-get install librsvg2-bin',
    })
  })
  it('is narrowed by --target and --only', async () => {
    const files = config({ build: { command: { run: { 'linux-*': 'pnpm x', 'macos-*': 'xcodebuild' } } }, packages: ['deb'] })
    const tools = { git: '' }
    expect((await runDoctor(['--target', 'linux-x64'], { files, tools })).doc.tools?.map(one => one.tool)).toEqual(['node', 'git', 'pnpm'])
    expect((await runDoctor(['--only', 'deb'], { files, tools })).code).toBe(0)
  })
  it.each([
    [['--target', 'linux-z80'], 'doctor/unknown-target'],
    [['--only', 'dbe'], 'doctor/unknown-unit'],
  ])('refuses %j', async (argv, code) => {
    const result = await runDoctor(argv, { files: config({}) })
    expect(result.code).toBe(2)
    expect(result.doc.errors).toMatchObject([{ code }])
  })
})
