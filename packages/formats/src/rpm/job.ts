// rpm: what a package says of itself, checked by rpm's rules and put into the main header's values.
import { FormatError } from '../format-error.ts'
import { fileValues, hasLargeFiles, type RpmFile, sortFiles } from './files.ts'
import { type HeaderValue, i18nValue, int32Value, stringValue, stringsValue } from './header-write.ts'
import type { RpmPayload } from './payload.ts'
import { parseRelation, relationFlags, relationText, type RpmRelation } from './relation.ts'
import { scriptValues, type RpmScript, type RpmTrigger, triggerValues } from './scripts.ts'
import { relationTags, type RpmRelationKind, type RpmScriptKind, sha256Algorithm, tags } from './tags.ts'

export interface RpmChange {
  /** Whole seconds since 1970; rpm shows the day, and its own packages have noon UTC. */
  readonly time: number
  /** `Name <mail> - version-release` */
  readonly author: string
  /** Lines, each beginning with `- `. */
  readonly text: string
}

export interface RpmJob {
  readonly name: string
  readonly version: string
  readonly release: string
  readonly epoch?: number
  readonly summary: string
  readonly description: string
  readonly license: string
  /** As `Applications/Internet`; default `Unspecified`. */
  readonly group?: string
  readonly url?: string
  readonly vendor?: string
  readonly packager?: string
  /** As rpm names it: `x86_64`, `aarch64`, `armv7hl`, `noarch`. */
  readonly arch: string
  /** Whole seconds since 1970. */
  readonly buildTime: number
  /** Default `localhost`. */
  readonly buildHost?: string
  readonly files: readonly RpmFile[]
  /** `provides` of the package itself, and what rpm must understand, are added. */
  readonly relations?: Partial<Readonly<Record<RpmRelationKind, readonly RpmRelation[]>>>
  readonly scripts?: Partial<Readonly<Record<RpmScriptKind, RpmScript>>>
  readonly triggers?: readonly RpmTrigger[]
  /** Newest first. */
  readonly changelog?: readonly RpmChange[]
  /** Of the same files. */
  readonly payload: RpmPayload
}

/** The main header's values. Throws `rpm/bad-package`, `rpm/bad-file`, `rpm/bad-relation`, `rpm/bad-script`, `rpm/bad-text`, `rpm/too-large`. */
export const jobValues = (job: RpmJob): readonly HeaderValue[] => {
  checkJob(job)
  const files = sortFiles(job.files)
  const { payload } = job
  const optional = (tag: number, text: string | undefined): readonly HeaderValue[] => (text === undefined ? [] : [stringValue(tag, text)])
  return [
    stringsValue(tags.i18nTable, ['C']),
    stringValue(tags.name, job.name),
    stringValue(tags.version, job.version),
    stringValue(tags.release, job.release),
    ...(job.epoch === undefined ? [] : [int32Value(tags.epoch, [job.epoch])]),
    i18nValue(tags.summary, job.summary),
    i18nValue(tags.description, job.description),
    int32Value(tags.buildTime, [job.buildTime]),
    stringValue(tags.buildHost, job.buildHost ?? 'localhost'),
    stringValue(tags.license, job.license),
    i18nValue(tags.group, job.group ?? 'Unspecified'),
    ...optional(tags.url, job.url),
    ...optional(tags.vendor, job.vendor),
    ...optional(tags.packager, job.packager),
    stringValue(tags.os, 'linux'),
    stringValue(tags.arch, job.arch),
    // Without it rpm takes the package for one of sources.
    stringValue(tags.sourceRpm, `${job.name}-${job.version}-${job.release}.src.rpm`),
    ...fileValues(files),
    ...relationValues(job),
    ...scriptValues(job.scripts ?? {}),
    ...triggerValues(job.triggers ?? []),
    ...changelogValues(job.changelog ?? []),
    stringValue(tags.encoding, 'utf-8'),
    stringValue(tags.payloadFormat, 'cpio'),
    stringValue(tags.payloadCompressor, payload.compressor),
    stringValue(tags.payloadFlags, payload.flags),
    stringsValue(tags.payloadDigest, [payload.sha256]),
    int32Value(tags.payloadDigestAlgo, [sha256Algorithm]),
    ...(payload.archiveSha256 === undefined ? [] : [stringsValue(tags.payloadDigestAlt, [payload.archiveSha256])]),
  ]
}

/** `epoch:version-release`, without an epoch that is not there. */
const evrOf = (job: RpmJob): string => `${job.epoch === undefined ? '' : `${job.epoch}:`}${job.version}-${job.release}`

const relationValues = (job: RpmJob): readonly HeaderValue[] => {
  const all = { ...job.relations, provides: provided(job), requires: required(job) }
  return (Object.keys(relationTags) as RpmRelationKind[]).flatMap(kind => {
    const unique = new Map((all[kind] ?? []).map(one => [`${one.name}\0${one.version ?? ''}\0${relationFlags(one)}`, one]))
    const sorted = [...unique].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, one]) => one)
    // Read again as text, so that nothing gets in that rpm would not read; only our own `rpmlib(...)` and interpreters have marks.
    for (const one of sorted) if (parseRelation(relationText(one)).name !== one.name) throw new FormatError('rpm/bad-relation', one.name)
    const [nameTag, flagsTag, versionTag] = relationTags[kind]
    if (sorted.length === 0) return []
    return [
      stringsValue(
        nameTag,
        sorted.map(one => one.name),
      ),
      int32Value(flagsTag, sorted.map(relationFlags)),
      stringsValue(
        versionTag,
        sorted.map(one => one.version ?? ''),
      ),
    ]
  })
}

