// pacman: a package of Arch Linux (PKGBUILD(5), makepkg(8)), in zstd or in gzip from deflate streams that other formats share.
import { fail, failAll } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { pacmanInstall, pacmanPkginfo, pacmanScriptKinds, writePacman } from '@slipway/formats/pacman/index'
import { parsePkginfo } from '@slipway/formats/pkginfo'
import * as z from 'zod'
import { tarEntries } from './linux/entries.ts'
import { layoutOf, linuxAssets, linuxOptions } from './linux/layout.ts'
import { isShell, scriptAssets, scriptTexts } from './linux/scripts.ts'
import { packager, type Facts } from './packager.ts'
import { checkPacman, packageName, pacmanFields } from './pacman/fields.ts'

const names = (what: string) => z.array(z.string()).readonly().optional().describe(what)
const script = z.string().optional()

const options = {
  ...linuxOptions,
  maintainer: z.string().optional().describe('`Name <mail>`; default: app.publisher'),
  package: z.string().optional().describe('Name of the package; default: app.bin in lower case'),
  release: z.int().min(1).default(1).describe('Tells packagings of one version apart: pkgrel'),
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
  compression: z.enum(['zstd', 'gzip']).default('zstd').describe('Compression of the package'),
  level: z.int().min(0).max(19).optional().describe('zstd: 1 to 19, default 10; gzip: 0 (stored) to 9, default 6'),
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
  role: 'both',
  options,
  ext: () => 'pkg.tar.zst',
  fileName: (naming, chosen) => {
    const fields = pacmanFields(naming, chosen, { date: 0, needs: [], entries: [] })
    return `${fields.name}-${fields.version}-${fields.arch}.pkg.tar.${chosen.compression === 'gzip' ? 'gz' : 'zst'}`
  },
  check: checkPacman,
  assets: (naming, chosen) => [...linuxAssets(naming, chosen, 'pacman'), ...scriptAssets(chosen.scripts ?? {}, 'packages.pacman')],
  async *pack(subject, chosen) {
    failAll(checkPacman(subject, chosen))
    const { date } = subject
    const layout = await layoutOf(subject, { ...chosen, format: 'pacman', package: packageName(subject, chosen) })
    const fields = pacmanFields(subject, chosen, { date, needs: layout.needs, entries: layout.entries })
    const { afterInstall, beforeRemove, afterRemove } = layout.hooks
    const scripts = scriptTexts({
      scripts: chosen.scripts ?? {},
      lines: { post_install: afterInstall, post_upgrade: afterInstall, pre_remove: beforeRemove, post_remove: afterRemove },
      read: path => subject.assets?.get(path)?.bytes,
      refuse: badScript,
    })
    for (const [name, text] of Object.entries(scripts)) if (!isShell(text)) badScript(name, 'is no shell script, and pacman runs no other')
    const isGzip = chosen.compression === 'gzip'
    const entries = await tarEntries(layout.entries, { date, level: isGzip ? (chosen.level ?? 6) : undefined })
    const compression = isGzip ? ({ type: 'gzip' } as const) : ({ type: 'zstd', level: chosen.level ?? 10 } as const)
    yield* writePacman({ fields, install: pacmanInstall(scripts), entries, compression })
    const installedBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
    return factsOf(pacmanPkginfo(fields, installedBytes))
  },
})

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
