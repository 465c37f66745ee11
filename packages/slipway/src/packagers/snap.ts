// snap: a squashfs with meta/snap.yaml (snapcraft.io's snap format), as `snap install --dangerous` takes it.
import { collect, encodeText } from '@slipway/formats/bytes'
import { writeSquashfs, type SquashfsEntry } from '@slipway/formats/squashfs/write'
import { failAll } from '@slipway/core'
import * as z from 'zod'
import { entryOf } from './linux/squashfs.ts'
import { madeFile, type Installed } from './linux/installed.ts'
import { examineLinux, layoutOf, linuxAssets, linuxOptions } from './linux/layout.ts'
import { packager } from './packager.ts'
import { checkSnap, snapArch, snapName, snapYaml } from './snap/yaml.ts'

const options = {
  ...linuxOptions,
  name: z.string().optional().describe('Name of the snap; default: app.bin in lower case'),
  base: z.string().default('core24').describe('Snap that its programs run on'),
  confinement: z.enum(['strict', 'classic', 'devmode']).default('strict').describe('How much of the system it sees'),
  grade: z.enum(['stable', 'devel']).default('stable').describe('devel keeps it out of stable channels'),
  plugs: z.array(z.string()).readonly().default([]).describe("Interfaces that it uses, as 'network', 'home', 'desktop', 'wayland'"),
  compression: z
    .enum(['gzip', 'xz', 'zstd'])
    .default('xz')
    .describe('Compression; the snap store takes xz, every kernel reads xz and gzip'),
  level: z.int().min(1).max(9).default(9).describe('Level of the compression, 1 to 9'),
}

/**
 * The files of a Linux package below the snap, and meta/gui for the desktop. Facts: name, version, architecture.
 * Codes: `snap/bad-name`, `snap/bad-version`, `snap/bad-text`, `snap/no-target`, those of linux/layout.ts.
 */
export const snap = packager({
  id: 'snap',
  title: 'snap',
  os: ['linux'],
  libc: 'glibc',
  role: 'install',
  main: 'name',
  options,
  ext: () => 'snap',
  fileName: (naming, chosen) => `${snapName(naming, chosen)}_${naming.app.version}_${snapArch(naming.target) ?? 'all'}.snap`,
  check: (naming, chosen) => checkSnap(naming, chosen),
  assets: (naming, chosen) => linuxAssets(naming, chosen, 'snap'),
  examine: (naming, chosen, assets) => examineLinux(naming, chosen, { unit: 'snap', package: snapName(naming, chosen), assets }),
  async *pack(subject, chosen) {
    failAll(checkSnap(subject, chosen))
    const { app, date, spool } = subject
    const name = snapName(subject, chosen)
    const { entries } = await layoutOf(subject, { ...chosen, format: 'snap', package: name })
    const yaml = madeFile('meta/snap.yaml', snapYaml(subject, chosen))
    const all: readonly SquashfsEntry[] = [...entries, yaml, ...(await guiOf(entries, { name, bin: app.bin }))].map(entryOf)
    const compression = { method: chosen.compression, level: chosen.level }
    // Without fragments, as snapd's own packer writes it.
    yield* writeSquashfs(all, { compression, mtime: date, hasFragments: false, ...(spool === undefined ? {} : { spool }) })
    return { name, version: app.version, architecture: snapArch(subject.target) ?? '', confinement: chosen.confinement }
  },
})

/** snapd takes desktop entry and icon from meta/gui alone, and starts apps by the snap's name. */
const guiOf = async (
  entries: readonly Installed[],
  { name, bin }: { readonly name: string; readonly bin: string },
): Promise<readonly Installed[]> => {
  const files = entries.filter(one => one.type === 'file')
  const desktop = files.find(one => /^usr\/share\/applications\/[^/]+\.desktop$/.test(one.path))
  if (desktop === undefined) return []
  const icon = files.findLast(one => /^usr\/share\/icons\/hicolor\/(scalable|512x512|256x256|128x128|64x64|48x48)\/apps\//.test(one.path))
  const ending = icon?.path.endsWith('.svg') === true ? 'svg' : 'png'
  const text = new TextDecoder().decode(await collect(desktop.bytes(), 1 << 20))
  const lines = text.split('\n').map(line => {
    if (line.startsWith('Icon=')) return `Icon=\${SNAP}/meta/gui/${name}.${ending}`
    return line.startsWith('Exec=') ? line.replace(`Exec=${bin}`, `Exec=${name}`) : line
  })
  return [
    madeFile(`meta/gui/${name}.desktop`, encodeText(lines.join('\n'))),
    ...(icon === undefined ? [] : [{ ...icon, path: `meta/gui/${name}.${ending}` }]),
  ]
}
