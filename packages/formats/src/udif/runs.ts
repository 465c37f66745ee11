// How the runs of a disk image are packed: zlib (UDZO), LZFSE (ULFO, since macOS 10.11) and xz (ULMO, since macOS 10.15), as hdiutil(1) names them.
import { deflateAlone, type DeflatePieceOn } from '../deflate.ts'
import { packLzfse, type PackLzfseOn } from '../lzfse.ts'
import { packXz } from '../xz.ts'
import { zlibFrame } from '../zlib-frame.ts'
import { lzfseRun, xzRun, zlibRun } from './trailer.ts'

/** Packs one run into bytes of their own; the same each time. The run is gone afterwards. */
export interface UdifCompression {
  readonly runKind: number
  readonly pack: (run: Uint8Array) => Promise<Uint8Array>
}

/** Understood by every macOS. `level`: 1 to 9. */
export const zlibRuns = (level: number, deflate?: DeflatePieceOn): UdifCompression => ({
  runKind: zlibRun,
  pack: async run => zlibFrame(run, await deflateAlone(run, level, deflate)),
})

/** Default: on this thread. */
export const lzfseRuns = (pack: PackLzfseOn = run => Promise.resolve(packLzfse(run))): UdifCompression => ({ runKind: lzfseRun, pack })

/** Each run is a stream of its own. `level`: 1 to 9. Throws `xz/no-library`. */
export const xzRuns = (level: number): UdifCompression => ({ runKind: xzRun, pack: run => packXz(run, { level }) })
