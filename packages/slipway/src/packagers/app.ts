// app: the app folder as a macOS bundle, from a bundle that exists, a folder or one program (Apple's Bundle Programming Guide).
import { failAll, problem, type Problem } from '@slipway/core'
import { bundleOf } from './app/bundle.ts'
import { folderProblems } from './app/faults.ts'
import { appOptions as options, type AppOptions } from './app/options.ts'
import { ownedProblems } from './app/owned.ts'
import { shaper, type Naming } from './packager.ts'

/**
 * `<name>.app`, which dmg, app.zip, app.tar.gz and pkg pack. Codes: `app/no-id`, `app/bad-id`, `app/bad-minimum`, `app/bad-version`, and
 * those of app/.
 */
export const app = shaper({
  id: 'app',
  title: 'macOS bundle',
  os: ['macos'],
  // For an icon that is SVG, of a bundle that has none yet.
  lends: ['rsvg-convert'],
  with: ['dmg', 'app.zip', 'app.tar.gz', 'pkg'],
  options,
  check: (naming, chosen) => [...problemsOf(naming, chosen), ...ownedProblems(naming, chosen)],
  assets: (naming, chosen) => {
    const path = chosen.icon ?? naming.app.icon
    return path === '' ? [] : [{ path, from: chosen.icon === undefined ? 'app.icon' : 'packages.app.icon', optional: true }]
  },
  fits: (naming, chosen, entries) => folderProblems(naming, chosen, entries),
  shape: async (subject, chosen) => {
    failAll([...problemsOf(subject, chosen), ...ownedProblems(subject, chosen)])
    return bundleOf(subject, chosen)
  },
})

const problemsOf = ({ app: { id, version } }: Naming, { minimum }: AppOptions): readonly Problem[] => {
  const problems: Problem[] = []
  // A TODO is asked for as the question that it is.
  if (id.startsWith('TODO:')) return problems
  if (id === '')
    problems.push(
      problem('app/no-id', 'a macOS app has no identifier', {
        hint: "Write app.id, a reverse domain that never changes: 'dev.flet.desktop'.",
        where: { path: 'app.id' },
      }),
    )
  // CFBundleIdentifier: letters, digits, hyphens and dots.
  else if (!/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(id))
    problems.push(
      problem('app/bad-id', `app.id ${JSON.stringify(id)} is no identifier of a macOS app`, {
        hint: 'It may hold letters, digits, hyphens and dots (CFBundleIdentifier).',
        where: { path: 'app.id' },
      }),
    )
  if (minimum !== undefined && !/^\d{1,3}(\.\d{1,3}){0,2}$/.test(minimum))
    problems.push(
      problem('app/bad-minimum', `${JSON.stringify(minimum)} is no version of macOS`, {
        hint: "Write it as '12.0'.",
        where: { path: 'packages.app.minimum' },
      }),
    )
  if (!/^\d{1,4}\.\d{1,4}\.\d{1,4}([-+]|$)/.test(version))
    problems.push(
      problem('app/bad-version', `macOS cannot hold the version ${version}: each part has at most four digits`, {
        hint: 'Give the release a version with smaller numbers (CFBundleVersion).',
        where: { path: 'app.version' },
      }),
    )
  return problems
}
