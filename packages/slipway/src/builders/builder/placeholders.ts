// What stands in options for a target: placeholders, and records of target patterns.
import { fail, matchesTarget, parseTarget, spell, type App, type Target } from '@slipway/core'

export interface Naming {
  readonly app: App
  readonly target: Target
  readonly channel: string
}

/** Fills `{name} {bin} {version} {target} {os} {arch} {channel} {exe} {npm} {rust} {go}`. Codes: `builders/unknown-placeholder`, `target/no-spelling`. */
export const fillPlaceholders = (pattern: string, { app, target, channel }: Naming): string => {
  const parts = parseTarget(target)
  const values: Readonly<Record<string, () => string>> = {
    name: () => app.name,
    bin: () => app.bin,
    version: () => app.version,
    target: () => target,
    os: () => parts?.os ?? '',
    arch: () => parts?.arch ?? '',
    channel: () => channel,
    exe: () => (parts?.os === 'windows' ? '.exe' : ''),
    // Only when asked for: not every target has a word in each of these.
    npm: () => spell(target, 'npm'),
    rust: () => spell(target, 'rust'),
    go: () => spell(target, 'go'),
  }
  return pattern.replaceAll(/\{([a-z]*)\}/g, (whole, key: string) => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined
    if (value !== undefined) return value()
    return fail('builders/unknown-placeholder', `${whole} is no placeholder`, {
      hint: `Known are: ${Object.keys(values)
        .map(one => `{${one}}`)
        .join(' ')}.`,
      where: { path: 'build' },
    })
  })
}

/** The value for a target among `target or <os>-*` -> value: the exact one first. */
export const valueFor = <V>(values: Readonly<Record<string, V>>, target: Target): V | undefined =>
  Object.hasOwn(values, target) ? values[target] : Object.entries(values).find(([pattern]) => matchesTarget(pattern, target))?.[1]
