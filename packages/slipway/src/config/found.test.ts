// What is found in the repository, and the one version (CONFIG 3, "Found").
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, git, least, read } from './testing/project.ts'

const config = (app: object = {}): string => JSON.stringify({ ...least, app })
const repository = (files: Readonly<Record<string, string>>): string => {
  const cwd = folderOf(files)
  git(cwd, 'init', '-q', '-b', 'main')
  git(cwd, 'add', '.')
  git(cwd, 'commit', '-q', '-m', 'first')
  return cwd
}
const manifest = (more: object = {}): string =>
  JSON.stringify({
    name: '@acme/tool',
    version: '1.2.3',
    description: 'Does it',
    license: 'MIT',
    author: { name: 'Ann', email: 'ann@example.org' },
    bin: { 'acme-tool': 'x.js' },
    ...more,
  })

describe('the version', () => {
  it('is that of the config, else of the tag on HEAD, else of the manifest', async () => {
    const cwd = repository({ 'slipway.json': config({ name: 'x' }), 'package.json': manifest() })
    const from = async () => {
      const made = await read(cwd)
      return [made.questions, made.apps[0]?.app.version, made.chosen.find(one => one.path === 'app.version')?.from]
    }
    expect(await from()).toEqual([[], '1.2.3', 'package.json'])
    git(cwd, 'tag', 'v1.2.3')
    git(cwd, 'tag', 'nightly')
    expect(await from()).toEqual([[], '1.2.3', 'tag v1.2.3 on HEAD'])
    writeFileSync(join(cwd, 'slipway.json'), config({ name: 'x', version: 'package.json' }))
    expect(await from()).toEqual([[], '1.2.3', 'package.json'])
  })

  it('is refused where two places disagree, naming both', async () => {
    const cwd = repository({
      'slipway.json': config({ name: 'x' }),
      'package.json': manifest(),
      'Cargo.toml': '[package]\nname = "x"\nversion = "1.2.4"\n',
    })
    git(cwd, 'tag', 'v1.3.0')
    const { questions, apps } = await read(cwd)
    expect(apps[0]?.app.version).toBe('1.3.0')
    expect(questions.map(one => [one.code, one.message])).toEqual([
      ['version/disagree', 'tag v1.3.0 on HEAD says 1.3.0, but package.json says "1.2.3"'],
      ['version/disagree', 'tag v1.3.0 on HEAD says 1.3.0, but Cargo.toml says "1.2.4"'],
    ])
    expect((await read(cwd, { set: ['app.version=1.2.3'] })).questions.map(one => one.message)).toEqual([
      '--set says 1.2.3, but tag v1.3.0 on HEAD says "1.3.0"',
      '--set says 1.2.3, but Cargo.toml says "1.2.4"',
    ])
  })

  it('may be tagged as candidate and final on one commit; a private root of 0.0.0 says nothing', async () => {
    const cwd = repository({ 'slipway.json': config({ name: 'x' }), 'package.json': manifest({ private: true, version: '0.0.0' }) })
    git(cwd, 'tag', 'v2.0.0-rc.1')
    git(cwd, 'tag', 'v2.0.0')
    const made = await read(cwd)
    expect([made.apps[0]?.app.version, made.questions]).toEqual(['2.0.0', []])
  })

  it('is not read from tags of a larger repository, unless app.tag says how they are written', async () => {
    const cwd = repository({ 'tool/slipway.json': config({ name: 'x', version: '1.0.0' }) })
    git(cwd, 'tag', 'v9.0.0')
    git(cwd, 'tag', 'tool-2.0.0')
    expect((await read(join(cwd, 'tool'))).questions).toEqual([])
    writeFileSync(join(cwd, 'tool', 'slipway.json'), config({ name: 'x', tag: 'tool-{version}' }))
    expect((await read(join(cwd, 'tool'))).apps[0]?.app.version).toBe('2.0.0')
  })

  it('must be SemVer 2, and must be somewhere; manifests must be readable', async () => {
    const code = async (files: Readonly<Record<string, string>>) => (await read(folderOf(files))).questions.map(one => one.code)
    expect(await code({ 'slipway.json': config({ name: 'x', version: 'v1.2' }) })).toEqual(['version/not-semver'])
    expect(await code({ 'slipway.json': config({ name: 'x', version: 'VERSION' }), VERSION: '1.02.0\n' })).toEqual(['version/not-semver'])
    expect(await code({ 'slipway.json': config({ name: 'x', version: 'VERSION' }), VERSION: '1.2.0\n' })).toEqual([])
    expect(await code({ 'slipway.json': config({ name: 'x' }) })).toEqual(['version/none'])
    expect(await code({ 'slipway.json': config({ name: 'x', version: '1.0.0' }), 'package.json': '{' })).toEqual(['version/unreadable'])
  })
})

