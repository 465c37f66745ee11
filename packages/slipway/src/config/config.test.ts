// The config as CONFIG fixes it: its errors, --set, several apps, its forms, its types.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineConfig } from '../index.ts'
import { folderOf, least, linesOf, problemsOf, project, read } from './testing/project.ts'

const code = (problems: readonly { readonly code: string }[]): readonly string[] => problems.map(one => one.code)
const ts = (body: string): string => folderOf({ 'slipway.config.ts': `import { defineConfig } from 'slipway'\n${body}\n` })

describe('the errors of form', () => {
  it('are said all at once, with place, path, code, what and how (CONFIG 3)', async () => {
    const folder = ts(`const steps = ['5% 1d', '20 1d']
const more = { dbe: true } as const
export default defineConfig({
  channels: { stable: { rollout: steps, requires: ['signatues'] } },
  packages: { deb: true, ...more },
  sign: { minisign: { password: 'hunter2hunter2' } },
  app: { nmae: 'x', version: 3 },
} as never)`)
    const problems = await problemsOf(read(folder))
    expect(linesOf(problems)).toEqual([
      `slipway.config.ts:2:25  channels.stable.rollout.1  config/wrong-type
  Expected a step such as '5% 1d' (stay a day) or '100%', but "20 1d" stands here. Correct the value, or leave the key out to get its default.`,
      `slipway.config.ts:3:16  packages.dbe  config/unknown-key
  "dbe" is no package format. Did you mean "deb"?`,
      expect.stringMatching(
        /^slipway\.config\.ts:5:52 {2}channels\.stable\.requires\.0 {2}config\/unknown-value\n {2}"signatues" is not one of \d+ known values\. Did you mean "signatures"\?$/,
      ),
      `slipway.config.ts:7:23  sign.minisign.password  config/secret-value
  A secret may stand here (not shown). The config only names secrets. Write 'env:NAME', 'file:PATH', 'keychain:…' or 'command:…', and revoke it if it was real.`,
      `slipway.config.ts:8:10  app.nmae  config/unknown-key
  "nmae" is no option of app. Did you mean "name"?`,
      `slipway.config.ts:8:21  app.version  config/wrong-type
  Expected a text, but 3 stands here. Correct the value, or leave the key out to get its default.`,
    ])
    expect(problems.every(one => one.exit === 'input')).toBe(true)
  })

  it('find the place in YAML and JSON too', async () => {
    const yaml = folderOf({ 'slipway.yaml': 'app: { name: x }\npackages:\n  deb:\n    maintaner: A\n' })
    expect(linesOf(await problemsOf(read(yaml)))).toEqual([
      'slipway.yaml:4:5  packages.deb.maintaner  config/unknown-key\n  "maintaner" is no option of packages.deb. Did you mean "maintainer"?',
    ])
    const jsonc = folderOf({ 'slipway.jsonc': '{ // yes\n  "targets": ["linux-x46"],\n}' })
    expect(linesOf(await problemsOf(read(jsonc)))[0]).toContain('slipway.jsonc:2:15  targets.0  config/unknown-value')
  })

  it('name what may stand where a union was', async () => {
    const [problem] = await problemsOf(project({ ...least, packages: { deb: [] } }))
    expect(problem).toMatchObject({ code: 'config/wrong-type', where: { path: 'packages.deb' } })
    expect(problem?.message).toContain('Expected true or false, or an object')
  })

  it('come before those of meaning', async () => {
    const both = { ...least, build: { prebuilt: 'a', command: 'b' }, out: 5 }
    expect(code(await problemsOf(project(both)))).toEqual(['config/wrong-type'])
    expect(code(await problemsOf(project({ ...both, out: 'dist' })))).toEqual(['build/several'])
  })
})

