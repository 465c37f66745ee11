// pacman: a package of Arch Linux (PKGBUILD(5), makepkg(8)), in zstd, in xz or in gzip from deflate streams that other formats share.
import { fail, failAll } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { comparePacman, pacmanInstall, pacmanPkginfo, pacmanScriptKinds, writePacman } from '@slipway/formats/pacman/index'
import { parsePkginfo } from '@slipway/formats/pkginfo'
import * as z from 'zod'
import { levelOf, levelText } from './linux/compression.ts'
import { lazyEntries } from './linux/entries.ts'
import { examineLinux, folderOptions, layoutOf, linuxAssets, linuxOptions } from './linux/layout.ts'
import { isShell, readableScripts, scriptAssets, scriptTexts, type Scripts } from './linux/scripts.ts'
import type { Hooks } from './linux/services.ts'
import { packager, type Facts, type PackSubject } from './packager.ts'
import { checkPacman, packageName, pacmanFields, pacmanVersionOf } from './pacman/fields.ts'

const endings = { gzip: 'pkg.tar.gz', xz: 'pkg.tar.xz', zstd: 'pkg.tar.zst' } as const

const names = (what: string) => z.array(z.string()).readonly().optional().describe(what)
const script = z.string().optional()

const options = {
  ...linuxOptions,
  ...folderOptions,
  maintainer: z.string().optional().describe('`Name <mail>`; default: app.publisher'),
  package: z.string().optional().describe('Name of the package; default: app.bin in lower case'),
  release: z.int().min(1).default(1).describe('Tells packagings of one version apart: pkgrel'),
  epoch: z.int().min(0).optional().describe('Stands before the version and outweighs it, where the numbering began anew'),
  depends: names("Packages that it needs, as 'mpv>=0.35', beside those of its shared libraries"),
  optionalDepends: names("Packages that go well with it, as 'vim: to edit'"),
  conflicts: names('Packages that cannot be installed beside it'),
  provides: names("Names of packages that it stands in for, as 'editor' or 'editor=1.2'"),
  replaces: names('Packages that it takes the place of'),
  groups: names('Groups that it belongs to'),
  scripts: z
    .strictObject(
      Object.fromEntries(pacmanScriptKinds.map(kind => [kind, script])) as Record<(typeof pacmanScriptKinds)[number], typeof script>,
    )
    .optional()
    .describe('Shell scripts, each as its text or the path of a file; they become the functions of .INSTALL'),
  compression: z.enum(['gzip', 'xz', 'zstd']).default('zstd').describe('Compression of the package'),
  level: z.int().min(0).max(19).optional().describe(levelText),
}

/**
 * Laid out as linux/layout.ts says; files that a user may edit are its `backup`. Facts: the fields of .PKGINFO.
 * Codes: `pacman/illegal-name`, `pacman/illegal-version`, `pacman/no-maintainer`, `pacman/illegal-relation`, `pacman/bad-level`,
 * `pacman/illegal-script`, `pacman/no-architecture`, those of linux/layout.ts and of formats/pacman.
 */
export const pacman = packager({
  id: 'pacman',
  title: 'Arch Linux package',
  os: ['linux'],
  libc: 'glibc',
  role: 'both',
  keepsModes: true,
  options,
  ext: (_target, { compression }) => endings[compression],
  fileName: (naming, chosen) => {
    const fields = pacmanFields(naming, chosen, { date: 0, needs: [], entries: [] })
    // A colon is no part of a file name on every system; pacman reads the epoch inside.
    return `${fields.name}-${fields.version.replace(/^\d+:/, '')}-${fields.arch}.${endings[chosen.compression]}`
  },
  check: checkPacman,
  compare: (before, after, chosen) => comparePacman(pacmanVersionOf(before, chosen), pacmanVersionOf(after, chosen)),
  assets: (naming, chosen) => [...linuxAssets(naming, chosen, 'pacman'), ...scriptAssets(chosen.scripts ?? {}, 'packages.pacman')],
  examine: (naming, chosen, assets) =>
    examineLinux(naming, chosen, {
      unit: 'pacman',
      package: packageName(naming, chosen),
      assets,
      scripts: hooks => readableScripts(chosen.scripts ?? {}, assets).map(one => () => scriptsOf(one, hooks, assets)),
    }),
  async *pack(subject, chosen) {
    failAll(checkPacman(subject, chosen))
    const { date } = subject
    const layout = await layoutOf(subject, { ...chosen, format: 'pacman', package: packageName(subject, chosen) })
    const fields = pacmanFields(subject, chosen, { date, needs: layout.needs, entries: layout.entries })
    const scripts = scriptsOf(chosen.scripts ?? {}, layout.hooks, subject.assets)
    const { compression: type } = chosen
    const level = levelOf(chosen)
    const entries = lazyEntries(layout.entries, { date, level })
    const compression = type === 'gzip' ? { type } : { type, level }
    yield* writePacman({ fields, install: pacmanInstall(scripts), entries, compression })
    const installedBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
    return factsOf(pacmanPkginfo(fields, installedBytes))
  },
})

const scriptsOf = (
  scripts: Scripts,
  { afterInstall, beforeRemove, afterRemove }: Hooks,
  assets: PackSubject['assets'] = new Map(),
): Readonly<Record<string, string>> => {
  const texts = scriptTexts({
    scripts,
    lines: { post_install: afterInstall, post_upgrade: afterInstall, pre_remove: beforeRemove, post_remove: afterRemove },
    read: path => assets.get(path)?.bytes,
    refuse: badScript,
  })
  for (const [name, text] of Object.entries(texts)) if (!isShell(text)) badScript(name, 'is no shell script, and pacman runs no other')
  return texts
}

const lists = new Set(['license', 'replaces', 'group', 'conflict', 'provides', 'backup', 'depend', 'optdepend'])

const factsOf = (pkginfo: string): Facts => {
  const fields = parsePkginfo(pkginfo, message => new FormatError('pacman/bad-field', message))
  return Object.fromEntries([...fields].map(([key, values]) => [key, lists.has(key) ? values : (values[0] ?? '')]))
}

const badScript = (name: string, what: string): never =>
  fail('pacman/illegal-script', `the ${name} of packages.pacman ${what}`, {
    hint: "Begin it with '#!/bin/sh'.",
    where: { path: `packages.pacman.scripts.${name}` },
  })
