// The bare executable of the app folder, for tools that are one file.
import { fail, problem } from '@slipway/core'
import { packager, stem } from './packager.ts'

/** Packs the executable alone. Facts: its path in the app folder. Codes: `binary/no-executable`, `binary/shipped-need`. */
export const binary = packager({
  id: 'binary',
  title: 'the bare executable, for tools that are one file',
  os: ['macos', 'windows', 'linux'],
  role: 'both',
  starts: true,
  options: {},
  ext: target => (target.startsWith('windows-') ? 'exe' : ''),
  fileName: naming => `${stem(naming)}${naming.target.startsWith('windows-') ? '.exe' : ''}`,
  check: ({ app }) =>
    app.needs.flatMap(({ program, bundle }) =>
      bundle === undefined
        ? []
        : [
            problem(
              'binary/shipped-need',
              `app.needs.${program} is shipped beside the program, and the bare executable has nothing beside it`,
              {
                hint: "Pack another format, or look for it on the user's machine: leave bundle out.",
                where: { path: 'packages.binary' },
              },
            ),
          ],
    ),
  async *pack({ tree, target }) {
    // A launcher alone would start nothing.
    const path = tree.program ?? tree.executable
    const entry = tree.entries.find(one => one.path === path)
    if (entry?.type !== 'file')
      return fail('binary/no-executable', `the app folder holds no file ${JSON.stringify(path)}`, {
        hint: 'Name the executable with build.prebuilt.bin, or pack another format.',
        where: { path: 'packages.binary', target },
      })
    yield* entry.bytes()
    return { executable: entry.path }
  },
})
