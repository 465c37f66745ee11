// init: every kind of repository, in fixtures; nothing is overwritten, nothing is run, and what is written is a config that plan takes.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlipwayError } from '@slipway/core'
import { tinyElf, tinyMachO, tinyPe } from '@slipway/formats/testing/binaries'
import { loadConfig } from '../config/load.ts'
import { folderOf, git, ioWith, read } from '../config/testing/project.ts'
import { makePlan } from '../plan/plan.ts'
import { splitCommands } from '../words.ts'
import type { Invocation, Outcome, Style } from './command.ts'
import { run } from './init.ts'

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/repos', import.meta.url))
const plainStyle: Style = {
  bold: text => text,
  dim: text => text,
  red: text => text,
  green: text => text,
  yellow: text => text,
  cyan: text => text,
  width: 80,
}

interface Given {
  readonly flags?: Invocation['flags']
  readonly args?: readonly string[]
  readonly config?: string
  readonly answer?: (question: string) => string
}
const init = (cwd: string, { flags = { yes: true }, args = [], config, answer }: Given = {}): Promise<Outcome> =>
  run({
    io: ioWith(),
    global: {
      json: false,
      cwd,
      profile: 'release',
      set: [],
      quiet: false,
      verbose: false,
      reporter: 'none',
      ...(config === undefined ? {} : { config }),
    },
    args,
    flags,
    emit: () => undefined,
    signal: new AbortController().signal,
    interactive: answer !== undefined,
    ask: question => Promise.resolve(answer?.(question) ?? ''),
  })
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof SlipwayError ? error.problems.map(one => one.code).join(' ') : String(error)),
  )
const linesIn = (run: unknown): readonly string[] =>
  typeof run === 'string' ? [run] : typeof run === 'object' && run !== null ? Object.values(run).flatMap(linesIn) : []
const textOf = (outcome: Outcome): string => outcome.text(plainStyle, { verbose: false })

const copyOf = (name: string, files: Readonly<Record<string, string>> = {}): string => {
  const folder = folderOf(files)
  cpSync(join(fixtures, name), folder, { recursive: true })
  return folder
}
const put = (folder: string, path: string, bytes: Uint8Array | string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), bytes)
}

/** What was written, as the schema and plan take it: any problem of form or meaning throws here. */
const planned = async (folder: string, set: readonly string[] = []) =>
  makePlan({ project: await read(folder, { set }), until: 'publish', narrow: { targets: [], only: [] } })
const idsOf = (units: readonly { readonly id: string }[]): readonly string[] => units.map(one => one.id)

