// msi: what happens in which order; the numbers are those that Windows Installer suggests ("Suggested InstallExecuteSequence").
import type { MsiRow } from '@slipway/formats/msi/write'

type Action = readonly [action: string, sequence: number, condition?: string]

const costing: readonly Action[] = [
  ['CostInitialize', 800],
  ['FileCost', 900],
  ['CostFinalize', 1000],
]
const before: readonly Action[] = [
  ['FindRelatedProducts', 25],
  ['RefuseDowngrade', 50, 'NEWERFOUND AND NOT Installed'],
  ['AppSearch', 60],
  // Also where it is repaired or removed: Windows knows a folder again by a file, and in a profile no file keeps a component.
  ['RestoreFolder', 70, 'OLDFOLDER AND NOT INSTALLFOLDER'],
  ['ValidateProductID', 700],
  ...costing,
  ['SetInstallLocation', 1010, 'NOT Installed'],
  ['MigrateFeatureStates', 1200],
]

const execute: readonly Action[] = [
  ...before,
  ['InstallValidate', 1400],
  ['InstallInitialize', 1500],
  // Inside of the transaction: where the new version fails, the old one is there again.
  ['RemoveExistingProducts', 1525],
  ['ProcessComponents', 1600],
  ['UnpublishFeatures', 1800],
  ['StopServices', 1900],
  ['DeleteServices', 2000],
  ['RemoveRegistryValues', 2600],
  ['RemoveShortcuts', 3200],
  ['RemoveEnvironmentStrings', 3300],
  ['RemoveFiles', 3500],
  ['RemoveFolders', 3600],
  ['CreateFolders', 3700],
  ['InstallFiles', 4000],
  ['CreateShortcuts', 4500],
  ['WriteRegistryValues', 5000],
  ['WriteEnvironmentStrings', 5200],
  ['InstallServices', 5800],
  ['StartServices', 5900],
  ['RegisterUser', 6000],
  ['RegisterProduct', 6100],
  ['PublishFeatures', 6300],
  ['PublishProduct', 6400],
  ['InstallFinalize', 6600],
]

const sequences: Readonly<Record<string, readonly Action[]>> = {
  InstallExecuteSequence: execute,
  InstallUISequence: [...before.filter(([action]) => action !== 'SetInstallLocation'), ['ExecuteAction', 1300]],
  AdminExecuteSequence: [
    ...costing,
    ['InstallValidate', 1400],
    ['InstallInitialize', 1500],
    ['InstallAdminPackage', 3900],
    ['InstallFiles', 4000],
    ['InstallFinalize', 6600],
  ],
  AdminUISequence: [...costing, ['ExecuteAction', 1300]],
  AdvtExecuteSequence: [
    ['CostInitialize', 800],
    ['CostFinalize', 1000],
    ['InstallValidate', 1400],
    ['InstallInitialize', 1500],
    ['CreateShortcuts', 4500],
    ['PublishFeatures', 6300],
    ['PublishProduct', 6400],
    ['InstallFinalize', 6600],
  ],
}

/** Actions that work on a table alone. */
const tableOf: Readonly<Record<string, string>> = {
  StopServices: 'ServiceControl',
  DeleteServices: 'ServiceControl',
  StartServices: 'ServiceControl',
  InstallServices: 'ServiceInstall',
  RemoveEnvironmentStrings: 'Environment',
  WriteEnvironmentStrings: 'Environment',
  CreateShortcuts: 'Shortcut',
  RemoveShortcuts: 'Shortcut',
}

/** The five sequences, without what has nothing to do. */
export const sequenceRows = (rows: Readonly<Record<string, readonly MsiRow[]>>): Readonly<Record<string, readonly MsiRow[]>> => {
  const hasWork = ([action]: Action): boolean => {
    const table = tableOf[action]
    return table === undefined || (rows[table]?.length ?? 0) > 0
  }
  return Object.fromEntries(
    Object.entries(sequences).map(([name, actions]) => [
      name,
      actions
        .filter(hasWork)
        .map(([action, sequence, condition]) => ({ Action: action, Condition: condition ?? null, Sequence: sequence })),
    ]),
  )
}

export const actionRows = (message: string): readonly MsiRow[] => [
  // 19: ends with this message.
  { Action: 'RefuseDowngrade', Type: 19, Source: null, Target: message },
  // 51: sets a property.
  { Action: 'RestoreFolder', Type: 51, Source: 'INSTALLFOLDER', Target: '[OLDFOLDER]' },
  { Action: 'SetInstallLocation', Type: 51, Source: 'ARPINSTALLLOCATION', Target: '[INSTALLFOLDER]' },
]
