// deb as inspect shows it: control fields, scripts, contents (deb(5), deb-control(5)); any other ar as a list of members.
import { fail } from '@slipway/core'
import { type ByteChunks, collect, exactReader, streamRange } from '@slipway/formats/bytes'
import { type ArFound, readAr } from '@slipway/formats/ar'
import { FormatError } from '@slipway/formats/format-error'
import { readTar } from '@slipway/formats/tar'
import { tarEntry, unpacked } from './inspect-archives.ts'
import { type Entry, type Found, limits, lookAt, modeText, type Subject } from './inspect-report.ts'

export const readArReport = async (subject: Subject): Promise<Found> => {
  const members = await readAr(subject.source, { limitEntries: 10_000 })
  const read = exactReader(subject.source, (message, offset) => new FormatError('ar/truncated', message, offset))
  const open = ({ offset, sizeBytes }: ArFound): ByteChunks => streamRange(read, { offset, sizeBytes })
  if (members[0]?.name !== 'debian-binary') return plainAr(members, open)
  const control = await readControl(members, open)
  const contents = await readData(members, open)
  const { Architecture, Version } = control.fields
  return {
    format: 'deb',
    arch: Architecture ?? null,
    version: Version ?? null,
    signatures: members.filter(member => member.name.startsWith('_gpg')).map(member => `pgp (${member.name})`),
    facts: { members: members.map(({ name, sizeBytes }) => ({ name, sizeBytes })), ...control },
    contents,
  }
}

type Open = (member: ArFound) => ByteChunks

const plainAr = async (members: readonly ArFound[], open: Open): Promise<Found> => {
  const contents: Entry[] = []
  for (const member of members) {
    const { sha256, program } = await lookAt(open(member), member.sizeBytes)
    const known = program === undefined ? {} : { program: `${program.format} ${program.arch}` }
    contents.push({ path: member.name, type: 'file', mode: modeText(member.mode), sizeBytes: member.sizeBytes, sha256, ...known })
  }
  return { format: 'ar', arch: null, version: null, signatures: [], facts: {}, contents }
}

interface Control {
  readonly fields: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
  readonly conffiles: readonly string[]
}

const limitControlBytes = 4 * 2 ** 20
const scriptNames = ['preinst', 'postinst', 'prerm', 'postrm', 'config', 'triggers']

const readControl = async (members: readonly ArFound[], open: Open): Promise<Control> => {
  const texts = new Map<string, string>()
  for await (const entry of readTar(memberTar(members, 'control.tar', open), limits)) {
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

const readData = async (members: readonly ArFound[], open: Open): Promise<readonly Entry[]> => {
  const contents: Entry[] = []
  for await (const entry of readTar(memberTar(members, 'data.tar', open), limits)) contents.push((await tarEntry(entry)).entry)
  return contents
}

const memberTar = (members: readonly ArFound[], stem: string, open: Open): ByteChunks => {
  const member = members.find(({ name }) => name === stem || name.startsWith(`${stem}.`))
  if (member === undefined) throw new FormatError('inspect/bad-deb', `the deb has no ${stem}`)
  const kind = { '': 'tar', '.gz': 'gzip', '.zst': 'zstd' }[member.name.slice(stem.length)]
  if (kind === undefined) {
    return fail('inspect/deb-compression', `${member.name} is compressed in a way that is not read here.`, {
      hint: 'It reads debs whose members are tar, tar.gz or tar.zst.',
    })
  }
  return unpacked(open(member), kind as 'tar' | 'gzip' | 'zstd')
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