describe('secrets', () => {
  const fake = (...parts: readonly string[]): string => parts.join('')
  const texts = {
    pem: fake('-----BEGIN RSA PRIVATE', ' KEY-----\nMIIE'),
    minisign: fake('untrusted comment: minisign encrypted secret', ' key\nRWRTY0Iy'),
    aws: fake('AKIA', 'IOSFODNN7EXAMPLE'),
    github: fake('ghp_', '0123456789abcdefghijABCDEFGHIJ012345'),
    fine: fake('github_pat_', '11AAAAAAA0123456789_abcdefghijklmnopqrstuvwxyz'),
    npm: fake('npm_', '0123456789abcdefghijABCDEFGHIJ012345'),
    slack: fake('xoxb-', '123456789012-abcdefghijkl'),
    jwt: fake('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxMjM0NTY3ODkwIn0', '.c2lnbmF0dXJl'),
    url: fake('https://user:', 'hunter2hunter2@example.org/x'),
  }
  it.each(Object.entries(texts))('%s is refused anywhere, and never shown', async (_, text) => {
    const problems = await problemsOf(project({ ...least, app: { ...least.app, summary: text } }))
    expect(code(problems)).toEqual(['config/secret-value'])
    expect(JSON.stringify(problems)).not.toContain(text.slice(0, 20))
  })

  it('are refused where a reference stands: a bare text, 64 hex digits, an environment value', async () => {
    const random = '3f9a1c07be54d28e61f0a97b3c5d48e2'
    for (const sign of [{ minisign: random }, { minisign: { key: random } }, { minisign: { password: 'x' } }])
      expect(code(await problemsOf(project({ ...least, sign })))).toEqual(['config/secret-value'])
    const build = { command: { run: 'make', env: { API_TOKEN: random, LEVEL: 'high' } } }
    expect(code(await problemsOf(project({ ...least, build })))).toEqual(['config/secret-value'])
    expect(code(await problemsOf(project({ ...least, trust: { live: random } })))).toEqual(['config/secret-value'])
  })

  it('are named by references; a scheme that cannot be read here says so', async () => {
    for (const reference of ['env:A_KEY', 'file:~/a.key', 'command:pass show a'])
      expect((await project({ ...least, sign: { minisign: reference } })).apps[0]?.sign[0]?.options).toEqual({ key: reference })
    for (const reference of ['awskms:arn', 'vaultt:x']) {
      const [problem] = await problemsOf(project({ ...least, sign: { minisign: reference } }))
      expect(problem?.code).toBe('config/unknown-scheme')
      expect(problem?.hint).toContain('env:')
    }
  })
})

