// What a config of electron-builder says about systems, architectures and formats (electron.build/configuration).
import type { Target } from '@slipway/core'
import { string, table, type Table } from '../history/versions/manifest.ts'
import { sortedTargets, type Finding } from './finding.ts'

export interface Builder {
  readonly kind: 'electron-builder' | 'forge' | 'unknown'
  readonly config: Table
  /** File that says it; '' for none. */
  readonly from: string
  /** A config that is code. */
  readonly code?: string
}

/** Words of these tools for a system. */
export const oses: Readonly<
  Record<string, { readonly section: string; readonly builder: string; readonly forge: string; readonly flag: RegExp }>
> = {
  macos: { section: 'mac', builder: 'mac', forge: 'darwin', flag: /\s(--mac|--macos|-m|-[wl]*m[wl]*)\b/ },
  windows: { section: 'win', builder: 'win', forge: 'win32', flag: /\s(--win|--windows|-w|-[ml]*w[ml]*)\b/ },
  linux: { section: 'linux', builder: 'linux', forge: 'linux', flag: /\s(--linux|-l|-[mw]*l[mw]*)\b/ },
}

const usual: Readonly<Record<string, readonly Target[]>> = {
  macos: ['macos-arm64', 'macos-x64'],
  windows: ['windows-x64'],
  linux: ['linux-x64'],
}
const arches: Readonly<Record<string, string>> = { x64: 'x64', arm64: 'arm64', armv7l: 'armv7', ia32: 'x86', universal: 'universal' }

/** Systems with a section in the config, or named by a script; the architectures that their targets say. */
export const targetsOf = ({ config, from }: Builder, scripts: Readonly<Record<string, string>>): Finding['targets'] => {
  const lines = Object.values(scripts).filter(line => line.includes('electron-builder'))
  const inConfig = Object.keys(oses).filter(os => config[oses[os]?.section ?? ''] !== undefined)
  const inScripts = Object.keys(oses).filter(os => lines.some(line => oses[os]?.flag.test(line)))
  const named = inConfig.length > 0 ? inConfig : inScripts
  if (named.length === 0)
    return {
      list: ['linux-x64'],
      why: 'nothing names a system; this one builds on Linux',
      more: ['macos-arm64', 'macos-x64', 'windows-x64'],
    }
  const list = named.flatMap(os => {
    const said = wishes(table(config[oses[os]?.section ?? ''])['target'])
      .flatMap(one => one.arch)
      .map(arch => `${os}-${arches[arch] ?? arch}`)
    const known = sortedTargets(said)
    return known.length > 0 ? known : (usual[os] ?? [])
  })
  return {
    list: sortedTargets(list),
    why: inConfig.length > 0 ? `the systems and architectures in ${from}` : 'the flags of electron-builder in the scripts of package.json',
  }
}

const defaults: Readonly<Record<string, readonly string[]>> = { macos: ['dmg', 'app.zip'], windows: ['nsis'], linux: ['appimage', 'deb'] }
const ids: Readonly<Record<string, string>> = { zip: 'app.zip', appx: 'msix', appimage: 'appimage' }
const known = /^(dmg|pkg|app\.zip|nsis|msi|msix|appimage|deb|rpm|pacman|apk|tar\.gz|tar\.xz)$/

/** The formats for these systems, in the ids of packagers. On Windows and Linux a zip is a zip. */
export const formatsOf = ({ config }: Builder, systems: readonly string[]): readonly string[] => [
  ...new Set(
    systems.flatMap(os => {
      const section = table(config[oses[os]?.section ?? ''])
      const named = wishes(section['target']).map(one => one.format.toLowerCase())
      const found = named
        .map(one => (one === 'zip' && os !== 'macos' ? one : (ids[one] ?? one)))
        .filter(one => known.test(one) || one === 'zip')
      return found.length > 0 ? found : (defaults[os] ?? [])
    }),
  ),
]

/** `'nsis'`, `'nsis:ia32'`, `{ target, arch }`, or a list of these. */
const wishes = (value: unknown): readonly { readonly format: string; readonly arch: readonly string[] }[] =>
  (Array.isArray(value) ? value : [value]).flatMap((one: unknown) => {
    if (typeof one === 'string') {
      const [format = '', ...arch] = one.split(':')
      return { format, arch }
    }
    const { target, arch } = table(one)
    const format = string(target)
    return format === undefined ? [] : { format, arch: (Array.isArray(arch) ? arch : [arch]).filter(item => typeof item === 'string') }
  })

/** Folder below the output that `--dir` leaves (app-builder-lib, computeAppOutDir). */
export const builtFolder = (os: string, arch: string): string => {
  const suffix = { arm64: '-arm64', armv7: '-armv7l', x86: '-ia32', universal: '-universal' }[arch] ?? ''
  return os === 'macos' ? `mac${suffix}` : `${os === 'windows' ? 'win' : 'linux'}${suffix}-unpacked`
}
