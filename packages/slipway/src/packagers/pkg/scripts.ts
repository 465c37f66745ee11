// The scripts of a package: texts of the config or files of the project, which the Installer runs as root.
import { problem, SlipwayError, type Problem } from '@slipway/core'
import { readableScripts, type Scripts, scriptTexts } from '../linux/scripts.ts'
import type { AssetFile } from '../packager.ts'
import type { PkgOptions } from './options.ts'

type Assets = ReadonlyMap<string, AssetFile>

/** Name -> text. Code: `pkg/bad-script`. */
export const scriptsOf = ({ scripts = {} }: Pick<PkgOptions, 'scripts'>, assets: Assets): Readonly<Record<string, string>> =>
  textsOf(scripts, assets)

/** Of those that can be read. */
export const scriptProblems = ({ scripts = {} }: PkgOptions, assets: Assets): readonly Problem[] =>
  readableScripts(scripts, assets).flatMap(one => {
    try {
      textsOf(one, assets)
      return []
    } catch (error) {
      if (error instanceof SlipwayError) return error.problems
      throw error
    }
  })

const textsOf = (scripts: Scripts, assets: Assets): Readonly<Record<string, string>> =>
  scriptTexts({ scripts, lines: {}, read: path => assets.get(path)?.bytes, refuse: badScript })

const badScript = (name: string, what: string): never => {
  throw new SlipwayError([
    problem('pkg/bad-script', `the ${name} script of packages.pkg ${what}`, {
      hint: "Begin it with '#!/bin/sh' and end its lines with \\n.",
      where: { path: `packages.pkg.scripts.${name}` },
    }),
  ])
}
