// File name patterns (CONFIG 3, "File names").
import { fail, parseTarget } from '@slipway/core'
import type { Naming } from '../packagers/packager.ts'

/** Fills `{name} {bin} {version} {target} {os} {arch} {ext}`; an unknown one is refused (`plan/placeholder`). */
export const fileNameOf = (pattern: string, { app, target }: Naming, ext: string): string => {
  const parts = parseTarget(target)
  const values: Record<string, string> = {
    name: app.name,
    bin: app.bin,
    version: app.version,
    target,
    os: parts?.os ?? '',
    arch: parts?.arch ?? '',
    ext,
  }
  return pattern.replaceAll(/\{([^}]*)\}/g, (whole, key: string) => values[key] ?? unknown(whole, Object.keys(values)))
}

const unknown = (whole: string, known: readonly string[]): never =>
  fail('plan/placeholder', `${whole} is no placeholder`, { hint: `Known are: ${known.map(key => `{${key}}`).join(' ')}` })
