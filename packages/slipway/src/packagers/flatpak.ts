// flatpak: the manifest by which flatpak-builder makes the app from its released deb packages, by digest (flatpak-manifest(5)).
import { failAll, parseTarget, problem, type Problem } from '@slipway/core'
import * as z from 'zod'
import { packager, type Naming, type Source } from './packager.ts'

const options = {
  runtime: z.string().default('org.freedesktop.Platform').describe('Runtime that the app starts in'),
  runtimeVersion: z.string().default('25.08').describe('Branch of runtime and sdk'),
  sdk: z.string().default('org.freedesktop.Sdk').describe('What flatpak-builder unpacks with'),
  permissions: z
    .array(z.string())
    .readonly()
    .default(['--share=ipc', '--share=network', '--socket=wayland', '--socket=fallback-x11', '--device=dri'])
    .describe('What the app may reach outside of its sandbox, as finish-args'),
}
type FlatpakOptions = z.output<z.ZodObject<typeof options>>

/**
 * A deb has all that a desktop app installs, in one folder tree that also fits below /app. Facts: id. Codes: `flatpak/bad-id`,
 * `flatpak/bad-permission`, `flatpak/bad-runtime`.
 */
export const flatpak = packager({
  id: 'flatpak',
  title: 'Flatpak manifest',
  os: ['linux'],
  role: 'metadata',
  from: ['deb'],
  joins: true,
  namesUrls: true,
  options,
  ext: () => 'flatpak.json',
  fileName: ({ app }) => `${app.bin}-${app.version}.flatpak.json`,
  check: (naming, chosen) => problemsOf(naming, chosen),
  async *pack({ app, target, sources = [] }, chosen) {
    failAll(problemsOf({ app, target }, chosen))
    const manifest = {
      id: app.id,
      runtime: chosen.runtime,
      'runtime-version': chosen.runtimeVersion,
      sdk: chosen.sdk,
      command: app.bin,
      'finish-args': chosen.permissions,
      // Icons are exported only under the name of the app.
      ...(app.icon === '' ? {} : { 'rename-icon': packageOf(sources) }),
      modules: [
        {
          name: app.bin,
          buildsystem: 'simple',
          'build-commands': ['ar x package.deb', 'tar -xf data.tar.*', 'mkdir -p "$FLATPAK_DEST"', 'cp -a usr/. "$FLATPAK_DEST"/'],
          sources: sources.map(sourceOf),
        },
      ],
    }
    yield new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`)
    return { id: app.id }
  },
})

const packageOf = ([first]: readonly Source[]): string => {
  const name = first?.facts['Package']
  return typeof name === 'string' ? name : ''
}

const arches: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', armv7: 'arm', x86: 'i386' }

/** Without a public address, in a dev run, it is the file beside the manifest. */
const sourceOf = ({ file, sha256, target, url }: Source) => ({
  type: 'file',
  ...(url === '' ? { path: file } : { url }),
  sha256,
  'dest-filename': 'package.deb',
  'only-arches': [arches[parseTarget(target)?.arch ?? ''] ?? target],
})

const problemsOf = ({ app }: Naming, { permissions, runtime, sdk, runtimeVersion }: FlatpakOptions): readonly Problem[] => {
  const problems: Problem[] = []
  // flatpak(1): reverse domain, at least three parts; a dash in the last one alone.
  const isId = app.id.length <= 255 && /^([A-Za-z_][A-Za-z0-9_]*\.){2,}[A-Za-z_][A-Za-z0-9_-]*$/.test(app.id)
  if (!isId && !app.id.startsWith('TODO:'))
    problems.push(
      problem('flatpak/bad-id', `${app.id === '' ? 'app.id is missing' : `app.id ${JSON.stringify(app.id)} is no Flatpak id`}`, {
        hint: "Write a reverse domain of at least three parts, letters, digits and _ alone: 'dev.flet.desktop'.",
        where: { path: 'app.id' },
      }),
    )
  for (const one of permissions)
    if (!/^--[a-z][a-z-]*=[\x20-\x7e]+$/.test(one))
      problems.push(
        problem('flatpak/bad-permission', `${JSON.stringify(one)} is no permission`, {
          hint: "Permissions are written as finish-args of flatpak-manifest(5): '--share=network'.",
          where: { path: 'packages.flatpak.permissions' },
        }),
      )
  for (const [name, text] of Object.entries({ runtime, sdk, runtimeVersion }))
    if (!/^[A-Za-z0-9_.-]+$/.test(text))
      problems.push(
        problem('flatpak/bad-runtime', `packages.flatpak.${name} ${JSON.stringify(text)} is no name of a runtime or branch`, {
          hint: "Write an id and a branch, as 'org.gnome.Platform' and '48'.",
          where: { path: `packages.flatpak.${name}` },
        }),
      )
  return problems
}
