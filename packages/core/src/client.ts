// What each kind of client does with what it is shown: its percent rule, its order of versions, what it can install (TRUST 6).
import type { VersionClient } from './client-version.ts'
import type { Os } from './target.ts'

/** Our own SDK and the feeds of CONTRACTS 1. */
export const clientIds = [
  'sdk',
  'tauri',
  'electron',
  'sparkle',
  'velopack',
  'squirrel-windows',
  'squirrel-mac',
  'apt',
  'rpm',
  'apk',
  'pacman',
  'homebrew',
  'scoop',
  'winget',
  'npm',
  'install',
  'download',
] as const
export type ClientId = (typeof clientIds)[number]

/**
 * Who gets a candidate below 100 %: a cohort of our own hash; electron-updater's staging id, where all others get nothing at all;
 * Squirrel.Windows' id; Sparkle's seven groups in time; nobody before 100.
 */
export type PercentRule = 'cohort' | 'electron' | 'squirrel' | 'phased' | 'held'

export interface ClientRow {
  readonly percent: PercentRule
  /** Whether a person's own check passes the percent. */
  readonly manual: boolean
  /** When it goes to a lower version: never, or when its own is yanked and the app opted in. */
  readonly down: 'never' | 'yanked'
  /** Whose order it compares versions in; `semver` is SemVer's, build metadata and all. */
  readonly order: 'semver' | VersionClient
  /** Kinds of artifacts that it installs, best first; of each kind where not said. */
  readonly kinds?: Partial<Record<Os, readonly string[]>>
}

const held = { percent: 'held', manual: false, down: 'never', order: 'semver' } as const

export const clientRows: Readonly<Record<ClientId, ClientRow>> = {
  sdk: {
    percent: 'cohort',
    manual: true,
    down: 'yanked',
    order: 'semver',
    // What it can put in place by itself comes before what a system's package manager must be asked for.
    kinds: {
      linux: ['appimage', 'tar.gz', 'tar.zst', 'tar.xz', 'zip', 'binary', 'deb', 'rpm', 'pacman', 'apk'],
      windows: ['nsis', 'zip', 'tar.gz', 'tar.zst', 'tar.xz', 'binary', 'msi', 'msix'],
      macos: ['app.zip', 'app.tar.gz', 'tar.gz', 'tar.zst', 'tar.xz', 'zip', 'binary', 'dmg', 'pkg'],
    },
  },
  tauri: {
    ...held,
    order: 'tauri',
    kinds: { linux: ['appimage', 'deb', 'rpm'], windows: ['nsis', 'msi'], macos: ['app.tar.gz'] },
  },
  electron: {
    ...held,
    percent: 'electron',
    order: 'electron',
    kinds: { linux: ['appimage', 'deb', 'rpm', 'pacman'], windows: ['nsis'], macos: ['app.zip'] },
  },
  sparkle: { ...held, percent: 'phased', manual: true, order: 'sparkle', kinds: { macos: ['app.zip', 'app.tar.gz', 'dmg', 'pkg'] } },
  velopack: { ...held, order: 'velopack', kinds: { linux: ['nupkg'], windows: ['nupkg'], macos: ['nupkg'] } },
  'squirrel-windows': { ...held, percent: 'squirrel', order: 'squirrel-windows', kinds: { windows: ['nupkg'] } },
  'squirrel-mac': { ...held, order: 'squirrel-mac', kinds: { macos: ['app.zip'] } },
  apt: { ...held, order: 'deb', kinds: { linux: ['deb'] } },
  rpm: { ...held, order: 'rpm', kinds: { linux: ['rpm'] } },
  apk: { ...held, kinds: { linux: ['apk'] } },
  pacman: { ...held, kinds: { linux: ['pacman'] } },
  homebrew: { ...held, order: 'homebrew' },
  scoop: { ...held, order: 'scoop' },
  winget: { ...held, order: 'winget' },
  npm: { ...held, order: 'npm' },
  install: {
    ...held,
    order: 'npm',
    kinds: { linux: ['tar.gz', 'binary', 'zip'], windows: ['zip', 'binary'], macos: ['tar.gz', 'binary', 'zip'] },
  },
  download: held,
}
