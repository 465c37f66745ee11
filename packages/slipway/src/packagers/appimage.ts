// appimage: a type 2 AppImage, a static runtime with the app as a squashfs behind it (AppImageSpec, type 2).
import { failAll, problem, type Problem } from '@slipway/core'
import { writeSquashfs } from '@slipway/formats/squashfs/write'
import * as z from 'zod'
import { appDirOf } from './appimage/app-dir.ts'
import { archOf, ownRuntime, runtimeArches, runtimeOf, runtimeProblems } from './appimage/runtime.ts'
import { examineLinux, layoutOf, linuxAssets, linuxOptions } from './linux/layout.ts'
import { packager, type Naming } from './packager.ts'

const given = z.strictObject({ path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional()

const options = {
  ...linuxOptions,
  runtime: z
    .strictObject({ x64: given, arm64: given })
    .optional()
    .describe('Another type 2 runtime, as the official one: its file in the project and its digest, per architecture'),
  update: z.string().default('').describe("Update information, as 'zsync|https://example.org/app.AppImage.zsync'"),
  compression: z.enum(['zstd', 'gzip']).default('zstd').describe('Compression of the file system'),
  level: z.int().min(1).max(22).optional().describe('zstd: 1 to 22, default 15; gzip: 1 to 9, default 9'),
}
type AppImageOptions = z.output<z.ZodObject<typeof options>>

/**
 * The app below `usr/`, as every Linux package has it, with AppRun, desktop entry and icon on top. Facts: offset and compression of the
 * file system. Codes: `appimage/bad-level`, `appimage/bad-update`, those of appimage/ and of linux/layout.ts.
 */
export const appimage = packager({
  id: 'appimage',
  title: 'AppImage',
  os: ['linux'],
  libc: 'glibc',
  role: 'both',
  starts: true,
  options,
  ext: () => 'AppImage',
  fileName: ({ app, target }) => `${app.bin}-${app.version}-${runtimeArches[archOf(target) ?? 'x64'].name}.AppImage`,
  check: (naming, chosen) => problemsOf(naming, chosen),
  assets: (naming, chosen) => [...linuxAssets(naming, withDesktop(naming, chosen), 'appimage'), ...runtimeAsset(naming, chosen)],
  examine: (naming, chosen, assets) => [
    ...examineLinux(naming, withDesktop(naming, chosen), { unit: 'appimage', package: naming.app.bin, assets }),
    ...runtimeProblems({ ...naming, assets }, chosen.runtime, chosen.update),
  ],
  async *pack(subject, chosen) {
    failAll(problemsOf(subject, chosen))
    const { app, target, date, spool } = subject
    const arch = archOf(target) ?? 'x64'
    const { entries } = await layoutOf(subject, { ...withDesktop(subject, chosen), format: 'appimage', package: app.bin })
    const runtime = runtimeOf(subject, chosen.runtime?.[arch] ?? (await ownRuntime(arch)), chosen.update)
    yield runtime
    const { compression: method } = chosen
    const compression = { method, level: chosen.level ?? (method === 'zstd' ? 15 : 9) }
    yield* writeSquashfs(appDirOf(entries, app.bin), { compression, mtime: date, ...(spool === undefined ? {} : { spool }) })
    return { offset: runtime.length, compression: method, ...(chosen.update === '' ? {} : { update: chosen.update }) }
  },
})

/** An AppImage always has a desktop entry; that of a command-line tool opens a terminal. */
const withDesktop = ({ app }: Pick<Naming, 'app'>, chosen: AppImageOptions): AppImageOptions => {
  if (chosen.desktop !== undefined && chosen.desktop !== true) return chosen
  const isDesktop = app.category !== '' || app.protocols.length > 0 || app.opens.length > 0
  return { ...chosen, desktop: isDesktop ? {} : { terminal: true } }
}

const runtimeAsset = ({ target }: Naming, { runtime }: AppImageOptions) => {
  const arch = archOf(target)
  const own = arch === null ? undefined : runtime?.[arch]
  return own === undefined || arch === null ? [] : [{ path: own.path, from: `packages.appimage.runtime.${arch}.path` }]
}

/** The kinds of update information that clients know. */
const updateKinds = { zsync: 2, 'gh-releases-zsync': 5, 'gh-releases-direct': 5, 'pling-v1-zsync': 3 } as const

const problemsOf = ({ target }: Naming, { compression, level, update }: AppImageOptions): readonly Problem[] => {
  const problems: Problem[] = []
  if (archOf(target) === null)
    problems.push(
      problem('appimage/no-target', `there is no AppImage runtime for ${target}`, {
        hint: 'AppImages are made for linux-x64 and linux-arm64: narrow packages.appimage.targets.',
        where: { path: 'packages.appimage.targets', target },
      }),
    )
  if (compression === 'gzip' && level !== undefined && level > 9)
    problems.push(
      problem('appimage/bad-level', `${level} is no level of gzip`, {
        hint: 'gzip has 1 to 9.',
        where: { path: 'packages.appimage.level' },
      }),
    )
  const [kind = '', ...rest] = update.split('|')
  const isKnown = Object.entries(updateKinds).some(([name, count]) => name === kind && rest.length === count - 1 && !rest.includes(''))
  if (update !== '' && (!isKnown || !/^[\x21-\x7e]{1,1000}$/.test(update)))
    problems.push(
      problem('appimage/bad-update', `${JSON.stringify(update)} is no update information of an AppImage`, {
        hint: "Write 'zsync|<address of the .zsync file>' or 'gh-releases-zsync|<owner>|<repository>|latest|<file pattern>'.",
        where: { path: 'packages.appimage.update' },
      }),
    )
  return problems
}
