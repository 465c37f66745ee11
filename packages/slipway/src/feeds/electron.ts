// electron-updater's channel files, latest*.yml (electron-userland/electron-builder, UpdateInfo of builder-util-runtime).
import { clientVersion, fail, feedHead, problem, type Artifact, type Problem, type Release, type Target } from '@slipway/core'
import { encodeBase64 } from '@slipway/formats/base64'
import { writeYaml, type YamlMap } from './electron/yaml.ts'
import { chosenFor, feed, promisedTargets, useOf, type FeedView } from './feed.ts'

const serves = { macos: ['app.zip'], windows: ['nsis'], linux: ['appimage', 'deb', 'rpm', 'pacman'] } as const
const electronOf = { id: 'electron', serves }

/** Which file a client asks for; on Windows it does not say its architecture, so arm64 has a channel of its own. */
const headOf = (target: Target): string | null => heads[target] ?? null
const heads: Readonly<Record<Target, string>> = {
  'linux-x64': 'latest-linux.yml',
  'linux-arm64': 'latest-linux-arm64.yml',
  'linux-armv7': 'latest-linux-arm.yml',
  'windows-x64': 'latest.yml',
  'windows-x86': 'latest.yml',
  'windows-arm64': 'latest-arm64.yml',
  'macos-x64': 'latest-mac.yml',
  'macos-arm64': 'latest-mac.yml',
  'macos-universal': 'latest-mac.yml',
}

/** Codes: `electron/incomplete`, `electron/bad-version`, `electron/bad-target`, `electron/no-package`. */
export const electron = feed({
  id: 'electron',
  title: 'electron-updater',
  options: {},
  serves,
  heads: targets => headsOf(targets),
  percent: 'its own id decides and the others get nothing, not even the version before, until 100 %',
  check: targets => targets.filter(target => headOf(target) === null).map(badTarget),
  noPackage: ({ system, installs, made, first, where, targets }) =>
    problem('electron/no-package', `On ${system}, electron-updater installs ${installs}; this config makes ${made}.`, {
      hint: `Add packages.${first}, or narrow feeds.electron.targets.`,
      where,
      facts: { targets },
    }),
  render: view =>
    Object.entries(headsOf(view.targets)).map(([name, targets]) => ({
      path: feedHead(view.channel, 'electron', name),
      head: true,
      bytes: new TextEncoder().encode(writeYaml(headFile(view, targets))),
    })),
})

/** x64 stands first in a file of several: a client that finds no file of its own architecture takes the first. */
const headsOf = (targets: readonly Target[]): Readonly<Record<string, readonly Target[]>> => {
  const byHead = new Map<string, readonly Target[]>()
  for (const target of [...targets].sort((a, b) => rank(a) - rank(b))) {
    const head = headOf(target)
    if (head !== null) byHead.set(head, [...(byHead.get(head) ?? []), target])
  }
  return Object.fromEntries([...byHead].sort(([a], [b]) => (a < b ? -1 : 1)))
}
const rank = (target: Target): number => ['x64', 'universal', 'arm64', 'armv7', 'x86'].indexOf(target.split('-')[1] ?? '')

/** The candidate where it promised this head, else what everybody has: a client that is not asked for again keeps its head. */
const headFile = ({ state, current, candidate }: FeedView, targets: readonly Target[]): YamlMap => {
  const covers = (release: Release): boolean => promisedTargets(electronOf, release).some(target => targets.includes(target))
  const slipway = { n: state.n }
  if (candidate !== null && covers(candidate.release)) {
    return { ...releaseFields(candidate.release, targets), stagingPercentage: candidate.percent, slipway }
  }
  if (current !== null && covers(current)) return { ...releaseFields(current, targets), slipway }
  return { version: '0.0.0', files: [], slipway }
}

const releaseFields = (release: Release, targets: readonly Target[]): YamlMap => {
  const version = clientVersion('electron', release.version)
  if ('refused' in version)
    return fail('electron/bad-version', `${JSON.stringify(release.version)} cannot be offered by electron-updater: ${version.refused}`, {
      hint: 'Release a plain SemVer version, as 1.2.0 or 1.2.0-beta.2.',
      exit: 'refused',
    })
  const promised = promisedTargets(electronOf, release)
  const files = targets.filter(target => promised.includes(target)).flatMap(target => filesFor(release, target))
  const listed = files
    .filter((file, index) => files.findIndex(other => other.file === file.file) === index)
    .map(file => fileFields(release, file))
  const [first] = listed
  return {
    version: version.text,
    files: listed,
    // Clients before 2.16 read these two.
    ...(first === undefined ? {} : { path: first.url, sha512: first.sha512 }),
    releaseNotes: release.notes,
    releaseDate: release.date,
  }
}

const filesFor = (release: Release, target: Target): readonly Artifact[] => {
  const chosen = chosenFor({ feed: electronOf, options: useOf('electron', release) ?? {} }, target, release.artifacts)
  if (chosen.length > 0) return chosen
  return fail('electron/incomplete', `release ${release.version} has no package for ${target} that electron-updater can install`, {
    hint: 'Add one (packages: app.zip, nsis, appimage, deb, rpm or pacman), or narrow feeds.electron.targets.',
    where: { path: 'feeds.electron.targets', target },
    exit: 'refused',
  })
}

const fileFields = (release: Release, { file, sha512, sizeBytes }: Artifact) => ({
  url: `${release.at}${encodeURIComponent(file)}`,
  sha512: encodeBase64(Uint8Array.from(sha512.match(/../g) ?? [], pair => Number.parseInt(pair, 16))),
  size: sizeBytes,
})

const badTarget = (target: Target): Problem =>
  problem('electron/bad-target', `electron-updater asks for no file of ${target}`, {
    hint: 'Narrow feeds.electron.targets: it knows no musl and no 32-bit Linux on Intel.',
    where: { path: 'feeds.electron.targets', target },
  })
