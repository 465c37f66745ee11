// tar.xz: a POSIX tar (ustar with pax) in one xz stream of many blocks (The .xz File Format 1.1.0).
import { writeTar } from '@slipway/formats/tar'
import { compressXz } from '@slipway/formats/xz'
import * as z from 'zod'
import { packager, stem } from './packager.ts'
import { tarFilesOf } from './tar/entries.ts'

/** Packs the app folder below one folder named like the file. Facts: that folder and the executable in it. */
export const tarXz = packager({
  id: 'tar.xz',
  title: 'tar archive, xz',
  os: ['macos', 'windows', 'linux'],
  role: 'both',
  topFolder: true,
  keepsModes: true,
  main: 'level',
  options: { level: z.int().min(0).max(9).default(6).describe('Level of xz, 0 to 9') },
  ext: () => 'tar.xz',
  fileName: naming => `${stem(naming)}.tar.xz`,
  async *pack(subject, { level }) {
    yield* compressXz(writeTar(tarFilesOf(subject)), { level })
    return { folder: stem(subject), executable: subject.tree.executable }
  },
})
