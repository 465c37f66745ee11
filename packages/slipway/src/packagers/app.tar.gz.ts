// app.tar.gz: the bundle as a tar archive, the only form that the updater of Tauri unpacks on macOS.
import { gzipOf } from '@slipway/formats/gzip'
import { tarGzParts, type TarDeflated } from '@slipway/formats/tar'
import * as z from 'zod'
import { toldVersion } from './mac/version.ts'
import { packager, stem } from './packager.ts'
import { tarEntriesIn, type Packed } from './tar/entries.ts'

/** The bundle is the one thing at the top. Facts: the name of the bundle. */
export const appTarGz = packager({
  id: 'app.tar.gz',
  title: 'macOS bundle, tar and gzip',
  os: ['macos'],
  role: 'update',
  inside: 'app',
  tells: toldVersion,
  main: 'level',
  options: { level: z.int().min(0).max(9).default(6).describe('Deflate level, 0 (stored) to 9') },
  ext: () => 'app.tar.gz',
  fileName: naming => `${stem(naming)}.app.tar.gz`,
  keeps: ({ app }) => ({ bundleId: app.id }),
  async *pack(subject, { level }) {
    yield* gzipOf(tarGzParts(withStreams(tarEntriesIn(subject, ''), level)))
    return { bundle: subject.tree.executable.split('/')[0] ?? '' }
  },
})

async function* withStreams(packed: Iterable<Packed>, level: number): AsyncGenerator<TarDeflated> {
  for (const { entry, file } of packed) yield file === null ? entry : { ...entry, deflated: await file.deflated(level) }
}
