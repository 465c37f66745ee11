// Foreign programs that a plan needs on this machine: those of its units, and those that draw an icon which is an SVG.
import type { PlannedArtifact, Target } from '@slipway/core'
import type { AppSettings } from '../config/project.ts'
import { units } from './kinds.ts'
import type { Seen } from './seen.ts'

/** May name one twice. */
export const toolsOf = (settings: AppSettings, artifacts: readonly PlannedArtifact[], seen: Seen | undefined): readonly string[] => [
  ...settings.build.flatMap(unit => units.builders(unit.id).tools ?? []),
  ...[...new Set(artifacts.map(artifact => artifact.kind))].flatMap(kind => units.packagers(kind).tools ?? []),
  ...artifacts.flatMap(({ kind, target }) =>
    [kind, units.packagers(kind).inside ?? kind].flatMap(id => lentFor(settings, { id, target, seen })),
  ),
]

interface Lending {
  readonly id: string
  readonly target: Target
  readonly seen: Seen | undefined
}

/** What a unit is lent for a drawing; nothing where a bundle brings its icon along, or where only the build says whether it does. */
const lentFor = ({ app, packages }: AppSettings, { id, target, seen }: Lending): readonly string[] => {
  const { lends = [], assets, shape } = units.packagers(id)
  const options = packages.find(one => one.id === id)?.options
  if (lends.length === 0 || options === undefined) return []
  if (shape !== undefined) {
    const folder = seen?.folders.get(`${app.key} ${target}`)
    if (folder === undefined || folder.files.some(({ path }) => /(^|\.app\/)Contents\/Resources\/[^/]*\.icns$/.test(path))) return []
  }
  return (assets?.({ app, target }, options as never) ?? []).some(({ path }) => /\.svg$/i.test(path)) ? lends : []
}
