// npm: the platform package of one target, as `npm pack` writes one (docs.npmjs.com, package.json: os, cpu, libc), with nothing that runs at install.
import { fail, failAll, parseTarget, problem, type Problem } from '@slipway/core'
import { gzipOf } from '@slipway/formats/gzip'
import { tarGzParts } from '@slipway/formats/tar'
import * as z from 'zod'
import { tarEntries } from './linux/entries.ts'
import { madeFile, type Installed } from './linux/installed.ts'
import { programsOf } from './linux/needs.ts'
import {
  checkNpm,
  hasOtherLibc,
  mainName,
  npmOs,
  platformManifest,
  platformName,
  type Libc,
  type Manifest,
  type NpmOptions,
} from './npm/manifest.ts'
import { platformReadme } from './npm/readme.ts'
import { packager, stem, type PackSubject } from './packager.ts'

const options = {
  name: z
    .string()
    .optional()
    .describe('Name of the main package, which users install, as tool or @acme/tool; default: app.bin in lower case'),
  scope: z.string().optional().describe('Scope of the platform packages, as acme; default: that of the main package'),
  repository: z
    .string()
    .optional()
    .describe("Address of the repository, as 'git+https://github.com/acme/tool.git'; default: app.homepage on a forge"),
  access: z.enum(['public', 'restricted']).default('public').describe('Who may see the packages on the registry'),
  level: z.int().min(0).max(9).default(6).describe('Deflate level, 0 (stored) to 9'),
}

/**
 * The app folder lies in `package/app`. Facts: `manifest` (its package.json), `main`, `executable` (path below `package/`).
 * Codes: those of `checkNpm`; `npm/no-executable`, `npm/wrong-libc`, `npm/illegal-entry`.
 */
export const npm = packager({
  id: 'npm',
  title: 'npm platform package',
  os: ['macos', 'windows', 'linux'],
  role: 'install',
  main: 'name',
  seesTargets: true,
  options,
  ext: () => 'tgz',
  fileName: naming => `${stem(naming)}.tgz`,
  check: checkNpm,
  async *pack(subject, chosen) {
    failAll([...checkNpm(subject, chosen), ...entryProblems(subject)])
    const { app, tree } = subject
    const manifest = platformManifest(subject, chosen, await libcOf(subject, chosen))
    const readme = platformReadme(app, { name: platformName(subject, chosen), main: mainName(app, chosen) })
    const entries = entriesOf(subject, { 'package.json': jsonText(manifest), 'README.md': readme })
    yield* gzipOf(tarGzParts(tarEntries(entries, { date: subject.date, level: chosen.level })))
    return { manifest, main: mainName(app, chosen), executable: `app/${tree.executable}` }
  },
})

const jsonText = (value: Manifest): string => `${JSON.stringify(value, null, 2)}\n`

/** The made ones first: readers stop at package.json. */
const entriesOf = (subject: PackSubject, made: Readonly<Record<string, string>>): readonly Installed[] => [
  ...Object.entries(made).map(([path, text]) => madeFile(`package/${path}`, text)),
  ...subject.tree.entries.flatMap((one): readonly Installed[] =>
    one.type !== 'file'
      ? []
      : [
          {
            ...one,
            path: `package/app/${one.path}`,
            mode: one.path === subject.tree.executable ? one.mode | 0o755 : one.mode,
            flag: 'none',
          },
        ],
  ),
]

/** The C library that the package asks for: the one that its files need. A static program with no other package runs on both. */
const libcOf = async (subject: PackSubject, chosen: NpmOptions): Promise<Libc | null> => {
  const { target, tree } = subject
  const parts = parseTarget(target)
  if (npmOs(target) !== 'linux' || parts === undefined) return null
  const said: Libc = parts.libc ?? 'glibc'
  const needed = (await programsOf(tree, parts.arch)).filter(one => one.elf.libc !== undefined)
  const wrong = needed.find(one => one.elf.libc !== said)
  if (wrong !== undefined)
    return fail('npm/wrong-libc', `${JSON.stringify(wrong.path)} needs ${wrong.elf.libc ?? ''}, and ${target} stands for ${said}`, {
      hint: `Build it for ${said}, or release it as another target.`,
      where: { path: 'packages.npm', target, file: wrong.path },
    })
  return needed.length > 0 || hasOtherLibc(subject, chosen) ? said : null
}

/** What would not arrive: npm drops links and empty folders, and renames .gitignore. */
const entryProblems = ({ tree, target }: PackSubject): readonly Problem[] => {
  const files = new Set(tree.entries.flatMap(one => (one.type === 'file' ? [one.path] : [])))
  const full = new Set(tree.entries.flatMap(({ path }) => parentsOf(path)))
  const faults = tree.entries.flatMap((one): readonly (readonly [string, string])[] => {
    if (one.type === 'link') return [[one.path, 'is a link, and npm unpacks no links']]
    if (one.type === 'folder') return full.has(one.path) ? [] : [[one.path, 'is an empty folder, and npm makes no empty folders']]
    return /(^|\/)\.(git|npm)ignore$/.test(one.path) ? [[one.path, 'would be renamed or left out by npm']] : []
  })
  return [
    ...faults.map(([path, fault]) =>
      // explain: An app folder holds what npm does not install as it is: a link, an empty folder, or a .gitignore or .npmignore.
      problem('npm/illegal-entry', `${JSON.stringify(path)} ${fault}`, {
        hint: `Leave it out of the app folder, or put a file in its place; or take ${target} out of packages.npm.targets.`,
        where: { path: 'packages.npm', target, file: path },
      }),
    ),
    ...(files.has(tree.executable)
      ? []
      : [
          problem('npm/no-executable', `the app folder holds no file ${JSON.stringify(tree.executable)}`, {
            hint: 'Name the executable with build.prebuilt.bin.',
            where: { path: 'packages.npm', target },
          }),
        ]),
  ]
}

const parentsOf = (path: string): readonly string[] => {
  const steps = path.split('/').slice(0, -1)
  return steps.map((_, index) => steps.slice(0, index + 1).join('/'))
}