describe('the app', () => {
  it('is what the manifests say, the config first', async () => {
    const files = {
      'slipway.json': config({ summary: 'Mine' }),
      'package.json': manifest(),
      'CHANGELOG.md': '# Changes\n\n## [1.2.3] - 2026-01-02\n\n- New\n\n## 1.2.2\n\n- Old\n',
    }
    const made = await read(folderOf(files))
    expect(made.apps[0]?.app).toEqual({
      ...{
        key: 'acme-tool',
        bin: 'acme-tool',
        name: 'tool',
        id: '',
        version: '1.2.3',
        summary: 'Mine',
        license: 'MIT',
        publisher: 'Ann <ann@example.org>',
      },
      ...{ homepage: '', icon: '', category: '', channelEnv: 'ACME_TOOL_UPDATE_CHANNEL', notes: '- New' },
      ...{ protocols: [], opens: [], man: [], completions: [], services: [], conffiles: [], needs: [] },
    })
    expect(made.chosen).toContainEqual({ path: 'app.license', value: 'MIT', from: 'package.json' })
    expect(made.chosen).toContainEqual({ path: 'app.summary', value: 'Mine', from: 'slipway.json' })
  })

  it('is read from Tauri, electron-builder, Cargo and pyproject', async () => {
    const tauri = JSON.stringify({
      productName: 'Open Chamber',
      version: '1.0.0',
      identifier: 'dev.open.chamber',
      bundle: { shortDescription: 'Short', publisher: 'Acme' },
    })
    const cargo =
      '[workspace.package]\nversion = "1.0.0"\nlicense = "Apache-2.0"\n[package]\nname = "open-chamber"\nversion.workspace = true\nlicense.workspace = true\n'
    const one = await read(folderOf({ 'slipway.json': config(), 'src-tauri/tauri.conf.json': tauri, 'src-tauri/Cargo.toml': cargo }))
    expect(one.questions).toEqual([])
    expect(one.apps[0]?.app).toMatchObject({
      name: 'Open Chamber',
      bin: 'open-chamber',
      id: 'dev.open.chamber',
      license: 'Apache-2.0',
      summary: 'Short',
      publisher: 'Acme',
      version: '1.0.0',
    })
    const two = await read(
      folderOf({
        'slipway.json': config(),
        'package.json': manifest({ bin: undefined }),
        'electron-builder.yml': 'appId: com.acme.app\nproductName: Acme\n',
      }),
    )
    expect(two.apps[0]?.app).toMatchObject({ name: 'Acme', bin: 'acme', id: 'com.acme.app', version: '1.2.3' })
    const three = await read(
      folderOf({
        'slipway.json': config(),
        'pyproject.toml':
          '[project]\nname = "py-tool"\nversion = "3.0.0"\nscripts = { pyt = "a:b" }\nauthors = [{ name = "Ann" }]\nurls = { Homepage = "https://a.example" }\n',
      }),
    )
    expect(three.apps[0]?.app).toMatchObject({
      name: 'py-tool',
      bin: 'pyt',
      version: '3.0.0',
      publisher: 'Ann',
      homepage: 'https://a.example',
    })
  })

  it('is read where a Tauri app lies, with the icon that stands beside the listed ones', async () => {
    const conf = {
      productName: 'Desk',
      version: '1.2.3',
      identifier: 'dev.desk',
      mainBinaryName: 'desk',
      bundle: { icon: ['icons/32x32.png'] },
    }
    const files = { 'package.json': manifest({ bin: undefined }), 'packages/desktop/src-tauri/tauri.conf.json': JSON.stringify(conf) }
    const { app: _, ...rest } = least
    const text = JSON.stringify({ ...rest, build: { tauri: { dir: './packages/desktop/' } } })
    const app = async (more: object) => (await read(folderOf({ 'slipway.json': text, ...files, ...more }))).apps[0]?.app
    expect(await app({})).toMatchObject({ name: 'Desk', bin: 'desk', id: 'dev.desk', version: '1.2.3', icon: '' })
    const icon = 'packages/desktop/src-tauri/icons/icon.png'
    expect(await app({ [icon]: 'png' })).toMatchObject({ icon })
    const listed = JSON.stringify({ ...conf, bundle: { icon: ['pictures/512x512.png', 'icons/icon.ico'] } })
    const [path, picture] = ['packages/desktop/src-tauri/tauri.conf.json', 'packages/desktop/src-tauri/pictures/512x512.png']
    expect(await app({ [icon]: 'png', [path]: listed, [picture]: 'png' })).toMatchObject({ icon: picture })
  })

  it('gets packages by its kind', async () => {
    const { packages: _, ...rest } = least
    const ids = async (files: object) =>
      (await read(folderOf({ 'slipway.json': JSON.stringify(rest), ...files }))).apps[0]?.packages.map(one => one.id)
    expect(await ids({})).toEqual(['tar.gz', 'zip'])
    expect(await ids({ 'tauri.conf.json': JSON.stringify({ version: '0.28.3' }) })).toContain('deb')
  })
})

it('git gives commit, time and whether files were changed; what Slipway writes does not count', async () => {
  const cwd = repository({ 'slipway.json': JSON.stringify(least) })
  writeFileSync(join(folderOf({}), 'x'), '')
  const clean = await read(cwd)
  expect([clean.date, clean.dirty, Object.keys(clean.commits)]).toEqual([1_700_000_000, false, ['.']])
  git(cwd, 'init', '-q', join(cwd, 'dist'))
  writeFileSync(join(cwd, 'dist', 'a'), '')
  expect((await read(cwd)).dirty).toBe(false)
  writeFileSync(join(cwd, 'b'), '')
  expect((await read(cwd)).dirty).toBe(true)
  expect((await read(folderOf({ 'slipway.json': JSON.stringify(least) }))).commits).toEqual({})
})