interface Expected {
  readonly kind: string
  readonly file: string
  readonly app: object
  readonly targets: readonly string[]
  readonly packages: readonly string[]
  readonly feeds?: readonly string[]
  readonly questions: readonly string[]
  readonly says: readonly string[]
}
const url = 'config/todo store.folder.url'
const cases: Readonly<Record<string, Expected>> = {
  'tauri-monorepo': {
    kind: 'tauri',
    file: 'slipway.config.ts',
    app: {
      name: 'OpenChamber',
      id: 'dev.openchamber.desktop',
      bin: 'openchamber-desktop',
      version: '1.4.0',
      license: 'MIT',
      category: 'DeveloperTool',
    },
    targets: ['macos-x64', 'macos-arm64', 'linux-x64'],
    packages: ['app', 'app.tar.gz', 'app.zip', 'appimage', 'deb', 'dmg'],
    feeds: ['tauri'],
    questions: ['config/todo app.publisher'],
    says: [
      'pnpm exec tauri build --no-bundle --target {rust}',
      'tauri: {',
      "dir: 'packages/desktop'",
      'env:TAURI_SIGNING_PRIVATE_KEY',
      'libayatana-appindicator3-1',
      'https://dl.openchamber.example',
    ],
  },
  'tauri-one': {
    kind: 'tauri',
    file: 'slipway.config.ts',
    app: { name: 'notes', id: 'org.example.notes', bin: 'notes', version: '2.0.1' },
    targets: ['linux-x64'],
    packages: ['appimage', 'deb'],
    feeds: ['tauri'],
    questions: ['config/todo app.publisher', url],
    says: [
      'npx --no-install tauri build',
      "'src-tauri/target/{rust}/release/{bin}{exe}'",
      'libwebkit2gtk-4.0-37',
      'Add what you build for: macos-arm64',
    ],
  },
  'electron-inline': {
    kind: 'electron',
    file: 'slipway.config.ts',
    app: { name: 'AutoByteus', id: 'com.autobyteus.app', publisher: 'AutoByteus <linux@autobyteus.example>' },
    targets: ['macos-x64', 'macos-arm64', 'windows-x64', 'linux-x64'],
    packages: ['app', 'app.zip', 'appimage', 'deb', 'dmg', 'nsis'],
    feeds: ['electron'],
    questions: [url],
    says: [
      'electron: {',
      "'electron-dist/mac-arm64/AutoByteus.app'",
      "'npm run build', 'npx --no-install electron-builder --win --x64 --dir --publish never'",
      'Not available yet: store.github "AutoByteus/autobyteus-web"',
      "out: 'slipway-dist'",
    ],
  },
  'electron-yml': {
    kind: 'electron',
    file: 'slipway.config.ts',
    app: { name: 'Acme Desk', id: 'com.acme.desk', bin: 'desk' },
    targets: ['linux-x64'],
    packages: ['rpm'],
    questions: [url],
    says: ['beta: {}', 'store.s3 "acme-desk"', "'dist/linux-unpacked'"],
  },
  'electron-json5': {
    kind: 'electron',
    file: 'slipway.config.ts',
    app: { name: 'Five', id: 'com.example.five' },
    targets: ['windows-x64', 'windows-x86'],
    packages: ['nsis'],
    questions: [],
    says: ["'dist/win-ia32-unpacked'", '--win --ia32 --dir', "url: 'https://dl.example.org/five"],
  },
  'electron-forge': {
    kind: 'electron',
    file: 'slipway.config.ts',
    app: { name: 'Forged', bin: 'forged' },
    targets: ['linux-x64'],
    packages: ['appimage', 'deb'],
    questions: ['config/todo app.id', 'config/todo app.publisher', url],
    says: ['electron-forge package --platform=linux --arch=x64', "'out/Forged-linux-x64'"],
  },
  'cargo-plain': {
    kind: 'cargo',
    file: 'slipway.yaml',
    app: { bin: 'rg', publisher: 'Rip <rip@example.org>', version: '14.1.0' },
    targets: ['linux-x64'],
    packages: ['deb', 'tar.gz'],
    questions: [url],
    says: ["run: 'cargo build --release --bin rg --target {rust}'", "'target/{rust}/release/{bin}{exe}'"],
  },
  'cargo-dist': {
    kind: 'cargo',
    file: 'slipway.yaml',
    app: { name: 'kandil-cli', bin: 'kandil', version: '0.3.0', license: 'Apache-2.0' },
    targets: ['macos-x64', 'macos-arm64', 'windows-x64', 'linux-x64', 'linux-x64-musl'],
    packages: ['msi', 'tar.gz', 'zip'],
    feeds: ['install'],
    questions: ['config/todo app.id', url],
    says: ['cargo build --profile dist --locked --package kandil-cli --bin kandil', 'target/{rust}/dist/', 'feeds.homebrew'],
  },
  'cargo-dist-workspace': {
    kind: 'cargo',
    file: 'slipway.yaml',
    app: { bin: 'one' },
    targets: ['macos-arm64', 'linux-x64-musl'],
    packages: ['tar.xz'],
    questions: [url],
    says: ['dist-workspace.toml'],
  },
  'go-plain': {
    kind: 'go',
    file: 'slipway.yaml',
    app: { bin: 'hey' },
    targets: ['macos-x64', 'macos-arm64', 'windows-x64', 'windows-arm64', 'linux-x64', 'linux-arm64'],
    packages: ['tar.gz', 'zip'],
    questions: [url, 'version/none app.version'],
    says: ['env GOOS=windows GOARCH=arm64 go build', 'the tag on HEAD, as v1.0.0'],
  },
  'go-goreleaser': {
    kind: 'go',
    file: 'slipway.yaml',
    app: {
      name: 'lab',
      bin: 'lab',
      license: 'MIT',
      publisher: 'Lab <lab@example.org>',
      homepage: 'https://lab.example',
      summary: 'A laboratory',
    },
    targets: ['macos-x64', 'macos-arm64', 'windows-x64', 'linux-x64', 'linux-arm64', 'linux-armv7'],
    packages: ['deb', 'rpm', 'tar.gz', 'zip'],
    questions: [url, 'version/none app.version'],
    says: [
      "''-ldflags=-s -w -X main.version={version}''",
      'GOARCH=arm GOARM=7',
      './cmd/lab',
      '-tags=netgo',
      'cmd/helper',
      'freebsd/amd64',
      'store.s3 "lab-releases"',
      'feeds.homebrew',
      "depends: ['git']",
      'The hooks',
    ],
  },
  'goreleaser-alone': {
    kind: 'none',
    file: 'slipway.yaml',
    app: { name: 'zed' },
    targets: ['macos-arm64', 'linux-x64'],
    packages: ['tar.gz'],
    questions: ['config/todo build.prebuilt', 'version/none app.version', url].toSorted(),
    says: [],
  },
  'npm-platforms': {
    kind: 'npm',
    file: 'slipway.config.ts',
    app: { bin: 'esbuild', version: '0.28.2', license: 'MIT' },
    targets: ['macos-x64', 'macos-arm64', 'windows-x64', 'linux-x64', 'linux-arm64'],
    packages: ['tar.gz', 'zip'],
    questions: [url],
    says: ["prebuilt: 'npm:@esbuild/{npm}'"],
  },
  'npm-script': {
    kind: 'npm',
    file: 'slipway.config.ts',
    app: { bin: 'lister', publisher: 'Ann <ann@example.org>' },
    targets: ['linux-x64'],
    packages: ['deb', 'tar.gz'],
    questions: [url],
    says: ["from: 'lib'", "bin: 'cli.js'"],
  },
  'npm-dependencies': {
    kind: 'npm',
    file: 'slipway.config.ts',
    app: { bin: 'bundled' },
    targets: ['linux-x64'],
    packages: ['tar.gz'],
    questions: ['config/todo build.command.from', url],
    says: ["run: 'npm run build'"],
  },
}

