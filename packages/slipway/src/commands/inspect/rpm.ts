// rpm as inspect shows it: all of it stands in the headers, the payload is not read.
import { relationText } from '@slipway/formats/rpm/relation'
import { readRpm, type Rpm } from '@slipway/formats/rpm/read'
import { type Draft, type Entry, type Found, given, modeText, type Subject } from './report.ts'

export const readRpmReport = async ({ source }: Subject): Promise<Found> => {
  const rpm = await readRpm(source)
  const { epoch, version, release } = rpm
  return {
    format: rpm.isSource ? 'rpm (source)' : 'rpm',
    arch: rpm.arch,
    version: `${epoch === undefined ? '' : `${epoch}:`}${version}-${release}`,
    signatures: rpm.signatures.map(({ algorithm, covers }) => `${algorithm === 'openpgp' ? 'pgp' : `pgp ${algorithm}`} (${covers})`),
    facts: given({
      name: rpm.name,
      fields: fieldsOf(rpm),
      scripts: scriptsOf(rpm),
      configs: rpm.files.filter(({ flags }) => flags.includes('config')).map(({ path }) => path),
      dependencies: given(
        Object.fromEntries(
          Object.entries(rpm.relations).map(([kind, list]) => [
            kind,
            [...new Set(list.filter(({ marks = [] }) => !marks.includes('rpmlib')).map(relation => relationText(relation)))],
          ]),
        ),
      ),
      ...librariesOf(rpm),
    }),
    contents: rpm.files.map(entryOf),
  }
}

const fieldsOf = (rpm: Rpm): Readonly<Record<string, unknown>> =>
  given({
    summary: rpm.summary,
    description: rpm.description,
    license: rpm.license,
    url: rpm.url,
    vendor: rpm.vendor,
    packager: rpm.packager,
    installedBytes: String(rpm.installedBytes),
    payload: `${rpm.payload.format}.${rpm.payload.compressor}`,
  })

const scriptsOf = ({ scripts, triggers }: Rpm): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(scripts).map(([kind, script]) => [kind, textOf(script)])),
  ...Object.fromEntries(triggers.map((trigger, index) => [`trigger ${index + 1}`, textOf(trigger)])),
})

const textOf = (script: unknown): string => {
  if (typeof script === 'string') return script
  const { text } = script as { readonly text?: unknown }
  return typeof text === 'string' ? text : ''
}

/** rpm writes what the programs need as `libc.so.6(GLIBC_2.34)(64bit)`. */
const librariesOf = ({ relations }: Rpm): Readonly<Record<string, unknown>> => {
  const requires = relations.requires.map(({ name }) => name)
  const libraries = requires.flatMap(name => /^(lib[^/()]*\.so[^()]*|ld-[^/()]*\.so[^()]*)\(\)/.exec(name)?.[1] ?? [])
  const floors = requires.flatMap(name => /\(GLIBC_(\d+)\.(\d+)(?:\.\d+)?\)/.exec(name)?.slice(1, 3).map(Number).join('.') ?? [])
  const byNumber = (a: string, b: string): number =>
    Number(a.split('.')[0]) - Number(b.split('.')[0]) || Number(a.split('.')[1]) - Number(b.split('.')[1])
  return { libraries: [...new Set(libraries)].sort(), glibc: floors.sort(byNumber).at(-1) }
}

const entryOf = ({ path, type, mode, sizeBytes, linkTarget, digest }: Rpm['files'][number]): Entry => {
  const entry: Draft = { path, type, mode: modeText(mode), sizeBytes: type === 'file' ? sizeBytes : 0 }
  if (digest?.algorithm === 'sha256') entry.sha256 = digest.hex
  if (linkTarget !== undefined) entry.linkTarget = linkTarget
  return entry
}
