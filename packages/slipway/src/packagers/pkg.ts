// pkg: a flat package for the Installer of macOS: a distribution with one or more components, each with its bill of materials (xar).
import { failAll, type Target } from '@slipway/core'
import { encodeText } from '@slipway/formats/bytes'
import { limitOdcFileBytes } from '@slipway/formats/cpio-odc'
import { type XarFile, type XarStored, writeXar } from '@slipway/formats/xar/write'
import { scriptAssets } from './linux/scripts.ts'
import { toldVersion } from './mac/version.ts'
import { packager, stem } from './packager.ts'
import { identifierOf, pkgVersion, problemsOf } from './pkg/check.ts'
import { appComponent, extraComponents } from './pkg/components.ts'
import { distributionOf } from './pkg/distribution.ts'
import { documentProblems, documentsOf, pictureOf } from './pkg/documents.ts'
import { options } from './pkg/options.ts'
import { scriptProblems, scriptsOf } from './pkg/scripts.ts'
import { componentFiles } from './pkg/write.ts'

/**
 * Facts: identifier, version by the rules of macOS, components. Codes: `pkg/illegal-identifier`, `pkg/illegal-location`,
 * `pkg/illegal-component`, and those of pkg/.
 */
export const pkg = packager({
  id: 'pkg',
  title: 'macOS installer package',
  os: ['macos'],
  role: 'install',
  inside: 'app',
  tells: toldVersion,
  limits: {
    fileBytes: limitOdcFileBytes,
    rule: 'the payload is cpio in its old portable form, which has 11 octal digits for a size (SUSv2, pax)',
  },
  options,
  ext: () => 'pkg',
  fileName: naming => `${stem(naming)}.pkg`,
  check: (naming, chosen) => problemsOf(naming, chosen),
  assets: (_naming, chosen) => [
    ...(['welcome', 'licence', 'background'] as const).flatMap(key => {
      const path = chosen[key]
      return path === undefined ? [] : [{ path, from: `packages.pkg.${key}` }]
    }),
    ...scriptAssets(chosen.scripts ?? {}, 'packages.pkg'),
    ...Object.entries(chosen.components ?? {}).flatMap(([key, { files }]) =>
      Object.entries(files).map(([name, path]) => ({ path, from: `packages.pkg.components.${key}.files.${name}` })),
    ),
  ],
  keeps: (naming, chosen) => ({ identifier: identifierOf(naming, chosen), bundleId: naming.app.id }),
  examine: ({ target }, chosen, assets) => [...documentProblems(chosen, assets, target), ...scriptProblems(chosen, assets)],
  async *pack(subject, chosen) {
    const { target, date, assets = new Map(), spool } = subject
    failAll([...problemsOf(subject, chosen), ...documentProblems(chosen, assets, target)])
    const version = pkgVersion(subject.app)
    const main = await appComponent(subject, chosen, scriptsOf(chosen, assets))
    const components = [main, ...extraComponents(subject, chosen)]
    const documents = documentsOf(chosen, assets)
    const pages = [...documents, ...pictureOf(chosen, assets)]
    const files: (XarFile | XarStored)[] = [
      { path: 'Distribution', bytes: encodeText(distributionOf({ subject, chosen, components, documents, host: hostOf(target) })) },
      ...pages.map(({ file, bytes }) => ({ path: `Resources/${file}`, bytes })),
    ]
    for (const one of components)
      files.push(...(await componentFiles(one, { date, level: chosen.level, ...(spool === undefined ? {} : { spool }) })))
    yield* writeXar(files, { mtime: date })
    return {
      identifier: identifierOf(subject, chosen),
      version,
      minimum: main.minimum,
      components: components.map(({ identifier }) => identifier),
    }
  },
})

/** Without arm64 the Installer offers Rosetta; a universal app starts as it is on both. */
const hostOf = (target: Target): string => {
  if (target.endsWith('-arm64')) return 'arm64'
  return target.endsWith('-x64') ? 'x86_64' : 'x86_64,arm64'
}
