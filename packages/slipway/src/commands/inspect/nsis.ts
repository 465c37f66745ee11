// NSIS installers as inspect shows them: how they are packed, whose rights they ask for, what they unpack and where to.
import { collect } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { type NsisHeader, readNsis } from '@slipway/formats/nsis'
import { readNsisContents } from '@slipway/formats/nsis/contents'
import { readPe } from '@slipway/formats/pe'
import { readPeResources } from '@slipway/formats/pe-resources'
import { unlessDamaged } from './build.ts'
import { foundOf, lookAt, type Seen, seenOf } from './look.ts'
import { type Found, given, modeText, type Program, type Subject } from './report.ts'

const fileMode = modeText(0o644)
// A file that is packed on its own does not say how long it is.
const limitFileBytes = 1 << 30
const limitImageBytes = 64 << 20
const manifestType = 24

/** Codes: `nsis/truncated`, `nsis/bad-checksum`, `nsis/corrupt`. */
export const readInstallerReport = async ({ source, digests }: Subject, program: Program): Promise<Found> => {
  const { imageEnd } = await readPe(source)
  const header = await readNsis(source, imageEnd)
  if (header === undefined) return { ...program, contents: [] }
  checkWhole(header, source.sizeBytes)
  const { packing, script, files } = await readNsisContents(source, header)
  const seen: Seen[] = []
  for await (const file of files()) {
    const bytes = file.sizeBytes === undefined ? await collect(file.bytes(), limitFileBytes) : undefined
    const sizeBytes = file.sizeBytes ?? bytes?.length ?? 0
    const looked = await lookAt(bytes === undefined ? file.bytes() : [bytes], { sizeBytes, digests })
    seen.push(...file.paths.map(path => seenOf({ path, type: 'file', mode: fileMode, sizeBytes }, looked)))
  }
  const { installer: _installer, ...facts } = program.facts
  const image = await source.read(0, Math.min(imageEnd, limitImageBytes))
  return foundOf(program.format, seen, {
    arch: program.arch,
    version: program.version,
    signatures: program.signatures,
    facts: given({
      ...facts,
      compression: `${packing.compression}${packing.isSolid ? ', solid' : ''}`,
      rights: await unlessDamaged(() => Promise.resolve(rightsOf(image))),
      installer: given({
        bits: script.bits,
        isUnicode: script.isUnicode,
        isUninstaller: header.isUninstaller,
        isSilent: header.isSilent,
        crc: header.crc,
        isCrcRight: header.isCrcRight,
      }),
    }),
  })
}

const checkWhole = ({ isWhole, isCrcRight, offset, followingBytes }: NsisHeader, sizeBytes: number): void => {
  if (!isWhole)
    throw new FormatError('nsis/truncated', `the installer is cut off: it has ${sizeBytes} bytes of ${offset + followingBytes}`, sizeBytes)
  if (isCrcRight === false)
    throw new FormatError('nsis/bad-checksum', 'the installer does not have its checksum', offset + followingBytes - 4)
}

const levels: Readonly<Record<string, string>> = { asInvoker: 'user', requireAdministrator: 'administrator', highestAvailable: 'highest' }

/** Of its manifest: as whom Windows starts it. */
const rightsOf = (image: Uint8Array): string | undefined => {
  const manifest = readPeResources(image).find(one => one.type === manifestType)
  const level =
    manifest === undefined
      ? undefined
      : /requestedExecutionLevel\s+level="([A-Za-z]{1,32})"/.exec(new TextDecoder().decode(manifest.bytes))?.[1]
  return level === undefined ? undefined : (levels[level] ?? level)
}
