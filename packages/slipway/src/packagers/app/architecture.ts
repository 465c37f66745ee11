// Code where macOS itself loads it from has to be for every architecture of the target: one framework that is not stops the whole app.
import { failAll, parseTarget, problem, type Problem } from '@slipway/core'
import { concat } from '@slipway/formats/bytes'
import { machOArchitectures, machOHeadBytes } from '@slipway/formats/macho/architectures'
import type { FileTree, TreeFile } from '../../tree.ts'
import type { PackSubject } from '../packager.ts'

/**
 * Places of code in a bundle (Apple's "Placing content in a bundle"). What lies deeper beside the program, or in Resources, is loaded by
 * nobody but the app, which may well carry a module for each architecture.
 */
const places = /^[^/]+\/Contents\/(MacOS\/[^/]+|(Frameworks|Helpers|PlugIns|XPCServices|Library\/(LoginItems|SystemExtensions))\/.+)$/

/** All files at once. Code: `app/wrong-architecture`. */
export const refuseForeignCode = async ({ entries }: FileTree, { target }: PackSubject): Promise<void> => {
  const arch = parseTarget(target)?.arch
  const needed = arch === 'universal' ? ['x64', 'arm64'] : [arch ?? '']
  const problems: Problem[] = []
  for (const entry of entries) {
    if (entry.type !== 'file' || !places.test(entry.path) || entry.path.includes('/Resources/')) continue
    const found = machOArchitectures(await headOf(entry))
    const lacking = found === null ? [] : needed.filter(one => !(found as readonly string[]).includes(one))
    if (lacking.length === 0) continue
    problems.push(
      problem(
        'app/wrong-architecture',
        `${entry.path} is for ${found?.join(' and ') ?? ''} alone; ${target} needs ${lacking.join(' and ')}`,
        {
          hint: 'Build or fetch it for this target; of two folders, one for each architecture, the builder join makes one.',
          where: { target, file: entry.path },
        },
      ),
    )
  }
  failAll(problems)
}

const headOf = async (file: TreeFile): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of file.bytes()) {
    chunks.push(chunk.slice(0, machOHeadBytes))
    sizeBytes += chunk.length
    if (sizeBytes >= machOHeadBytes) break
  }
  return concat(chunks)
}
