// The import rules (DESIGN 2), held against a tree by dependency-cruiser; red too when it read fewer modules than there are files.
import { join } from 'node:path'
import { run, tool } from '../lib/run.ts'
import { projectRoot, typeScriptFiles } from '../lib/files.ts'

export interface Breach {
  readonly rule: string
  readonly from: string
  readonly to: string
}
export interface Boundaries {
  readonly breaches: readonly Breach[]
  /** Our own .ts modules that were really read, and how many there are: the tool reads none when its parser is missing. */
  readonly modulesRead: number
  readonly sourceFiles: number
  /** What the tool said when it gave no result. */
  readonly failure?: string
}

/** Checks the packages below `root` with this project's rules. */
export const checkBoundaries = async (root: string): Promise<Boundaries> => {
  const sourceFiles = typeScriptFiles(root, 'packages').length
  const config = join(projectRoot, '.dependency-cruiser.cjs')
  const ran = await run([...tool('depcruise'), 'packages', '--config', config, '--output-type', 'json', '--no-progress'], { cwd: root })
  try {
    const result = JSON.parse(ran.output.slice(Math.max(0, ran.output.indexOf('{')))) as CruiseResult
    const read = result.modules.filter(module => /^packages\/.*\.ts$/.test(module.source) && module.couldNotResolve !== true)
    return { breaches: result.summary.violations.map(toBreach), modulesRead: read.length, sourceFiles }
  } catch {
    return { breaches: [], modulesRead: 0, sourceFiles, failure: ran.output }
  }
}

/** What is wrong, one line each; empty when the boundaries hold. */
export const boundaryProblems = (result: Boundaries): readonly string[] => [
  ...(result.failure === undefined ? [] : [`dependency-cruiser gave no result: ${result.failure.slice(0, 2000)}`]),
  ...(result.modulesRead < result.sourceFiles
    ? [`only ${result.modulesRead} of ${result.sourceFiles} source files were read; is @swc/core there?`]
    : []),
  ...result.breaches.map(breach => `${breach.rule}: ${breach.from} -> ${breach.to}`),
]

interface CruiseResult {
  readonly modules: readonly { readonly source: string; readonly couldNotResolve?: boolean }[]
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string } }[]
  }
}

const toBreach = ({ rule, from, to }: CruiseResult['summary']['violations'][number]): Breach => ({ rule: rule.name, from, to })
