// deb as inspect shows it: control fields, scripts, contents (deb(5), deb-control(5)); any other ar as a list of members.
import { fail } from '@slipway/core'
import { type ByteChunks, collect, exactReader, streamRange } from '@slipway/formats/bytes'
import { type ArFound, readAr } from '@slipway/formats/ar'
import { FormatError } from '@slipway/formats/format-error'
import { readTar } from '@slipway/formats/tar'
import { tarEntry, unpacked, type Wrapping } from './archives.ts'
import { foundOf, lookAt, type Seen, seenOf } from './look.ts'
import { type Found, given, limits, modeText, type Subject } from './report.ts'

export const readArReport = async (subject: Subject): Promise<Found> => {
  const members = await readAr(subject.source, { limitEntries: 10_000 })
  const read = exactReader(subject.source, (message, offset) => new FormatError('ar/truncated', message, offset))
  const open = ({ offset, sizeBytes }: ArFound): ByteChunks => streamRange(read, { offset, sizeBytes })
  if (members[0]?.name !== 'debian-binary') return plainAr(subject, members, open)
  const { fields, scripts, conffiles } = await readControl(subject, members, open)
  const seen = await readData(subject, members, open)
  const { Architecture, Version } = fields
  const found = foundOf('deb', seen, {
    arch: Architecture ?? null,
    version: Version ?? null,
    signatures: members.filter(member => member.name.startsWith('_gpg')).map(member => `pgp (${member.name})`),
    facts: {
      members: members.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
      fields,
      scripts,
      conffiles,
      dependencies: dependenciesOf(fields),
    },
  })
  return found
}

type Open = (member: ArFound) => ByteChunks

const plainAr = async (subject: Subject, members: readonly ArFound[], open: Open): Promise<Found> => {
  const seen: Seen[] = []
  for (const member of members) {
    const { name: path, sizeBytes } = member
    const entry = { path, type: 'file', mode: modeText(member.mode), sizeBytes } as const
    seen.push(seenOf(entry, await lookAt(open(member), { sizeBytes, digests: subject.digests })))
  }
  return { ...foundOf('ar', seen), arch: null }
}

interface Control {
  readonly fields: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
  readonly conffiles: readonly string[]
}

const limitControlBytes = 4 * 2 ** 20
const scriptNames = ['preinst', 'postinst', 'prerm', 'postrm', 'config', 'triggers']

const readControl = async (subject: Subject, members: readonly ArFound[], open: Open): Promise<Control> => {
  const texts = new Map<string, string>()
  for await (const entry of readTar(memberTar(memberOf(members, 'control.tar'), open), limits)) {
    const name = entry.path.replace(/^\.\//, '')
    if (entry.type === 'file' && name !== 'md5sums')
      texts.set(name, new TextDecoder().decode(await collect(entry.bytes(), limitControlBytes)))
  }
  const scripts = Object.fromEntries(
    scriptNames.flatMap(name => {
      const text = texts.get(name)
      return text === undefined ? [] : [[name, text]]
    }),
  )
  const conffiles = (texts.get('conffiles') ?? '').split('\n').filter(line => line !== '')
  return { fields: fieldsOf(texts.get('control') ?? ''), scripts, conffiles }
}

const readData = async (subject: Subject, members: readonly ArFound[], open: Open): Promise<readonly Seen[]> => {
  const seen: Seen[] = []
  const chunks = memberTar(memberOf(members, 'data.tar'), open)
  for await (const entry of readTar(chunks, limits)) seen.push(await tarEntry(entry, subject.digests))
  return seen
}

const memberOf = (members: readonly ArFound[], stem: string): ArFound => {
  const member = members.find(({ name }) => name === stem || name.startsWith(`${stem}.`))
  if (member === undefined) throw new FormatError('inspect/bad-deb', `the deb has no ${stem}`)
  return member
}

const wrappings: Readonly<Record<string, Wrapping>> = { tar: 'tar', gz: 'gzip', zst: 'zstd', xz: 'xz' }

const memberTar = (member: ArFound, open: Open): ByteChunks => {
  const kind = wrappings[member.name.replace(/^.*\./, '')]
  if (kind !== undefined) return unpacked(open(member), kind)
  return fail('inspect/deb-compression', `${member.name} is compressed in a way that is not read here.`, {
    hint: 'It reads debs whose members are tar, tar.gz, tar.zst or tar.xz.',
  })
}

/** `Name: value`, continued by lines that begin with a space (deb822). */
const fieldsOf = (text: string): Readonly<Record<string, string>> => {
  const fields: [string, string][] = []
  for (const line of text.split('\n')) {
    const last = fields.at(-1)
    if (/^[ \t]/.test(line) && last !== undefined) last[1] += `\n${line.slice(1)}`
    const [, name, value] = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) fields.push([name, value])
  }
  return Object.fromEntries(fields)
}

const relationFields = ['Pre-Depends', 'Depends', 'Recommends', 'Suggests', 'Enhances', 'Provides', 'Conflicts', 'Breaks', 'Replaces']

const dependenciesOf = (fields: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> =>
  given(
    Object.fromEntries(
      relationFields.map(name => [
        name,
        (fields[name] ?? '')
          .split(',')
          .map(one => one.trim())
          .filter(one => one !== ''),
      ]),
    ),
  )
