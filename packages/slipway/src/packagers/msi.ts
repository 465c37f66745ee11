// msi: a Windows Installer package, tables and cabinet written here (Windows Installer of the Windows SDK, MS-CFB, MS-CAB).
import { failAll, problem, SlipwayError, type Problem } from '@slipway/core'
import { limitCabinetBytes, limitFiles, limitFolderBytes } from '@slipway/formats/cab/blocks'
import { writeCab, type Cab } from '@slipway/formats/cab/write'
import { FormatError } from '@slipway/formats/format-error'
import { knownTables } from '@slipway/formats/msi/schema'
import { msiFile } from '@slipway/formats/msi/write'
import { codeProblems, compareMsi, msiVersion, upgradeCodeOf } from './msi/codes.ts'
import { cabinetName, databaseOf, type Database } from './msi/database.ts'
import { leftServices } from './msi/extras.ts'
import { options, type MsiOptions } from './msi/options.ts'
import { packager, stem, type Naming, type PackSubject, type SizedEntry } from './packager.ts'
import { icoOf } from './windows/icon.ts'
import { windowsName, windowsTreeProblems } from './windows/names.ts'
import { toldTypes } from './windows/opens.ts'

/**
 * Installs below `%LOCALAPPDATA%\Programs`, or Program Files; a newer version replaces an older one and refuses to be replaced by it.
 * Facts: productCode, upgradeCode, packageCode, version, folder. Codes: `msi/no-id`, `msi/bad-upgrade-code`, `msi/prerelease`,
 * `msi/bad-version`, `msi/too-many`, `msi/too-large`, `msi/illegal-text`, and those of windows/.
 */
export const msi = packager({
  id: 'msi',
  title: 'Windows Installer package',
  os: ['windows'],
  role: 'install',
  main: 'mode',
  limits: { fileBytes: limitFolderBytes, rule: 'MS-CAB 2.3, cbFile' },
  options,
  ext: () => 'msi',
  fileName: naming => `${stem(naming)}.msi`,
  check: (naming, chosen) => codeProblems(naming, chosen),
  tells: (naming, chosen) => [
    ...(/[-+]/.test(naming.app.version) ? [`its version is ${msiVersion(naming.app.version, chosen) ?? ''}`] : []),
    ...toldTypes(naming),
  ],
  compare: compareMsi,
  // Windows Installer of a user does not see what is installed for the machine, nor the other way round.
  keeps: ({ app }, chosen) => ({ upgradeCode: upgradeCodeOf(app, chosen), mode: chosen.mode }),
  fits: (naming, _chosen, entries) => entryProblems(naming, entries),
  assets: (naming, chosen) => iconPlaces(naming, chosen).map(one => ({ ...one, optional: true })),
  async *pack(subject, chosen) {
    failAll([...codeProblems(subject, chosen), ...entryProblems(subject, subject.tree.entries)])
    const [place] = iconPlaces(subject, chosen)
    const icon = place === undefined ? null : await icoOf(subject, { ...place, unit: 'msi' })
    const database = await databaseOf(subject, chosen, icon)
    const { rows, summary, layout, codes } = database
    const cabinet = await cabinetOf(subject, chosen, database)
    const tables = knownTables(rows)
    yield* inLimits(subject, () => msiFile({ tables, summary, streams: [{ name: cabinetName, ...cabinet }] })).bytes()
    return { ...codes, mode: chosen.mode, folder: layout.home, leftServices: leftServices({ app: subject.app, mode: chosen.mode }) }
  },
})

const iconPlaces = ({ app }: Naming, { icon }: MsiOptions): readonly { readonly path: string; readonly from: string }[] => {
  if (icon !== undefined) return [{ path: icon, from: 'packages.msi.icon' }]
  return app.icon === '' ? [] : [{ path: app.icon, from: 'app.icon' }]
}

const cabinetOf = async (subject: PackSubject, { level }: MsiOptions, { layout }: Database): Promise<Cab> => {
  const { date, deflate, spool } = subject
  const files = layout.files.map(({ id, file }) => ({ name: id, sizeBytes: file.sizeBytes, bytes: () => file.bytes() }))
  try {
    return await writeCab(files, {
      mtime: date,
      level,
      ...(deflate === undefined ? {} : { deflate }),
      ...(spool === undefined ? {} : { spool }),
    })
  } catch (error) {
    throw limitError(error, subject)
  }
}

const inLimits = <T>(subject: PackSubject, make: () => T): T => {
  try {
    return make()
  } catch (error) {
    throw limitError(error, subject)
  }
}

const limitError = (error: unknown, { target }: PackSubject): unknown => {
  if (!(error instanceof FormatError)) return error
  const where = { path: 'packages.msi', target }
  if (error.code === 'cab/too-large' || error.code === 'cfb/too-large')
    return new SlipwayError([
      problem('msi/too-large', `the app is too large for an MSI: ${error.message}`, {
        hint: `Take ${target} out of packages.msi.targets; msix and zip hold more than ${limitCabinetBytes} bytes.`,
        where,
      }),
    ])
  if (error.code === 'msi/bad-value' || error.code === 'msi/long-text')
    return new SlipwayError([
      problem('msi/illegal-text', `a table cannot hold what the config says: ${error.message}`, {
        hint: 'Shorten it: names and arguments have up to 255 characters.',
        where,
      }),
    ])
  return error
}

const entryProblems = ({ app, target }: Naming, entries: readonly SizedEntry[]): readonly Problem[] => {
  const count = entries.filter(one => one.type === 'file').length
  const sizeBytes = entries.reduce((sum, one) => sum + (one.sizeBytes ?? 0), 0)
  return [
    ...windowsTreeProblems(entries, { id: 'msi', target, homeCharacters: homeCharacters(windowsName(app.name)), longPaths: false }),
    ...(count > limitFiles
      ? [
          problem('msi/too-many', `the app has ${count} files, and the cabinet of an MSI holds at most ${limitFiles} (MS-CAB 2.1)`, {
            hint: 'Put what belongs together into archives, or take the target out of packages.msi.targets.',
            where: { path: 'packages.msi', target },
          }),
        ]
      : []),
    ...(sizeBytes > limitCabinetBytes
      ? [
          problem(
            'msi/too-large',
            `the app has ${sizeBytes} bytes, and the cabinet of an MSI holds at most ${limitCabinetBytes} (MS-CAB 2.1)`,
            {
              hint: `Take ${target} out of packages.msi.targets; msix and zip hold more.`,
              where: { path: 'packages.msi', target },
            },
          ),
        ]
      : []),
  ]
}

/** `C:\Users\<20 characters>\AppData\Local\Programs\<folder>\`. */
const homeCharacters = (folder: string): number => 'C:\\Users\\'.length + 20 + '\\AppData\\Local\\Programs\\'.length + folder.length + 1
