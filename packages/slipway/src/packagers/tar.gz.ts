// tar.gz: a POSIX tar (ustar with pax) in one gzip member, from deflate streams that other formats share (CONTRACTS 7).
import { gzipOf } from '@slipway/formats/gzip'
import { tarGzParts, type TarDeflated } from '@slipway/formats/tar'
import * as z from 'zod'
import { packager, stem } from './packager.ts'
import { tarEntriesOf, type Packed } from './tar/entries.ts'

/** Packs the app folder below one folder named like the file. Facts: that folder and the executable in it. */
export const tarGz = packager({
  id: 'tar.gz',
  title: 'tar archive, gzip',
  os: ['macos', 'windows', 'linux'],
  role: 'both',
  topFolder: true,
  keepsModes: true,
  main: 'level',
  options: { level: z.int().min(0).max(9).default(6).describe('Deflate level, 0 (stored) to 9') },
  ext: () => 'tar.gz',
  fileName: naming => `${stem(naming)}.tar.gz`,
  async *pack(subject, { level }) {
    yield* gzipOf(tarGzParts(withStreams(tarEntriesOf(subject), level)))
    return { folder: stem(subject), executable: subject.tree.executable }
  },
})

async function* withStreams(packed: Iterable<Packed>, level: number): AsyncGenerator<TarDeflated> {
  for (const { entry, file } of packed) yield file === null ? entry : { ...entry, deflated: await file.deflated(level) }
}
