// What a plan says of macOS and Windows alone, through the public command: names, bundles, the pair of dmg and app.zip, versions, drawings.
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { writeIcns } from '@slipway/formats/icns'
import { writePng } from '@slipway/formats/png'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'
import type { Document, SmallProject } from '../../../../test/kit/project.ts'
import { machine } from '../io/machine.ts'

const made: string[] = []
afterEach(() => made.splice(0).forEach(folder => rmSync(folder, { recursive: true, force: true })))

const said = {
  ...{ name: 'tiny', id: 'org.example.tiny', version: '1.0.0', license: 'MIT', summary: 'A tiny program', icon: 'icon.png' },
  ...{ publisher: 'Tiny <tiny@example.org>', date: '2023-11-14' },
}
const optionsOf = (targets: readonly string[], packages: unknown, app: object = {}) => ({
  targets,
  more: { app: { ...said, ...app }, feeds: {}, packages, channels: { stable: {}, beta: {} } },
})
const projectOf = (
  targets: readonly string[],
  packages: unknown,
  app: { readonly version?: string; readonly [key: string]: unknown } = {},
): SmallProject => {
  const project = smallProject({ version: app.version ?? '1.0.0', ...optionsOf(targets, packages, app) })
  made.push(dirname(project.root))
  file(project, 'icon.png', writePng({ width: 512, height: 512, pixels: new Uint8Array(512 * 512 * 4).fill(200) }))
  return project
}
const file = (project: SmallProject, path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(join(project.root, path)), { recursive: true })
  writeFileSync(join(project.root, path), content)
}
const plan = (project: SmallProject): Promise<Document> => project.json(['plan', '--channel', 'stable'])
const found = ({ errors }: Document): readonly string[] =>
  errors.map(({ code, where }) => [code, where['path'], where['file']].filter(one => typeof one === 'string').join(' ')).toSorted()
const notesOf = ({ data }: Document): readonly string[] =>
  (data['apps'] as readonly { readonly notes: readonly { readonly file: string; readonly text: string }[] }[]).flatMap(one =>
    one.notes.map(({ file: name, text }) => `${name}: ${text}`),
  )

describe('a plan for macOS', () => {
  const folder = 'bin/macos-arm64'
  it('refuses names that are one on a Mac, in every format, before anything is made', async () => {
    for (const packages of [{ pkg: true }, { 'app.tar.gz': true }, ['dmg', 'app.zip']]) {
      const project = projectOf(['macos-arm64'], packages)
      for (const path of ['Data/x', 'data/y', '\u00e9.txt', 'e\u0301.txt']) file(project, `${folder}/${path}`, 'x')
      expect(found(await plan(project))).toEqual(['mac/same-name data', 'mac/same-name \u00e9.txt'])
      expect(found(await project.json(['package', '--profile', 'dev']))).toEqual(found(await plan(project)))
    }
  })
  it('refuses a bundle in an archive whose folder is no .app', async () => {
    const project = projectOf(['macos-arm64', 'linux-x64'], ['zip', 'tar.gz'])
    file(project, `${folder}/Contents/Info.plist`, 'x')
    expect(found(await plan(project)).filter(one => one.startsWith('mac/'))).toEqual([
      'mac/bare-bundle packages.tar.gz slipway.jsonc',
      'mac/bare-bundle packages.zip slipway.jsonc',
    ])
  })
  it.each([[{ pkg: true }], [{ 'app.tar.gz': true }], [{ app: true }], [['dmg']], [{ 'app.zip': { targets: ['macos-arm64'] } }]])(
    'makes dmg and app.zip beside %o',
    async packages => {
      const { data, errors } = await plan(projectOf(['macos-arm64'], packages))
      expect(errors).toEqual([])
      const [first] = data['apps'] as readonly { readonly files: readonly { readonly kind: string }[] }[]
      expect(first?.files.map(one => one.kind)).toEqual(expect.arrayContaining(['dmg', 'app.zip']))
    },
  )
  it('makes them for the targets of what they go with, and no others', async () => {
    const { data } = await plan(projectOf(['macos-arm64', 'macos-x64'], { pkg: { targets: ['macos-arm64'] }, 'tar.gz': true }))
    const [first] = data['apps'] as readonly { readonly files: readonly { readonly kind: string; readonly target: string }[] }[]
    expect(first?.files.filter(one => one.kind === 'dmg' || one.kind === 'app.zip').map(one => one.target)).toEqual([
      'macos-arm64',
      'macos-arm64',
    ])
  })
  it.each([
    [{ 'app.zip': true, dmg: false }, 'config/no-pair packages.dmg'],
    [{ dmg: true, 'app.zip': false }, 'config/no-pair packages.app.zip'],
    [{ pkg: true, dmg: { targets: ['macos-x64'] }, 'app.zip': true }, 'config/no-pair packages.dmg'],
  ])('refuses one without the other: %o', async (packages, code) => {
    const { errors } = await plan(projectOf(['macos-arm64', 'macos-x64'], packages))
    expect(errors.map(one => `${one.code} ${String(one.where['path'])}`)).toEqual([code])
    expect(errors[0]?.hint).toContain('dmg and as app.zip')
  })
  it('takes one alone by a flag', async () => {
    const document = await projectOf(['macos-arm64'], ['dmg']).json(['plan', '--channel', 'stable', '--only', 'dmg'])
    expect(document.errors).toEqual([])
  })
  it('says what becomes of a version with words', async () => {
    const document = await plan(projectOf(['macos-arm64'], ['dmg', 'pkg'], { version: '1.2.3+build.5' }))
    expect(document.errors).toEqual([])
    const notes = notesOf(document).filter(one => one.includes('its version is 1.2.3: '))
    expect(notes.map(one => /macos-arm64\.([a-z.]+):/.exec(one)?.[1] ?? '').toSorted()).toEqual(['app.zip', 'dmg', 'pkg'])
  })
})

