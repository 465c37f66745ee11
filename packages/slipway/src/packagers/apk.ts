// apk: a package of Alpine Linux (apk-v2(5)), from deflate streams that other formats share.
import { fail, failAll } from '@slipway/core'
import { compareApk, apkPkginfo, apkScriptKinds, type ApkScripts, writeApk } from '@slipway/formats/apk/index'
import { parsePkginfo } from '@slipway/formats/pkginfo'
import { FormatError } from '@slipway/formats/format-error'
import * as z from 'zod'
import { apkFields, apkVersionOf, checkApk, packageName } from './apk/fields.ts'
import { lazyEntries, manyFiles, onDisk } from './linux/entries.ts'
import { examineLinux, folderOptions, layoutOf, linuxAssets, linuxOptions } from './linux/layout.ts'
import { readableScripts, scriptAssets, scriptTexts, type Scripts } from './linux/scripts.ts'
import type { Hooks } from './linux/services.ts'
import { packager, type Facts, type PackSubject } from './packager.ts'

const names = (what: string) => z.array(z.string()).readonly().optional().describe(what)
const script = z.string().optional()

const options = {
  ...linuxOptions,
  ...folderOptions,
  maintainer: z.string().optional().describe('`Name <mail>`; default: app.publisher'),
  package: z.string().optional().describe('Name of the package; default: app.bin in lower case'),
  revision: z.int().min(0).default(0).describe('Tells packagings of one version apart: the 0 of -r0'),
  depends: names("Packages that it needs, as 'mpv-libs>=0.35', beside its shared libraries"),
  conflicts: names('Packages that cannot be installed beside it'),
  provides: names("Names that it stands in for, as 'editor' or 'cmd:vi=1.2'"),
  replaces: names('Packages whose files it may overwrite'),
  installIf: names('It is installed by itself when all of these are'),
  triggers: names("Folders whose changes run the trigger script, as '/usr/share/icons/*'"),
  scripts: z
    .strictObject(Object.fromEntries(apkScriptKinds.map(kind => [kind, script])) as Record<(typeof apkScriptKinds)[number], typeof script>)
    .optional()
    .describe('Scripts, each as its text or the path of a file'),
  level: z.int().min(0).max(9).default(6).describe('Deflate level, 0 (stored) to 9'),
}

/**
 * Laid out as linux/layout.ts says; unsigned. Facts: the fields of .PKGINFO, and `identity`, by which an index knows the package.
 * Codes: `apk/illegal-name`, `apk/illegal-version`, `apk/no-maintainer`, `apk/no-license`, `apk/illegal-relation`, `apk/illegal-trigger`,
 * `apk/illegal-script`, `apk/no-architecture`, those of linux/layout.ts and of formats/apk.
 */
export const apk = packager({
  id: 'apk',
  title: 'Alpine package',
  os: ['linux'],
  libc: 'musl',
  role: 'both',
  keepsModes: true,
  limits: { fileBytes: 8 ** 11 - 1, rule: 'ustar, POSIX.1-2017 pax: size has 11 octal digits, and apk reads no other' },
  options,
  ext: () => 'apk',
  fileName: (naming, chosen) => {
    const fields = apkFields(naming, chosen, { date: 0, needs: [] })
    return `${fields.name}-${fields.version}.${fields.arch}.apk`
  },
  check: checkApk,
  compare: (before, after, chosen) => compareApk(apkVersionOf(before, chosen), apkVersionOf(after, chosen)),
  assets: (naming, chosen) => [...linuxAssets(naming, chosen, 'apk'), ...scriptAssets(chosen.scripts ?? {}, 'packages.apk')],
  examine: (naming, chosen, assets) =>
    examineLinux(naming, chosen, {
      unit: 'apk',
      package: packageName(naming, chosen),
      assets,
      scripts: hooks => readableScripts(chosen.scripts ?? {}, assets).map(one => () => scriptsOf(one, hooks, assets)),
    }),
  async *pack(subject, chosen) {
    failAll(checkApk(subject, chosen))
    const { date, spool } = subject
    const layout = await layoutOf(subject, { ...chosen, format: 'apk', package: packageName(subject, chosen) })
    const fields = apkFields(subject, chosen, { date, needs: layout.needs })
    const scripts = scriptsOf(chosen.scripts ?? {}, layout.hooks, subject.assets)
    const entries = lazyEntries(layout.entries, { date, level: chosen.level })
    let sha1 = ''
    // No signature yet: that is how the digest of the control member is heard of.
    const sign = async (control: { readonly sha1: string }): Promise<readonly []> => {
      sha1 = control.sha1
      return []
    }
    yield* writeApk({
      fields,
      scripts,
      entries,
      sign,
      ...(spool === undefined || entries.length < manyFiles ? {} : { spool: onDisk(spool) }),
    })
    const installedBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
    return { ...factsOf(apkPkginfo(fields, { installedBytes, dataSha256: '' })), identity: `sha1:${sha1}` }
  },
})

const scriptsOf = (
  scripts: Scripts,
  { afterInstall, beforeRemove, afterRemove }: Hooks,
  assets: PackSubject['assets'] = new Map(),
): ApkScripts =>
  scriptTexts({
    scripts,
    lines: { 'post-install': afterInstall, 'post-upgrade': afterInstall, 'pre-deinstall': beforeRemove, 'post-deinstall': afterRemove },
    read: path => assets.get(path)?.bytes,
    refuse: badScript,
  })

const lists = new Set(['depend', 'provides', 'replaces'])

const factsOf = (pkginfo: string): Facts => {
  const fields = parsePkginfo(pkginfo, message => new FormatError('apk/bad-field', message))
  return Object.fromEntries([...fields].map(([key, values]) => [key, lists.has(key) ? values : (values[0] ?? '')]))
}

const badScript = (name: string, what: string): never =>
  fail('apk/illegal-script', `the ${name} of packages.apk ${what}`, {
    hint: "Begin it with '#!/bin/sh'.",
    where: { path: `packages.apk.scripts.${name}` },
  })
