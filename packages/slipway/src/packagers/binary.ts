// The bare executable of the app folder, for tools that are one file.
import { fail } from '@slipway/core'
import { packager, stem } from './packager.ts'

/** Packs the executable alone. Facts: its path in the app folder. Code: `binary/no-executable`. */
export const binary = packager({
  id: 'binary',
  title: 'the bare executable, for tools that are one file',
  os: ['macos', 'windows', 'linux'],
  role: 'both',
  options: {},
  ext: target => (target.startsWith('windows-') ? 'exe' : ''),
  fileName: naming => `${stem(naming)}${naming.target.startsWith('windows-') ? '.exe' : ''}`,
  async *pack({ tree, target }) {
    const entry = tree.entries.find(one => one.path === tree.executable)
    if (entry?.type !== 'file')
      return fail('binary/no-executable', `the app folder holds no file ${JSON.stringify(tree.executable)}`, {
        hint: 'Name the executable with build.prebuilt.bin, or pack another format.',
        where: { path: 'packages.binary', target },
      })
    yield* entry.bytes()
    return { executable: entry.path }
  },
})