describe('a plan for Windows', () => {
  const folder = 'bin/windows-x64'
  it('says of each package what it cannot hold: folders in two spellings, links, leftovers', async () => {
    const project = projectOf(['windows-x64'], ['msi', 'msix', 'zip'])
    for (const path of ['DATA/a', 'data/b', '.DS_Store', '\u00e9.txt', 'e\u0301.txt']) file(project, `${folder}/${path}`, 'x')
    symlinkSync('tiny.exe', join(project.root, folder, 'link'))
    const document = await plan(project)
    expect(found(document)).toEqual(
      [
        ...['msi', 'msix'].flatMap(id => [`windows/leftover packages.${id} .DS_Store`, `windows/link packages.${id} link`]),
        ...['msi', 'msix', 'zip'].map(id => `windows/same-name packages.${id} data`),
      ].toSorted(),
    )
  })
  it('says which types are not registered', async () => {
    const document = await plan(projectOf(['windows-x64'], ['msi', 'msix'], { opens: ['text/markdown', 'tiny'] }))
    expect(document.errors).toEqual([])
    expect(notesOf(document)).toEqual(
      ['msi', 'msix'].map(
        id =>
          `tiny-1.0.0-windows-x64.${id}: it is not offered to open text/markdown: Windows knows files by their endings, and app.opens names none of it`,
      ),
    )
  })
  it('refuses a second build of a version where Windows would not take it for another', async () => {
    const first = optionsOf(['windows-x64'], ['msi', 'msix'], { version: '1.2.3+build.5' })
    const project = projectOf(['windows-x64'], ['msi', 'msix'], { version: '1.2.3+build.5' })
    expect(notesOf(await plan(project)).map(one => one.replace(/^.*windows-x64\./, ''))).toEqual([
      'msi: its version is 1.2.3',
      'msix: its version is 1.2.3.0',
    ])
    await project.run(['keys', 'generate'])
    const ran = await project.run(['release'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const next = nextVersion(project, '1.2.3+build.6', {
      ...first,
      more: { ...first.more, app: { ...first.more.app, version: '1.2.3+build.6' } },
    })
    const { errors } = await plan(next)
    expect(errors.map(one => `${one.code} ${String(one.where['path'])}`)).toEqual(['plan/version-order packages.msix'])
    expect(errors[0]?.message).toContain('1.2.3+build.6 is another build of 1.2.3+build.5')
  })
})

/** In place of the program alone. */
const withBundle = (project: SmallProject): void => {
  const pixels = new Uint8Array(1024 * 1024 * 4).fill(200)
  const keys = [
    ...[
      ['CFBundleExecutable', 'tiny'],
      ['CFBundleIdentifier', said.id],
      ['CFBundleIconFile', 'own'],
      ['CFBundleVersion', '1.0.0'],
    ],
    ['CFBundleShortVersionString', '1.0.0'],
  ].map(([key, value]) => `<key>${key ?? ''}</key><string>${value ?? ''}</string>`)
  const contents = 'bin/macos-arm64/A.app/Contents'
  file(project, `${contents}/Info.plist`, `<?xml version="1.0"?><plist version="1.0"><dict>${keys.join('')}</dict></plist>`)
  file(project, `${contents}/Resources/own.icns`, writeIcns({ width: 1024, height: 1024, pixels }))
  mkdirSync(join(project.root, contents, 'MacOS'))
  renameSync(join(project.root, 'bin/macos-arm64/tiny'), join(project.root, contents, 'MacOS/tiny'))
}

describe('a plan', () => {
  it('that would make no package is refused', async () => {
    const document = await plan(projectOf(['linux-x64'], ['dmg', 'msi']))
    expect(found(document)).toEqual(['plan/no-package packages slipway.jsonc'])
  })
  it('gives the place of the key that it names', async () => {
    const project = projectOf(['windows-x64'], ['msi'], { version: '1.2.3-beta.1' })
    const { errors } = await plan(project)
    const lines = readFileSync(join(project.root, 'slipway.jsonc'), 'utf8').split('\n')
    const lineOf = (key: string): number => lines.findIndex(one => one.includes(`"${key}"`)) + 1
    expect(errors.map(one => [one.code, one.where['path'], one.where['line']])).toEqual([
      ['msi/prerelease', 'app.version', lineOf('version')],
    ])
  })
  it('asks for the program that draws an icon, where one is drawn', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>'
    const bare = machine()
    const io = { ...bare, run: Object.assign(bare.run.bind(bare), bare.run, { find: async () => null }) }
    const toolsOf = async (packages: unknown, icon = 'icon.svg', change = (_: SmallProject): void => undefined): Promise<unknown> => {
      const project = projectOf(['macos-arm64', 'windows-x64'], packages, { icon })
      file(project, 'icon.svg', svg)
      change(project)
      const { errors, data } = await project.json(['plan', '--channel', 'stable'], io)
      expect(errors).toEqual([])
      return data['tools']
    }
    const missing = [{ tool: 'rsvg-convert', version: null }]
    expect(await toolsOf(['dmg'])).toEqual(missing)
    expect(await toolsOf(['msix'])).toEqual(missing)
    expect(await toolsOf(['dmg', 'msix'], 'icon.png')).toEqual([])
    // It keeps its own.
    expect(await toolsOf(['dmg'], 'icon.svg', withBundle)).toEqual([])
    expect(await toolsOf(['tar.gz'])).toEqual([])
  })
})
