// `node scripts/hfs-kernel.ts [FOLDER...]`: what Linux's own hfsplus says of our disk images: a volume of hostile names and one of each folder
// go through HFS Plus, UDIF and back, and are mounted by Debian's kernel under qemu; its tar of them is held against the source.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { type HfsEntry, hfsVolume } from '../packages/formats/src/hfs/write.ts'
import { readUdif } from '../packages/formats/src/udif/read.ts'
import { lzfseRuns } from '../packages/formats/src/udif/runs.ts'
import { writeUdif } from '../packages/formats/src/udif/write.ts'
import { bootWith, kernel } from './hfs-kernel/machine.ts'
import { hostileTree } from './hfs-kernel/names.ts'

const date = 1_700_000_000

/** One line an entry, by its composed path: type, mode, size, digest, where a link leads. */
type Listing = ReadonlyMap<string, string>

const listingOf = (root: string, below = ''): Map<string, string> => {
  const listing = new Map<string, string>()
  for (const name of readdirSync(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`
    const facts = lstatSync(join(root, path))
    const mode = (facts.mode & 0o7777).toString(8)
    const line = facts.isSymbolicLink()
      ? `link to ${readlinkSync(join(root, path))}`
      : facts.isDirectory()
        ? `folder ${mode}`
        : `file ${mode} ${facts.size} ${createHash('sha256')
            .update(readFileSync(join(root, path)))
            .digest('hex')}`
    listing.set(path.normalize('NFC'), line)
    if (facts.isDirectory()) for (const [inside, one] of listingOf(root, path)) listing.set(inside, one)
  }
  return listing
}

const entriesOf = (root: string, below = ''): HfsEntry[] =>
  readdirSync(join(root, below)).flatMap((name): HfsEntry[] => {
    const path = below === '' ? name : `${below}/${name}`
    const place = join(root, path)
    const facts = lstatSync(place)
    const mode = facts.mode & 0o7777
    if (facts.isSymbolicLink()) return [{ type: 'link', path, linkTarget: readlinkSync(place) }]
    if (facts.isDirectory()) return [{ type: 'folder', path, mode }, ...entriesOf(root, path)]
    return [{ type: 'file', path, mode, sizeBytes: facts.size, bytes: () => [new Uint8Array(readFileSync(place))] }]
  })

/** Through a disk image, so that what is mounted is what comes out of one. */
const writeVolume = async (root: string, path: string): Promise<void> => {
  const volume = hfsVolume(entriesOf(root), { volumeName: 'Täst', mtime: date })
  const image = `${path}.dmg`
  const out = await open(image, 'w')
  for await (const part of writeUdif(volume.bytes(), { sizeBytes: volume.sizeBytes, compression: lzfseRuns() })) await out.write(part)
  await out.close()
  const file = await open(image, 'r')
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length)
    const { bytesRead } = await file.read(bytes, 0, length, offset)
    return bytes.subarray(0, bytesRead)
  }
  const udif = await readUdif({ sizeBytes: (await file.stat()).size, read })
  const [partition] = udif.partitions
  if (partition === undefined) throw new Error('the image has no partition')
  const source = udif.open(partition)
  const raw = await open(path, 'w')
  for (let at = 0; at < source.sizeBytes; at += 1 << 22) await raw.write(await source.read(at, Math.min(1 << 22, source.sizeBytes - at)))
  await Promise.all([file.close(), raw.close()])
  rmSync(image)
}

const check = async (root: string, folder: string): Promise<boolean> => {
  const [volume, tar, out] = [join(folder, 'volume'), join(folder, 'out.tar'), join(folder, 'out')]
  await writeVolume(root, volume)
  const printed = bootWith({ folder, volume, tar, tarBytes: lstatSync(volume).size * 2 + (64 << 20) })
  mkdirSync(out)
  execFileSync('tar', ['-xpf', tar, '-C', out])
  const [wanted, found] = [listingOf(root), listingOf(out)]
  const wrong = differences(wanted, found)
  const said = /hfs-kernel: ([^\r\n]*)/g
  console.log(`${basename(root)}: ${[...printed.matchAll(said)].map(match => match[1]).join('; ')}`)
  const files = [...wanted.values()].filter(line => line.startsWith('file')).length
  console.log(`  ${wanted.size} entries, ${files} files: ${wrong.length === 0 ? 'all equal' : `${wrong.length} differ`}`)
  for (const line of wrong.slice(0, 10)) console.log(`  ${line}`)
  rmSync(out, { recursive: true, force: true })
  return wrong.length === 0 && wanted.size > 0
}

const differences = (wanted: Listing, found: Listing): readonly string[] =>
  [...new Set([...wanted.keys(), ...found.keys()])].flatMap(path =>
    wanted.get(path) === found.get(path)
      ? []
      : [`${JSON.stringify(path)}: ${wanted.get(path) ?? 'nothing'}, and the kernel has ${found.get(path) ?? 'nothing'}`],
  )

const folder = mkdtempSync(join(tmpdir(), 'hfs-kernel-'))
try {
  const hostile = join(folder, 'hostile names')
  mkdirSync(hostile)
  for (const one of hostileTree()) {
    const place = join(hostile, one.path)
    if (one.type === 'folder') mkdirSync(place, { mode: one.mode })
    else if (one.type === 'link') symlinkSync(one.linkTarget, place)
    else writeFileSync(place, one.content, { mode: one.mode })
  }
  console.log(`kernel ${kernel().version}`)
  const results: boolean[] = []
  for (const root of [hostile, ...process.argv.slice(2).map(one => resolve(one))]) results.push(await check(root, folder))
  if (results.includes(false)) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
