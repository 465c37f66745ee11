// The fuses of an app and its records: read, compared with each other and with the archives, and changed in a copy of the file that holds them.
import { fail, failAll, problem, type Problem } from '@slipway/core'
import { equalBytes } from '@slipway/formats/bytes'
import {
  digestChange,
  fuseChange,
  fuseNames,
  integrityDigest,
  readElectronSlots,
  withSlots,
  type ElectronSlots,
  type FuseName,
  type FuseWire,
  type SlotChange,
} from '@slipway/formats/electron-slots'
import { FormatError } from '@slipway/formats/format-error'
import { readMachO } from '@slipway/formats/macho'
import { readSignature } from '@slipway/formats/macho/signature'
import { readPe } from '@slipway/formats/pe'
import { signProgram, stripProgram, type BuildJob } from '../builder.ts'
import { archiveName, dictionaryOf, headerHash, isFound, recordedIn, type Recorded } from './integrity.ts'
import { failDamaged, type Layout } from './layout.ts'

export type Fuses = { readonly [Name in FuseName]?: boolean | undefined }

type Job = Pick<BuildJob, 'io' | 'target' | 'app' | 'scratch'>

interface Binary {
  readonly slots: ElectronSlots
  /** Slices of a universal file, each with a wire of its own. */
  readonly count: number
  readonly isSigned: boolean
}

const readBinary = async ({ io }: Job, { os }: Layout, file: string): Promise<Binary> => {
  const source = await io.files.open(file)
  try {
    const slots = await readElectronSlots(source)
    if (os === 'windows') return { slots, count: 1, isSigned: (await readPe(source)).certificates !== undefined }
    if (os === 'linux') return { slots, count: 1, isSigned: false }
    const { slices } = await readMachO(source)
    const signatures = await Promise.all(slices.map(slice => readSignature(source, slice)))
    return { slots, count: slices.length, isSigned: signatures.some(one => one?.kind === 'cms') }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return failDamaged(file, error)
  } finally {
    await source.close()
  }
}

export interface Change {
  readonly fuses: Fuses
  /** Whether the digest of the records is put in where Electron will look for it: in an app that is made here. */
  readonly digests: boolean
  /** Where the changed file goes. */
  readonly to: string
}

/**
 * The file that holds the fuses, with those of the config: a Mach-O leaves signed ad hoc, a PE without certificates. False: nothing was
 * to be changed. Codes: `electron/bad-binary`, `electron/no-fuses`, `electron/many-fuses`, `electron/fuse-version`,
 * `electron/no-such-fuse`, `electron/removed-fuse`, `electron/bad-fuse`, `electron/signed`, and those of `signProgram`.
 */
export const changeBinary = async (job: Job, layout: Layout, { fuses, digests, to }: Change): Promise<boolean> => {
  const { io } = job
  const from = `${layout.folder}/${layout.binary}`
  const binary = await readBinary(job, layout, from)
  const wanted = fuseNames.flatMap(name => (fuses[name] === undefined ? [] : [[name, fuses[name]] as const]))
  failAll(wanted.length === 0 ? [] : fuseProblems(job, layout, { binary, names: wanted.map(([name]) => name) }))
  const { wires } = binary.slots
  const changes: SlotChange[] = wires.flatMap(wire =>
    wanted.filter(([name, isOn]) => isLit(wire, name) !== isOn).map(([name, isOn]) => fuseChange(wire, name, isOn)),
  )
  const validates = fuses.enableEmbeddedAsarIntegrityValidation ?? wires.some(wire => isLit(wire, 'enableEmbeddedAsarIntegrityValidation'))
  if (digests && validates && layout.os === 'macos') {
    const digest = integrityDigest(await dictionaryOf(io, layout))
    changes.push(...binary.slots.digests.map(slot => digestChange(slot, digest)))
  }
  if (changes.length === 0) return false
  if (binary.isSigned) failSigned(job, layout)
  await write(job, layout, { from, to, changes })
  return true
}

const isLit = ({ states }: FuseWire, name: FuseName): boolean => states[fuseNames.indexOf(name)] === 'on'

const write = async (job: Job, layout: Layout, { from, to, changes }: { from: string; to: string; changes: readonly SlotChange[] }) => {
  const { files } = job.io
  const between = `${job.scratch}/patched`
  const source = await files.open(from)
  try {
    await files.write(between, withSlots(source, changes).chunks(), { mode: 0o755, durable: false })
  } finally {
    await source.close()
  }
  if (layout.os === 'linux') return files.rename(between, to, { durable: false })
  if (layout.os === 'windows') await stripProgram(job.io, { from: between, to })
  else await signProgram(job.io, { from: between, to }, { id: frameworkId, bin: '' })
  return files.remove(between)
}

/** As Electron's own Info.plist of the framework has it. */
const frameworkId = 'com.github.Electron.framework'
const place = 'build.electron.fuses'

interface Fusing {
  readonly binary: Binary
  readonly names: readonly FuseName[]
}
const fuseProblems = ({ target }: Job, layout: Layout, { binary, names }: Fusing): readonly Problem[] => {
  const { slots, count } = binary
  const file = layout.binary
  if (slots.wires.length === 0)
    return [
      problem('electron/no-fuses', `${file} (${target}) has no fuses`, {
        hint: 'Electron has them from version 12 on: take a later one, or take build.electron.fuses out.',
        where: { path: place, target, file },
      }),
    ]
  if (slots.wires.length !== count)
    return [
      problem('electron/many-fuses', `${file} (${target}) has ${slots.wires.length} fuse wires where ${count} should be`, {
        hint: 'It was changed by something that is not known here; take the file as Electron publishes it.',
        where: { path: place, target, file },
      }),
    ]
  return slots.wires.flatMap(wire => wireProblems(wire, names, { target, file }))
}

