// tar.zst: a POSIX tar (ustar with pax) in one Zstandard frame (RFC 8878).
import { writeTar } from '@slipway/formats/tar'
import { compressZstd } from '@slipway/formats/zstd'
import * as z from 'zod'
import { packager, stem } from './packager.ts'
import { tarFilesOf } from './tar/entries.ts'

/**
 * Packs the app folder below one folder named like the file. Facts: that folder and the executable in it.
 * Level 10 makes programs smaller than gzip -9 does, in less time; beyond it time grows many times faster than size falls.
 */
export const tarZst = packager({
  id: 'tar.zst',
  title: 'tar archive, Zstandard',
  os: ['macos', 'windows', 'linux'],
  role: 'both',
  topFolder: true,
  keepsModes: true,
  main: 'level',
  options: { level: z.int().min(1).max(19).default(10).describe('Zstandard level, 1 to 19') },
  ext: () => 'tar.zst',
  fileName: naming => `${stem(naming)}.tar.zst`,
  async *pack(subject, { level }) {
    yield* compressZstd(writeTar(tarFilesOf(subject)), { level })
    return { folder: stem(subject), executable: subject.tree.executable }
  },
})
