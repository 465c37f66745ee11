// rpm as inspect shows it: all of it stands in the headers, the payload is not read.
import { relationText } from '@slipway/formats/rpm/relation'
import { readRpmHead, type RpmHead } from '@slipway/formats/rpm/read'
import { isConfigFile, type RpmColumns, typeOf } from '@slipway/formats/rpm/read-files'
import { type Draft, type Entry, type Found, given, modeText, type Subject } from './report.ts'

export const readRpmReport = async ({ source }: Subject): Promise<Found> => {
  const rpm = await readRpmHead(source)
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
      configs: configsOf(rpm.columns),
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
    contents: entriesOf(rpm.columns),
  }
}

const fieldsOf = (rpm: RpmHead): Readonly<Record<string, unknown>> =>
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

const scriptsOf = ({ scripts, triggers }: RpmHead): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(scripts).map(([kind, script]) => [kind, textOf(script)])),
  ...Object.fromEntries(triggers.map((trigger, index) => [`trigger ${index + 1}`, textOf(trigger)])),
})

const textOf = (script: unknown): string => {
  if (typeof script === 'string') return script
  const { text } = script as { readonly text?: unknown }
  return typeof text === 'string' ? text : ''
}

/** rpm writes what the programs need as `libc.so.6(GLIBC_2.34)(64bit)`. */
const librariesOf = ({ relations }: RpmHead): Readonly<Record<string, unknown>> => {
  const requires = relations.requires.map(({ name }) => name)
  const libraries = requires.flatMap(name => /^(lib[^/()]*\.so[^()]*|ld-[^/()]*\.so[^()]*)\(\)/.exec(name)?.[1] ?? [])
  const floors = requires.flatMap(name => /\(GLIBC_(\d+)\.(\d+)(?:\.\d+)?\)/.exec(name)?.slice(1, 3).map(Number).join('.') ?? [])
  const byNumber = (a: string, b: string): number =>
    Number(a.split('.')[0]) - Number(b.split('.')[0]) || Number(a.split('.')[1]) - Number(b.split('.')[1])
  return { libraries: [...new Set(libraries)].sort(), glibc: floors.sort(byNumber).at(-1) }
}

const configsOf = ({ paths, flags }: RpmColumns): readonly string[] => paths.filter((_, index) => isConfigFile(flags[index] ?? 0))

const entriesOf = ({ paths, modes, sizes, linkTargets, digests, algorithm }: RpmColumns): readonly Entry[] =>
  paths.map((path, index) => {
    const mode = modes[index] ?? 0
    const type = typeOf(mode)
    const digest = algorithm === 'sha256' ? (digests[index] ?? '') : ''
    const sizeBytes = type === 'file' ? (sizes[index] ?? 0) : 0
    // Most have one: what is added to an object later lies outside of it.
    const entry: Draft =
      digest === '' ? { path, type, mode: modeText(mode), sizeBytes } : { path, type, mode: modeText(mode), sizeBytes, sha256: digest }
    if (type === 'symlink') entry.linkTarget = linkTargets[index] ?? ''
    return entry
  })