const wireProblems = (wire: FuseWire, names: readonly FuseName[], where: { target: string; file: string }): readonly Problem[] => {
  const { target, file } = where
  if (wire.version !== 1)
    return [
      problem('electron/fuse-version', `${file} (${target}) has fuses of version ${wire.version}, and only version 1 is known`, {
        hint: 'Take build.electron.fuses out, or an Electron with fuses of version 1.',
        where: { path: place, ...where },
      }),
    ]
  return names.flatMap(name => {
    const state = wire.states[fuseNames.indexOf(name)]
    const at = { path: `${place}.${name}`, ...where }
    if (state === 'on' || state === 'off') return []
    if (state === undefined)
      return problem('electron/no-such-fuse', `this Electron has no fuse ${name}: ${file} (${target}) has ${wire.states.length} fuses`, {
        hint: 'Take a later Electron, or take the fuse out.',
        where: at,
      })
    if (state === 'removed')
      return problem('electron/removed-fuse', `this Electron has the fuse ${name} no more: setting it does nothing (${file}, ${target})`, {
        hint: 'Take the fuse out.',
        where: at,
      })
    return problem('electron/bad-fuse', `the fuse ${name} of ${file} (${target}) is neither on nor off: ${state}`, {
      hint: 'It was changed by something that is not known here; take the file as Electron publishes it.',
      where: at,
    })
  })
}

const failSigned = ({ target }: Job, { binary }: Layout): never =>
  fail('electron/signed', `${binary} (${target}) is signed with a certificate, and a fuse cannot change without breaking that`, {
    hint: 'Set the fuses before the app is signed: take the folder unsigned, or let the tool that signs it set them.',
    where: { path: place, target, file: binary },
  })

/**
 * That the app starts as it stands: each archive is what is recorded of it, and the fuses ask for nothing that is not there. `binary` is
 * the file with the fuses, absolute. Codes: `electron/asar-missing`, `electron/asar-mismatch`, `electron/digest-mismatch`,
 * `electron/no-integrity`, `electron/only-asar`, and those of `recordedIn` and `headerHash`.
 */
export const verifyApp = async (job: Job, layout: Layout, binary: string): Promise<void> => {
  const { io, target } = job
  const recorded = await recordedIn(io, layout)
  for (const one of recorded) await verifyArchive(job, layout, one)
  const { slots } = await readBinary(job, layout, binary)
  await verifyDigests(job, layout, slots)
  const where = { path: 'build.electron', target, file: layout.binary }
  const isOn = (name: FuseName): boolean => slots.wires.some(wire => isLit(wire, name))
  const hasArchive = (await io.files.stat(`${layout.folder}/${layout.resources}/${archiveName}`))?.type === 'file'
  if (isOn('onlyLoadAppFromAsar') && !hasArchive)
    fail('electron/only-asar', `the fuse onlyLoadAppFromAsar is on, and the app (${target}) has no ${layout.resources}/${archiveName}`, {
      hint: 'Pack the app as asar, or leave the fuse off: this app would not start.',
      where,
    })
  if (isOn('enableEmbeddedAsarIntegrityValidation') && layout.os !== 'linux' && hasArchive && !recorded.some(one => isFound(layout, one)))
    fail(
      'electron/no-integrity',
      `the fuse enableEmbeddedAsarIntegrityValidation is on, and the app (${target}) does not say what ${archiveName} should be`,
      {
        hint: 'Pack it with @electron/packager from 18.3.1 or electron-builder from 26 on, let Slipway assemble it, or leave the fuse off: this app would not start.',
        where,
      },
    )
}

const verifyArchive = async ({ io, target }: Job, { folder, executable, os }: Layout, { said, path, hash }: Recorded): Promise<void> => {
  const recorder = os === 'macos' ? 'Contents/Info.plist' : executable
  const where = { path: 'build.electron.from', target, file: path }
  if ((await io.files.stat(`${folder}/${path}`))?.type !== 'file')
    fail('electron/asar-missing', `${recorder} (${target}) says what ${JSON.stringify(said)} should be, and there is no such file`, {
      hint: 'Build the app again, or take the record out.',
      where,
    })
  const found = await headerHash(io, `${folder}/${path}`)
  if (found !== hash)
    fail('electron/asar-mismatch', `the header of ${path} (${target}) has the SHA-256 ${found}, and ${recorder} says ${hash}`, {
      hint: 'The archive was changed after the app was packed. Build it again: with the fuse that validates it, Electron would not start.',
      where,
      exit: 'corrupt',
    })
}

const verifyDigests = async ({ io, target }: Job, layout: Layout, { digests }: ElectronSlots): Promise<void> => {
  const used = digests.filter(one => one.isUsed)
  if (layout.os !== 'macos' || used.length === 0) return
  const right = integrityDigest(await dictionaryOf(io, layout))
  if (used.some(one => one.version !== 1 || !equalBytes(one.digest, right)))
    fail('electron/digest-mismatch', `${layout.binary} (${target}) holds a digest of other records than Contents/Info.plist has`, {
      hint: 'Info.plist was changed after the app was packed. Build it again: Electron would not start.',
      where: { path: 'build.electron.from', target, file: layout.binary },
      exit: 'corrupt',
    })
}
