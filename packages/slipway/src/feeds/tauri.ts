// Tauri's updater, static manifest latest.json (tauri-apps/plugins-workspace, plugins/updater, RemoteRelease): held until 100 %.
import { clientVersion, fail, feedHead, problem, spell, type Artifact, type Problem, type Release, type Target } from '@slipway/core'
import { encodeBase64 } from '@slipway/formats/base64'
import { chosenFor, feed, promisedTargets, useOf, type FeedView } from './feed.ts'

interface Platform {
  readonly url: string
  /** base64 of the whole minisign file. */
  readonly signature: string
}

const serves = { macos: ['app.tar.gz'], windows: ['nsis', 'msi'], linux: ['appimage', 'deb', 'rpm'] } as const
/** The package kind as the client's binary knows itself, `{{bundle_type}}`. */
const bundles: Readonly<Record<string, string>> = {
  'app.tar.gz': 'app',
  nsis: 'nsis',
  msi: 'msi',
  appimage: 'appimage',
  deb: 'deb',
  rpm: 'rpm',
}

/** Codes: `tauri/incomplete`, `tauri/unsigned`, `tauri/bad-version`, `tauri/bad-target`, `tauri/no-package`. */
export const tauri = feed({
  id: 'tauri',
  title: "Tauri's own updater",
  options: {},
  serves,
  heads: targets => ({ 'latest.json': targets }),
  needs: ['minisign'],
  holds: true,
  percent: 'held back until 100 %: this client knows no percent',
  check: targets => targets.filter(target => keysOf(target).length === 0).map(badTarget),
  noPackage: ({ system, installs, made, first, where, targets }) =>
    problem('tauri/no-package', `On ${system}, Tauri's own updater installs ${installs}; this config makes ${made}.`, {
      hint: `Add packages.${first}, or narrow feeds.tauri.targets.`,
      where,
      facts: { targets },
    }),
  render: view => {
    const path = feedHead(view.channel, 'tauri', 'latest.json')
    return [{ path, head: true, bytes: new TextEncoder().encode(`${JSON.stringify(manifestOf(view), null, 2)}\n`) }]
  },
})

// Unknown fields are kept by the client in `raw_json`; n tells a late write from a fresh one (TRUST 4).
const manifestOf = ({ channel, state, current }: FeedView): object => {
  const slipway = { n: state.n, channel }
  if (current === null) return { version: '0.0.0', notes: '', platforms: {}, slipway }
  const version = clientVersion('tauri', current.version)
  if ('refused' in version)
    return fail('tauri/bad-version', `${JSON.stringify(current.version)} cannot be offered by Tauri's updater: ${version.refused}`, {
      hint: 'Release a plain SemVer version, as 1.2.0 or 1.2.0-beta.2.',
      exit: 'refused',
    })
  return { version: version.text, notes: current.notes, pub_date: current.date, platforms: platformsOf(current), slipway }
}

/** Each package under `<os>-<arch>-<bundle>`, the best of a target under `<os>-<arch>` too; the exact target wins over a universal one. */
const platformsOf = (release: Release): Readonly<Record<string, Platform>> => {
  const platforms = new Map<string, Platform>()
  const targets = promisedTargets(tauriOf, release)
  for (const target of [...targets].sort((a, b) => keysOf(a).length - keysOf(b).length)) {
    const chosen = chosenFor({ feed: tauriOf, options: useOf('tauri', release) ?? {} }, target, release.artifacts)
    if (chosen.length === 0) failIncomplete(release, target)
    for (const key of keysOf(target)) {
      for (const artifact of chosen) keep(platforms, `${key}-${bundles[artifact.kind] ?? artifact.kind}`, platformOf(release, artifact))
      if (chosen[0] !== undefined) keep(platforms, key, platformOf(release, chosen[0]))
    }
  }
  return Object.fromEntries([...platforms].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const tauriOf = { id: 'tauri', serves }

const keep = (platforms: Map<string, Platform>, key: string, platform: Platform): void => {
  if (!platforms.has(key)) platforms.set(key, platform)
}

const platformOf = (release: Release, artifact: Artifact): Platform => {
  const signature = artifact.signatures['minisign']
  if (signature === undefined || signature === '')
    return fail('tauri/unsigned', `${artifact.file} has no minisign signature, and Tauri's updater installs nothing without one`, {
      hint: 'Set sign.minisign, and publish again.',
      where: { target: artifact.target, object: artifact.file },
      exit: 'refused',
    })
  return { url: `${release.at}${encodeURIComponent(artifact.file)}`, signature: encodeBase64(new TextEncoder().encode(signature)) }
}

const failIncomplete = (release: Release, target: Target): never =>
  fail('tauri/incomplete', `release ${release.version} has no package for ${target} that Tauri's updater can install`, {
    hint: 'Add one (packages: app.tar.gz, nsis, msi, appimage, deb or rpm), or narrow feeds.tauri.targets.',
    where: { path: 'feeds.tauri.targets', target },
    exit: 'refused',
  })

/** `linux-x86_64`; a universal app answers to both architectures. Empty: the client has no word for it. */
const keysOf = (target: Target): readonly string[] => {
  if (target === 'macos-universal') return keysOf('macos-arm64').concat(keysOf('macos-x64'))
  return target.endsWith('-musl') || target.endsWith('any') ? [] : [spell(target, 'tauri')]
}

const badTarget = (target: Target): Problem =>
  problem('tauri/bad-target', `Tauri's updater has no key for ${target}`, {
    hint: 'Narrow feeds.tauri.targets: glibc and musl share one key there.',
    where: { path: 'feeds.tauri.targets', target },
  })
