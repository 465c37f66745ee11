// npm-main: the npm package that users install: a launcher, and every platform package as an optional dependency of exactly its version.
import { fail, type Json } from '@slipway/core'
import { gzipOf } from '@slipway/formats/gzip'
import { tarGzParts } from '@slipway/formats/tar'
import * as z from 'zod'
import { tarEntries } from './linux/entries.ts'
import { madeFile } from './linux/installed.ts'
import { oneLine } from './linux/text.ts'
import { launcher, library, types } from './npm-main/launcher.ts'
import { mainReadme } from './npm-main/readme.ts'
import { packager, type Asset, type PackSubject } from './packager.ts'

const options = {
  readme: z.string().optional().describe('File of the project that becomes its README.md; default: a short one of our own'),
}

/** Takes part wherever npm does. Facts: `manifest` (its package.json). Codes: `npm-main/mixed`. */
export const npmMain = packager({
  id: 'npm-main',
  title: 'npm main package, which starts the right platform package',
  os: ['macos', 'windows', 'linux'],
  role: 'install',
  from: ['npm'],
  joins: true,
  follows: () => true,
  main: 'readme',
  options,
  ext: () => 'tgz',
  fileName: ({ app }) => `${app.bin}-${app.version}.tgz`,
  assets: (_, { readme }): readonly Asset[] => (readme === undefined ? [] : [{ path: readme, from: 'packages.npm-main.readme' }]),
  async *pack(subject, { readme }) {
    const { app, assets, date } = subject
    const platforms = platformsOf(subject)
    const manifest = mainManifest(subject, platforms)
    const rows = platforms.map(one => ({ name: one.name, system: [one.os, one.cpu.join(', '), one.libc ?? ''].filter(Boolean).join(' ') }))
    const own = readme === undefined ? undefined : assets?.get(readme)?.bytes
    const files = [
      madeFile('package/package.json', jsonText(manifest)),
      madeFile('package/README.md', own ?? mainReadme(app, { name: manifest.name, rows })),
      madeFile('package/bin/launch.js', launcher, { mode: 0o755 }),
      madeFile('package/index.d.ts', types),
      madeFile('package/index.js', library),
      madeFile('package/platforms.json', jsonText({ platforms: platforms.map(one => ({ ...one })) })),
    ]
    yield* gzipOf(tarGzParts(tarEntries(files, { date, level: 9 })))
    return { manifest }
  },
})

interface Platform {
  readonly name: string
  readonly os: string
  readonly cpu: readonly string[]
  readonly libc?: string
  /** Below the package's folder. */
  readonly file: string
}

const jsonText = (value: Json): string => `${JSON.stringify(value, null, 2)}\n`
const recordOf = (value: Json | undefined): Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, Json>>) : {}
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
const textsOf = (value: Json | undefined): readonly string[] => (Array.isArray(value) ? value.map(textOf) : [])

const platformsOf = ({ sources = [], app }: PackSubject): readonly Platform[] =>
  sources.map(({ facts, file }) => {
    const manifest = recordOf(facts['manifest'])
    if (manifest['version'] !== app.version)
      fail('npm-main/mixed', `${file} is not of version ${app.version}`, {
        hint: 'Make all packages of a release in one run: slipway package.',
        where: { path: 'packages.npm-main' },
      })
    const [libc] = textsOf(manifest['libc'])
    return {
      name: textOf(manifest['name']),
      os: textsOf(manifest['os']).join(),
      cpu: textsOf(manifest['cpu']),
      ...(libc === undefined ? {} : { libc }),
      file: textOf(facts['executable']),
    }
  })

/** What all packages share stands in each platform package, so it is taken from one. */
const mainManifest = ({ app, sources = [] }: PackSubject, platforms: readonly Platform[]) => {
  const [first] = sources
  const { os: _os, cpu: _cpu, libc: _libc, preferUnplugged: _unplugged, publishConfig = {}, ...shared } = recordOf(first?.facts['manifest'])
  return {
    ...shared,
    name: textOf(first?.facts['main']),
    description: oneLine(app.summary || app.name),
    type: 'commonjs',
    main: 'index.js',
    types: 'index.d.ts',
    bin: { [app.bin]: 'bin/launch.js' },
    engines: { node: '>=12' },
    optionalDependencies: Object.fromEntries(platforms.map(({ name }) => [name, app.version])),
    publishConfig,
  }
}