/** What `name(arch)` is called; rpm's `%{_isa}`. */
const isaNames: Readonly<Record<string, string>> = {
  x86_64: 'x86-64',
  i686: 'x86-32',
  i386: 'x86-32',
  aarch64: 'aarch-64',
  armv7hl: 'armv7hl-32',
  riscv64: 'riscv-64',
  ppc64le: 'ppc-64',
  s390x: 's390x-64',
}

const provided = (job: RpmJob): readonly RpmRelation[] => {
  const exactly = { comparison: '=', version: evrOf(job) } as const
  const isa = isaNames[job.arch]
  return [
    { name: job.name, ...exactly },
    ...(isa === undefined ? [] : [{ name: `${job.name}(${isa})`, ...exactly }]),
    ...configRelations(job),
    ...(job.relations?.provides ?? []),
  ]
}

const configRelations = (job: RpmJob): readonly RpmRelation[] =>
  job.files.some(file => file.flags?.includes('config') === true)
    ? [{ name: `config(${job.name})`, comparison: '=', version: evrOf(job), marks: ['config'] }]
    : []

const required = (job: RpmJob): readonly RpmRelation[] => {
  const given = job.relations?.requires ?? []
  const scripts = Object.entries(job.scripts ?? {}) as [RpmScriptKind, RpmScript][]
  const programs = scripts.flatMap(([kind, { program = ['/bin/sh'] }]) => {
    const [name = ''] = program
    return name.startsWith('/') ? [{ name, marks: ['interp', kind] as const }] : []
  })
  const triggerPrograms = (job.triggers ?? []).map(({ program = '/bin/sh' }) => ({ name: program, marks: ['interp'] as const }))
  return [...configRelations(job), ...programs, ...triggerPrograms.filter(one => one.name.startsWith('/')), ...rpmlibs(job), ...given]
}

/** What an rpm must understand to unpack and to judge this package (`rpm --showrc`). */
const rpmlibs = (job: RpmJob): readonly RpmRelation[] => {
  const relations = Object.values(job.relations ?? {}).flat()
  const versions = [job.version, job.release, ...relations.map(one => one.version ?? '')]
  const scripts = Object.values(job.scripts ?? {})
  const isLua = [...scripts.map(one => one.program?.[0]), ...(job.triggers ?? []).map(one => one.program)].includes('<lua>')
  const features: readonly (readonly [name: string, version: string, isNeeded: boolean])[] = [
    ['CompressedFileNames', '3.0.4-1', job.files.length > 0],
    ['FileDigests', '4.6.0-1', job.files.length > 0],
    ['LargeFiles', '4.12.0-1', hasLargeFiles(job.files)],
    ['PayloadFilesHavePrefix', '4.0-1', true],
    ['PayloadIsXz', '5.2-1', job.payload.compressor === 'xz'],
    ['PayloadIsZstd', '5.4.18-1', job.payload.compressor === 'zstd'],
    ['TildeInVersions', '4.10.0-1', versions.some(version => version.includes('~'))],
    ['CaretInVersions', '4.15.0-1', versions.some(version => version.includes('^'))],
    ['RichDependencies', '4.12.0-1', relations.some(one => one.name.startsWith('('))],
    ['ScriptletInterpreterArgs', '4.0.3-1', scripts.some(one => (one.program?.length ?? 1) > 1)],
    ['BuiltinLuaScripts', '4.2.2-1', isLua],
  ]
  return features
    .filter(([, , isNeeded]) => isNeeded)
    .map(([name, version]) => ({ name: `rpmlib(${name})`, comparison: '<=', version, marks: ['rpmlib'] }))
}

const changelogValues = (changes: readonly RpmChange[]): readonly HeaderValue[] => {
  if (changes.length === 0) return []
  return [
    int32Value(
      tags.changelogTime,
      changes.map(one => one.time),
    ),
    stringsValue(
      tags.changelogName,
      changes.map(one => one.author),
    ),
    stringsValue(
      tags.changelogText,
      changes.map(one => one.text),
    ),
  ]
}

const checkJob = (job: RpmJob): void => {
  const refuse = (what: string, text: string, rule: string): never => {
    throw new FormatError('rpm/bad-package', `the ${what} ${JSON.stringify(text)} is not allowed: ${rule}`)
  }
  const rules: readonly (readonly [what: string, text: string, pattern: RegExp, rule: string])[] = [
    ['name', job.name, /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/, 'a letter or digit, then letters, digits and . _ + -'],
    ['version', job.version, /^[A-Za-z0-9._+~^]+$/, 'letters, digits and . _ + ~ ^, and no hyphen'],
    ['release', job.release, /^[A-Za-z0-9._+~^]+$/, 'letters, digits and . _ + ~ ^, and no hyphen'],
    ['architecture', job.arch, /^[a-z0-9_]+$/, 'as x86_64, aarch64 or noarch'],
    ['summary', job.summary, /^[^\n]+$/, 'one line, not empty'],
    ['license', job.license, /^[^\n]+$/, 'one line, not empty'],
  ]
  for (const [what, text, pattern, rule] of rules) if (!pattern.test(text)) refuse(what, text, rule)
  for (const kind of ['provides', 'obsoletes'] as const) {
    const rich = job.relations?.[kind]?.find(one => one.name.startsWith('('))
    if (rich !== undefined) refuse(`relation in ${kind}`, rich.name, 'rich dependencies are for what is needed, not for what is given')
  }
}