describe.each(Object.entries(cases))('%s', (name, expected) => {
  it('becomes a config that plan takes, with questions at most', async () => {
    const folder = copyOf(name)
    const outcome = await init(folder)
    expect(outcome.problems).toEqual([])
    expect(outcome.data).toMatchObject({
      kind: expected.kind,
      file: expected.file,
      written: [...(expected.file.endsWith('.ts') ? ['package.json'] : []), expected.file],
    })
    const text = readFileSync(join(folder, expected.file), 'utf8')
    for (const part of expected.says) expect(text.replaceAll(/\n *(\/\/|#) /g, ' ')).toContain(part.replace(/^\/\/ /, ''))
    expect(existsSync(join(folder, '.gitignore'))).toBe(false)
    const project = await read(folder)
    const [app] = project.apps
    expect(app!.app).toMatchObject(expected.app)
    expect(app!.targets).toEqual(expected.targets)
    expect(idsOf(app!.packages)).toEqual(expected.packages)
    expect(idsOf(app!.feeds)).toEqual(expected.feeds ?? [])
    expect(
      project.questions
        .filter(one => one.where.file !== 'electron-builder.json5')
        .map(one => `${one.code} ${one.where.path ?? ''}`)
        .sort(),
    ).toEqual(expected.questions)
  })
})

it('plan has packages for every target once the version is there', async () => {
  for (const name of Object.keys(cases)) {
    const folder = copyOf(name)
    await init(folder)
    // An rpm must name a license, which not every one of them states.
    const set = ['app.license=MIT', ...(cases[name]!.questions.includes('version/none app.version') ? ['app.version=1.0.0'] : [])]
    const plan = await planned(folder, set)
    expect([...new Set(plan.apps[0]!.artifacts.map(one => one.target))].sort(), name).toEqual([...cases[name]!.targets].sort())
  }
})

it('without a version, plan says so and nothing else', async () => {
  const folder = copyOf('go-goreleaser')
  await init(folder)
  expect(await codeOf(planned(folder))).toBe('config/todo version/none')
})

describe('programs that exist', () => {
  it('are told apart by their headers', async () => {
    const folder = folderOf({})
    put(folder, 'dist/tool-linux-amd64', tinyElf({ type: 2, interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'] }))
    put(folder, 'dist/tool-alpine', tinyElf({ type: 3, interpreter: '/lib/ld-musl-x86_64.so.1' }))
    put(folder, 'dist/arm/tool', tinyElf({ type: 2, machine: 183 }))
    put(folder, 'dist/arm/README', 'read me')
    put(folder, 'dist/tool.exe', tinyPe({}))
    put(folder, 'dist/tool-darwin-arm64', tinyMachO(0x0100000c))
    put(folder, 'dist/libx.so', tinyElf({ soname: 'libx.so', needed: ['libc.so.6'] }))
    put(folder, 'dist/notes', 'no program')
    put(folder, 'dist/broken', tinyElf({ type: 2 }).slice(0, 40))
    await init(folder)
    const { build, targets, app } = (await read(folder)).apps[0]!
    expect(app.bin).toBe('tool')
    expect(targets.toSorted()).toEqual(['linux-arm64', 'linux-x64', 'linux-x64-musl', 'macos-arm64', 'windows-x64'])
    expect(build[0]!.options['from']).toEqual({
      'macos-arm64': 'dist/tool-darwin-arm64',
      'windows-x64': 'dist/tool.exe',
      'linux-x64': 'dist/tool-linux-amd64',
      'linux-arm64': 'dist/arm',
      'linux-x64-musl': 'dist/tool-alpine',
    })
    expect(readFileSync(join(folder, 'slipway.yaml'), 'utf8')).toContain("out: 'slipway-dist'")
  })
  it('nothing at all is a config of questions', async () => {
    const folder = folderOf({ 'README.md': '# hi' })
    const outcome = await init(folder)
    expect(outcome.data).toMatchObject({ kind: 'none', open: ['build.prebuilt', 'store.folder.url'] })
    const project = await read(folder)
    expect(project.questions.map(one => one.code).sort()).toEqual(['config/no-targets', 'config/todo', 'config/todo', 'version/none'])
  })
})

describe('what is there already', () => {
  it.each(['slipway.config.ts', 'slipway.jsonc', 'slipway.yml'])('%s is never overwritten', async name => {
    const folder = copyOf('npm-script', { [name]: 'mine' })
    const outcome = await init(folder)
    expect(outcome.problems).toMatchObject([{ code: 'init/exists', exit: 'input', where: { file: name } }])
    expect(outcome.data).toMatchObject({ written: [], text: expect.stringContaining("from: 'lib'") as string })
    expect(readFileSync(join(folder, name), 'utf8')).toBe('mine')
    expect(readFileSync(join(folder, 'package.json'))).toEqual(readFileSync(join(fixtures, 'npm-script/package.json')))
  })
  it('package.json keeps its mode, and a script of another text', async () => {
    const folder = copyOf('electron-inline')
    const outcome = await init(folder)
    expect(outcome.data['notes']).toContainEqual(expect.stringContaining('dist:release is there with another text'))
    const after = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { scripts: object }
    expect(after.scripts).toEqual({
      build: 'vite build',
      'dist:release': 'electron-builder --publish always',
      'dist:dev': 'slipway package --profile dev',
    })
    expect(statSync(join(folder, 'package.json')).mode).toBe(statSync(join(fixtures, 'electron-inline/package.json')).mode)
  })
  it('.gitignore is added to where git is, also in a folder of the repository', async () => {
    const top = copyOf('npm-script', { '.gitignore': 'node_modules/\n' })
    git(top, 'init', '-q')
    expect((await init(top)).data['written']).toEqual(['package.json', '.gitignore', 'slipway.config.ts'])
    expect(readFileSync(join(top, '.gitignore'), 'utf8')).toBe('node_modules/\n/.slipway/\n/dist/\n')
    put(top, 'tool/go.mod', 'module example.org/tool\n')
    put(top, 'tool/main.go', 'package main\n')
    expect((await init(join(top, 'tool'))).data['written']).toEqual(['.gitignore', 'slipway.yaml'])
  })
  it('links are not written through', async () => {
    const folder = folderOf({ 'real.json': '{}', 'go.mod': 'module a.b/c\n', 'main.go': 'package main\n' })
    symlinkSync('real.json', join(folder, 'package.json'))
    const outcome = await init(folder)
    expect(outcome.data).toMatchObject({ written: ['slipway.yaml'], notes: [expect.stringContaining('package.json is a link')] })
    expect(readFileSync(join(folder, 'real.json'), 'utf8')).toBe('{}')
  })
  it.each([
    [{ 'package.json': '{ "name": ' }],
    [{ 'package.json': '{}', 'src-tauri/tauri.conf.json': '{ "productName": [ }' }],
    [{ 'Cargo.toml': '[package' }],
    [{ 'go.mod': 'module a\n', '.goreleaser.yaml': 'a: [' }],
  ])('%j is refused, not passed over', async files => {
    const folder = folderOf(files)
    expect(await codeOf(init(folder))).toBe('init/unreadable')
    expect(readdirSync(folder).some(name => name.startsWith('slipway'))).toBe(false)
  })
  it('bytes that are no UTF-8 are refused', async () => {
    const folder = folderOf({})
    put(folder, 'package.json', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))
    expect(await codeOf(init(folder))).toBe('init/unreadable')
  })
})

describe('nothing is written unseen', () => {
  it('without a terminal and --yes it prints the diff', async () => {
    const folder = copyOf('npm-script')
    const outcome = await init(folder, { flags: {} })
    expect(outcome.problems).toEqual([])
    expect(outcome.data).toMatchObject({
      written: [],
      changes: [
        { file: 'package.json', action: 'edit' },
        { file: 'slipway.config.ts', action: 'create' },
      ],
    })
    expect(textOf(outcome)).toContain('+++ slipway.config.ts\n+// What Slipway releases here.')
    expect(textOf(outcome)).toContain('slipway init --yes')
    expect(readdirSync(folder).sort()).toEqual(['lib', 'package.json'])
  })
  it.each([
    ['y', ['package.json', 'slipway.config.ts']],
    ['n', []],
    ['', []],
  ])('at a terminal it asks: %j', async (answer, written) => {
    const questions: string[] = []
    const outcome = await init(copyOf('npm-script'), { flags: {}, answer: question => (questions.push(question), answer) })
    expect(outcome.data['written']).toEqual(written)
    expect(questions).toEqual([
      expect.stringMatching(/\+ {4}bin|\+ {6}from: 'lib'[^]*Write package\.json, slipway\.config\.ts\? \[y\/N\] $/),
    ])
  })
  it('what changed while it asked is not overwritten', async () => {
    const folder = copyOf('npm-script')
    const mine = '{ "name": "mine" }'
    const work = init(folder, { flags: {}, answer: () => (put(folder, 'package.json', mine), 'y') })
    expect(await codeOf(work)).toBe('init/changed')
    expect(readdirSync(folder).sort()).toEqual(['lib', 'package.json'])
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe(mine)
    const second = init(folder, { flags: {}, answer: () => (put(folder, 'slipway.config.ts', 'mine'), 'y') })
    expect(await codeOf(second)).toBe('init/exists')
  })
})

describe('what comes later', () => {
  it('hooks and --adopt are refused', async () => {
    const folder = folderOf({})
    expect(await codeOf(init(folder, { args: ['hooks'] }))).toBe('init/hooks-later')
    expect(await codeOf(init(folder, { flags: { adopt: 'https://x.example' } }))).toBe('init/adopt-later')
    expect(readdirSync(folder)).toEqual([])
  })
  it('--config names file and form', async () => {
    const folder = copyOf('go-plain')
    expect((await init(folder, { config: 'slipway.config.ts' })).data['written']).toEqual(['slipway.config.ts'])
    expect(await codeOf(init(folder, { config: 'slipway.toml' }))).toBe('init/unknown-form')
  })
})

describe('hostile texts', () => {
  const bad = fc.oneof(
    fc.constantFrom(
      "a'\n}) // ",
      '`${process.exit(9)}`',
      '${x}',
      '\u001b]0;x\u0007',
      '\u2028 */',
      'TODO: x',
      '../../x',
      '{rust}',
      "a' | rm -rf /",
      '# : -',
      'AKIAABCDEFGHIJKLMNOP',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
  )
  const reposOf = (name: string, text: string): readonly Readonly<Record<string, string>>[] => [
    {
      'package.json': JSON.stringify({
        name,
        description: text,
        author: text,
        license: text,
        homepage: text,
        version: '1.0.0',
        bin: { [name]: text },
        scripts: { build: text },
      }),
    },
    {
      'package.json': '{}',
      'apps/x/src-tauri/tauri.conf.json': JSON.stringify({
        productName: name,
        identifier: text,
        version: '1.0.0',
        bundle: { targets: [text, 'deb'], icon: [text], linux: { deb: { depends: [text] } } },
        plugins: { updater: { pubkey: text, endpoints: [text] } },
      }),
    },
    {
      'package.json': JSON.stringify({
        name,
        version: '1.0.0',
        devDependencies: { electron: '1', 'electron-builder': '1' },
        build: {
          appId: text,
          productName: name,
          directories: { output: text },
          linux: { target: [text], maintainer: text },
          mac: {},
          publish: { provider: 's3', bucket: text },
        },
      }),
    },
    {
      'go.mod': `module ${name.replaceAll(/\s/g, '')}\n`,
      'main.go': 'package main\n',
      '.goreleaser.yaml': JSON.stringify({
        project_name: name,
        builds: [{ main: text, binary: name, dir: text, flags: [text], ldflags: [text] }],
        nfpms: [{ formats: ['deb'], maintainer: text, section: text, dependencies: [text], package_name: text }],
        blobs: [{ provider: 's3', bucket: text }],
      }),
    },
  ]
  it('never break the config, nor run, nor stand where they cannot', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(bad, bad, async (name, text) => {
        for (const files of reposOf(name, text)) {
          const folder = folderOf(files)
          const outcome = await init(folder)
          const { tree } = await loadConfig(ioWith(), { cwd: folder })
          const project = await read(folder)
          expect(project.questions.length).toBeGreaterThan(0)
          expect(await codeOf(planned(folder, ['app.version=1.0.0']))).toBe('none')
          for (const { options } of project.apps[0]!.build)
            expect(linesIn(options['run']).flatMap(splitCommands).length).toBe(linesIn(options['run']).length)
          const written = (tree['app'] ?? {}) as Record<string, string>
          for (const value of Object.values(written))
            expect(
              [name, text].some(one => one.trim().toLowerCase() === value.toLowerCase()) || /^[\x20-\x7e]+$/.test(value),
              JSON.stringify(value),
            ).toBe(true)
          expect(textOf(outcome)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/)
          expect(readFileSync(join(folder, String(outcome.data['file'])), 'utf8')).not.toMatch(
            /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/,
          )
        }
      }),
      { numRuns: 15 },
    )
  })
  it('a name of quotes and backticks is taken exactly', async () => {
    const name = 'It\'s `${x}` "Acme" \u{1f98a}'
    const folder = folderOf({
      'package.json': '{}',
      'apps/x/src-tauri/tauri.conf.json': JSON.stringify({ productName: name, identifier: 'a.b', version: '1.0.0' }),
    })
    await init(folder)
    expect((await read(folder)).apps[0]!.app.name).toBe(name)
  })
})