describe('--set', () => {
  it('goes through the same schema, ids with dots included, over short forms', async () => {
    const made = await project(least, {
      set: ['packages.tar.gz.level=9', 'app.version=1.2.3', 'packages.deb=false', 'store.folder.path=b'],
    })
    expect(made.apps[0]?.packages).toEqual([{ id: 'tar.gz', options: expect.objectContaining({ level: 9 }) as unknown }])
    expect(made.apps[0]?.app.version).toBe('1.2.3')
    expect(made.store.options['path']).toBe(`${made.root}/b`)
    expect(made.chosen).toContainEqual({ path: 'app.version', value: '1.2.3', from: '--set' })
    const [problem] = await problemsOf(project(least, { set: ['packages.tar.gz.levle=9'] }))
    expect(problem).toMatchObject({ code: 'config/unknown-key', where: { path: 'packages.tar.gz.levle' } })
    expect(problem?.where.file).toBeUndefined()
    expect((await project(least, { set: ['app.summary=5'] })).apps[0]?.app.summary).toBe('5')
  })

  it('may not change policy for a release, and of trust only folder and keyring', async () => {
    for (const set of [
      'sign.minisign=env:X',
      'checks=[]',
      'channels.stable.unsigned=true',
      'people.a=b',
      'evidence=x',
      'trust.keep=1',
      'trust={}',
      'apps.a.sign={}',
      'apps={}',
    ])
      expect(code(await problemsOf(project(least, { set: [set] })))).toEqual(['config/set-refused'])
    const made = await project(least, { set: ['trust.folder=t', 'trust.keyring=k'] })
    expect(made.apps[0]?.trust).toMatchObject({ folder: `${made.root}/t`, keyring: `${made.root}/k` })
    expect((await project(least, { profile: 'dev', set: ['trust.keep=5'] })).apps[0]?.trust.keep).toBe(5)
  })

  it('needs KEY=VALUE', async () => {
    for (const set of ['app.version', '=x', 'a..b=1', '__proto__.x=1', 'app.constructor.y=1'])
      expect(code(await problemsOf(project(least, { set: [set] })))).toEqual(['config/set-syntax'])
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})

describe('meaning', () => {
  it('refuses what every release needs switched off', async () => {
    expect(
      code(await problemsOf(project({ ...least, sign: { minisign: false }, checks: { completeness: false, signatures: false } }))),
    ).toEqual(Array(3).fill('config/always-on'))
  })

  it('refuses a channel that requires a check which does not run', async () => {
    const tree = { ...least, checks: { signatures: false }, channels: { stable: { requires: ['completeness', 'signatures'] } } }
    const problems = await problemsOf(project(tree))
    expect(code(problems)).toEqual(['config/always-on', 'config/check-off'])
    expect(problems[1]).toMatchObject({
      message: 'channels.stable requires signatures, which does not run',
      where: { path: 'channels.stable.requires.1' },
    })
  })

  it('says which packages a feed lacks', async () => {
    const problems = await problemsOf(project({ ...least, targets: ['linux-x64', 'windows-x64'], feeds: ['electron'] }))
    expect(code(problems)).toEqual(['electron/no-package'])
    expect(problems[0]?.message).toMatch(/^On Windows, .+ installs nsis.*; this config makes deb, tar\.gz\.$/)
    expect(problems[0]?.hint).toBe('Add packages.nsis, or narrow feeds.electron.targets.')
    const narrowed = { ...least, targets: ['linux-x64', 'windows-x64'], feeds: { electron: { targets: ['linux-*'] } } }
    expect(await problemsOf(project(narrowed))).toEqual([])
    expect(code(await problemsOf(project({ ...narrowed, feeds: { electron: { targets: ['linux-*'], use: ['rpm'] } } })))).toEqual([
      'electron/no-package',
    ])
  })

  it('refuses unknown targets, bad and shared file names, checks that do not run, falling rollouts, too short a keep, two stores', async () => {
    const two = { ...least, targets: ['linux-x64', 'linux-arm64'] }
    const cases: readonly (readonly [string, object])[] = [
      ['config/unknown-target', { ...least, packages: { deb: { targets: ['linux-x46'] } } }],
      ['config/bad-file-name', { ...least, packages: { deb: { file: '{bin}.deb' } } }],
      ['config/bad-file-name', { ...least, packages: { deb: { file: '../{version}.deb' } } }],
      ['config/bad-file-name', { ...least, packages: { deb: { file: '{version}-{nmae}.deb' } } }],
      ['config/shared-name', { ...two, packages: { deb: { file: '{bin}-{version}.deb' } } }],
      ['config/rollout-falls', { ...least, channels: { stable: { rollout: ['20%', '10%'] } } }],
      ['config/keep', { ...least, store: { folder: { keep: 1 } } }],
      ['minisign/always', { ...least, sign: { minisign: { targets: ['linux-x64'] } } }],
      ['minisign/always', { ...least, sign: { minisign: { optional: true } } }],
    ]
    for (const [expected, tree] of cases) expect([expected, code(await problemsOf(project(tree)))]).toEqual([expected, [expected]])
    expect(await problemsOf(project({ ...two, packages: { deb: { file: '{bin}-{version}-{target}.deb' } } }))).toEqual([])
    expect(code(await problemsOf(project({ ...least, store: { folder: false } })))).toEqual(['config/stores'])
  })

  it('asks what nobody said: builder, targets, version, TODO texts, later parts', async () => {
    const asked = async (tree: object): Promise<readonly string[]> => code((await project(tree)).questions)
    expect(await asked({ app: { name: 'x', version: '1.0.0' } })).toEqual(['build/none'])
    expect(await asked({ ...least, targets: [] })).toEqual(['config/no-targets'])
    expect(
      await asked({ ...least, build: { command: { run: 'make', from: { 'linux-x64': 'out' } } }, targets: ['linux-x64', 'macos-x64'] }),
    ).toEqual(['build/none'])
    expect(await asked({ ...least, app: { name: 'x' } })).toEqual(['version/none'])
    expect(await asked({ ...least, app: { ...least.app, summary: 'TODO: words' } })).toEqual(['config/todo'])
    expect((await project({ ...least, app: { ...least.app, summary: 'TODO: words' } }, { profile: 'dev' })).questions).toEqual([])
    const later = {
      ...least,
      sources: { a: { git: 'x' } },
      people: { a: 'file:a' },
      hooks: { beforeBuild: 'x' },
      app: { ...least.app, needs: { git: '>=2' }, crash: 'https://x.example' },
      trust: { thresholds: 2 },
    }
    const questions = (await project(later)).questions
    expect(code(questions)).toEqual(Array(5).fill('config/later'))
    expect(questions[0]?.message).toBe('sources is not carried out by this version.')
    expect(code(await problemsOf(project({ targets: ['linux-x64'] })))).toEqual(['config/no-bin'])
  })
})

describe('several apps', () => {
  const tree = {
    app: { license: 'MIT', version: '1.0.0' },
    targets: ['linux-x64'],
    packages: ['tar.gz'],
    checks: ['completeness'],
    apps: {
      one: { build: { prebuilt: 'a' } },
      two: {
        app: { version: '2.0.0', summary: 'Second' },
        build: { prebuilt: 'b' },
        targets: ['macos-arm64'],
        sign: { minisign: 'env:K' },
      },
    },
  }
  it('take the root as default and have their own places', async () => {
    const made = await project(tree)
    const [one, two] = made.apps
    expect(one?.app).toMatchObject({ key: 'one', bin: 'one', name: 'one', license: 'MIT', version: '1.0.0' })
    expect(two?.app).toMatchObject({ key: 'two', license: 'MIT', version: '2.0.0', summary: 'Second' })
    expect([one?.base, two?.base, one?.targets, two?.targets]).toEqual(['one/', 'two/', ['linux-x64'], ['macos-arm64']])
    expect(two?.sign).toEqual([{ id: 'minisign', options: { key: 'env:K' } }])
    expect([two?.out, two?.evidence, two?.trust.folder].map(path => path?.slice(made.root.length))).toEqual([
      '/dist/two/2.0.0',
      '/release/two',
      '/trust/two',
    ])
    expect(two?.trust.keyring).toMatch(/\.config\/slipway\/two\.keys$/)
  })
  it('each have their own keyring where one is named at the root', async () => {
    const rings = async (keyring: string, options = {}): Promise<readonly string[]> => {
      const made = await project({ ...tree, trust: { keyring } }, options)
      return made.apps.map(one => one.trust.keyring.replace(made.root, '.'))
    }
    expect(await rings('secret.keys')).toEqual(['./secret.one.keys', './secret.two.keys'])
    expect(await rings('/a.b/ring')).toEqual(['/a.b/ring.one', '/a.b/ring.two'])
    expect(await rings('secret.keys', { app: 'two' })).toEqual(['./secret.two.keys'])
    expect((await rings('~/keys/x.keys')).every(path => /^\/.+\/keys\/x\.(one|two)\.keys$/.test(path))).toBe(true)
    expect((await project({ ...least, trust: { keyring: 'secret.keys' } })).apps[0]?.trust.keyring).toMatch(/\/secret\.keys$/)
  })
  it('are chosen by --app; a wrong one gets a suggestion', async () => {
    expect((await project(tree, { app: 'two' })).apps.map(one => one.app.key)).toEqual(['two'])
    const [problem] = await problemsOf(project(tree, { app: 'tow' }))
    expect(problem).toMatchObject({ code: 'config/unknown-app', hint: 'Did you mean "two"?' })
    expect(code(await problemsOf(project(least, { app: 'other' })))).toEqual(['config/unknown-app'])
    expect((await project(least, { app: 'flet' })).apps).toHaveLength(1)
  })
})

describe('the filled tree', () => {
  it('is frozen to its leaves and the same in every form', async () => {
    const yaml = `$schema: x\napp: { name: flet, version: 0.28.3 }\ntargets: [linux-x64]\nbuild: { prebuilt: 'dist/{target}' }\npackages: [tar.gz, deb]\nchannels:\n  stable: { rollout: ['5% 1d', '10%'] }\n`
    const tree = { ...least, channels: { stable: { rollout: ['5% 1d', '10%'] } } }
    const jsonc = `// here\n${JSON.stringify(tree)}`
    const code = `import { defineConfig } from 'slipway'\nexport default defineConfig(${JSON.stringify(tree)})`
    const made = await Promise.all(
      [{ 'slipway.yaml': yaml }, { 'slipway.jsonc': jsonc }, { 'slipway.config.ts': code }, { 'slipway.config.mjs': code }].map(files =>
        read(folderOf(files)),
      ),
    )
    expect(new Set(made.map(one => one.configDigest)).size).toBe(1)
    expect((await read(folderOf({ 'slipway.yaml': yaml.replace('5%', '6%') }))).configDigest).not.toBe(made[0]?.configDigest)
    expect(made[0]?.apps[0]?.channels['stable']?.rollout).toEqual([
      { percent: 5, stayMs: 86_400_000 },
      { percent: 10, stayMs: null },
      { percent: 100, stayMs: null },
    ])
    expect(Object.isFrozen(made[0]?.apps[0]?.packages[0]?.options)).toBe(true)
    expect(made[2]?.locate('packages.tar.gz')).toMatchObject({ file: 'slipway.config.ts', line: 2 })
  })

  it('of dev reads no secret and touches nothing of the release', async () => {
    const made = await project(
      { ...least, sign: { minisign: { key: 'env:K' } }, store: { folder: 'real' }, trust: { folder: 't', live: 'env:L' } },
      { profile: 'dev' },
    )
    const [app] = made.apps
    expect(app?.sign).toEqual([{ id: 'minisign', options: {} }])
    expect(Object.keys(app?.channels ?? {})).toEqual(['dev'])
    expect(
      [made.store.options['path'], app?.trust.folder, app?.trust.keyring, app?.evidence].map(path => String(path).slice(made.root.length)),
    ).toEqual(['/.slipway/dev/bucket', '/.slipway/dev/trust', '/.slipway/dev/flet.keys', '/.slipway/dev/evidence/flet'])
    expect(app?.trust.live).toBeUndefined()
  })

  it('never crashes with anything but a clear error', async () => {
    const words = fc.constantFrom(
      'app',
      'targets',
      'build',
      'packages',
      'sign',
      'checks',
      'feeds',
      'channels',
      'store',
      'apps',
      'trust',
      'deb',
      'tar.gz',
      'stable',
      'rollout',
      'prebuilt',
      'minisign',
      'version',
      'name',
      '5% 1d',
      'linux-x64',
      '{version}',
      'env:X',
    )
    const key = fc.oneof({ weight: 4, arbitrary: words }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 9 }) })
    const { tree } = fc.letrec(tie => ({
      tree: fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
      value: fc.oneof(
        { depthSize: 'small' },
        key,
        fc.boolean(),
        fc.double(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        tie('tree'),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(tree, fc.boolean(), async (junk, whole) => {
        await problemsOf(project((whole ? { ...least, ...(junk as object) } : junk) as object, { set: ['packages.deb.level=1'] }))
      }),
      { numRuns: 150 },
    )
  })
})

describe('types', () => {
  it('refuse what the schema refuses (tsc looks at these lines)', () => {
    const good = defineConfig({
      app: { name: 'x' },
      targets: ['linux-x64'],
      packages: { deb: { maintainer: 'A <a@b.c>' }, 'tar.gz': 9 },
      feeds: ['tauri'],
    })
    // @ts-expect-error TS2353: 'dbe' does not exist in type Units<…>
    defineConfig({ packages: { dbe: true } })
    // @ts-expect-error TS2561: 'maintaner' does not exist; did you mean 'maintainer'?
    defineConfig({ packages: { deb: { maintaner: 'A <a@b.c>' } } })
    // @ts-expect-error TS2322: '"dbe"' is not assignable
    defineConfig({ packages: ['dbe'] })
    // @ts-expect-error TS2322: no such target
    defineConfig({ targets: ['linux-x46'] })
    // @ts-expect-error TS2353: no such key
    defineConfig({ pakages: {} })
    expect(good.packages).toEqual({ deb: { maintainer: 'A <a@b.c>' }, 'tar.gz': 9 })
  })
})
