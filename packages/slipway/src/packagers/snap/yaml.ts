// meta/snap.yaml: name, version, confinement and the one app of a snap, and what snapd would refuse (snapd's snap/validate.go rules).
import { parseTarget, problem, type Problem } from '@slipway/core'
import { defaultDescription } from '../linux/layout.ts'
import { oneLine } from '../linux/text.ts'
import type { Naming } from '../packager.ts'

export interface SnapOptions {
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly base: string
  readonly confinement: string
  readonly grade: string
  readonly plugs: readonly string[]
}

const arches: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', armv7: 'armhf' }

/** As snaps name it; null: none. */
export const snapArch = (target: string): string | null => arches[parseTarget(target)?.arch ?? ''] ?? null

export const snapName = ({ app }: Pick<Naming, 'app'>, { name }: Pick<SnapOptions, 'name'>): string =>
  name ?? app.bin.toLowerCase().replace(/[^a-z0-9]+/g, '-')

/** Every scalar is JSON, which YAML reads as it is: no text can become structure. */
export const snapYaml = (naming: Naming, options: SnapOptions): string => {
  const { app, target } = naming
  const name = snapName(naming, options)
  const lines: readonly (readonly [string, string])[] = [
    ['name', name],
    ['version', app.version],
    ['title', oneLine(app.name).slice(0, 40)],
    ['summary', summaryOf(naming)],
    ['description', options.description ?? defaultDescription(app)],
    ...(app.license === '' ? [] : [['license', oneLine(app.license)] as const]),
    ['base', options.base],
    ['confinement', options.confinement],
    ['grade', options.grade],
  ]
  return [
    ...lines.map(([key, text]) => `${key}: ${JSON.stringify(text)}`),
    `architectures: [${JSON.stringify(snapArch(target) ?? '')}]`,
    'apps:',
    `  ${JSON.stringify(name)}:`,
    `    command: ${JSON.stringify(`usr/bin/${app.bin}`)}`,
    ...(options.plugs.length === 0 ? [] : [`    plugs: ${JSON.stringify(options.plugs)}`]),
    '',
  ].join('\n')
}

const summaryOf = ({ app }: Pick<Naming, 'app'>): string => oneLine(app.summary || app.name)

/** Codes: `snap/bad-name`, `snap/bad-version`, `snap/bad-text`, `snap/hidden-need`, `snap/no-target`. */
export const checkSnap = (naming: Naming, options: SnapOptions): readonly Problem[] => {
  const { app, target } = naming
  const name = snapName(naming, options)
  const problems: Problem[] = []
  if (!/^[a-z0-9](-?[a-z0-9])*$/.test(name) || !/[a-z]/.test(name) || name.length < 2 || name.length > 40)
    problems.push(
      problem('snap/bad-name', `${JSON.stringify(name)} cannot be the name of a snap (snap.yaml, name)`, {
        hint: 'A name has 2 to 40 lower-case letters, digits and single dashes, with a letter among them; set packages.snap.name.',
        where: { path: 'packages.snap.name' },
      }),
    )
  if (!/^[a-zA-Z0-9]([a-zA-Z0-9:.+~-]{0,30}[a-zA-Z0-9+~])?$/.test(app.version))
    problems.push(
      problem('snap/bad-version', `${JSON.stringify(app.version)} cannot be the version of a snap (snap.yaml, version)`, {
        hint: 'A version has at most 32 letters, digits and : . + ~ -.',
        where: { path: 'app.version' },
      }),
    )
  const texts = [
    { text: summaryOf(naming), limit: 128, path: 'app.summary' },
    { text: options.description ?? defaultDescription(app), limit: 4096, path: 'packages.snap.description' },
  ]
  for (const { text, limit, path } of texts) {
    if ([...text].length > limit)
      problems.push(
        problem(
          'snap/bad-text',
          `${path} is longer than the ${limit} characters that a snap takes (snap.yaml, ${path.replace(/^.*\./, '')})`,
          {
            hint: 'Shorten it.',
            where: { path },
          },
        ),
      )
  }
  if (options.confinement === 'strict')
    for (const { program, bundle } of app.needs)
      if (bundle === undefined)
        problems.push(
          problem('snap/hidden-need', `app.needs.${program} is looked for on the user's machine, of which a strict snap sees nothing`, {
            hint: "Ship it (bundle), or set packages.snap.confinement: 'classic'.",
            where: { path: 'packages.snap.confinement' },
          }),
        )
  if (snapArch(target) === null)
    problems.push(
      problem('snap/no-target', `there are no snaps for ${target} (snap.yaml, architectures)`, {
        hint: 'Snaps are made for linux-x64, linux-arm64 and linux-armv7: narrow packages.snap.targets.',
        where: { path: 'packages.snap.targets', target },
      }),
    )
  return problems
}
