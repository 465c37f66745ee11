// zsync: the control file beside an AppImage, by which AppImageUpdate fetches only the blocks that changed (zsync 0.6.2; AppImageSpec).
import { zsyncOf } from '@slipway/formats/zsync'
import { packager } from './packager.ts'

/** On where the AppImage's update information names a zsync file. Its URL is relative: the AppImage lies beside it. Facts: none. */
export const zsync = packager({
  id: 'zsync',
  title: 'zsync file',
  os: ['linux'],
  role: 'metadata',
  from: ['appimage'],
  follows: ({ update }) => typeof update === 'string' && /^[a-z-]*zsync\|/.test(update),
  options: {},
  ext: () => 'AppImage.zsync',
  fileName: ({ app, target }) => `${app.bin}-${app.version}-${target === 'linux-arm64' ? 'aarch64' : 'x86_64'}.AppImage.zsync`,
  async *pack({ sources = [] }) {
    for (const { file, sizeBytes, bytes } of sources)
      yield await zsyncOf(bytes(), { fileName: file, url: encodeURIComponent(file), sizeBytes })
    return {}
  },
})
