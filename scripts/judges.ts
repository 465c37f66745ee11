// `node scripts/judges.ts list|install|required`: the foreign judges on this machine (DESIGN 6, CONTRACTS 14).
import { findJudge, versionOf } from './judges/find.ts'
import { installJudges, mayInstall } from './judges/install.ts'
import { judges } from './judges/table.ts'

/** What `npm test` does first, by SLIPWAY_JUDGES and the machine; gives the names that are lacking. */
export const prepareJudges = async (mode: string | undefined): Promise<readonly string[]> => {
  if (mode === 'install' || mode === 'required' || (mode === undefined && mayInstall())) await installJudges(judges)
  return listJudges()
}

/** One line a judge: found with its version, or lacking. Gives the names that are lacking. */
const listJudges = (): readonly string[] => {
  const lacking: string[] = []
  for (const judge of judges) {
    const path = findJudge(judge)
    if (path === undefined) lacking.push(judge.name)
    console.log(`judge ${judge.name.padEnd(18)} ${path === undefined ? `lacking (judges ${judge.for})` : versionOf(judge, path)}`)
  }
  return lacking
}

if (import.meta.main) {
  const mode = process.argv[2] ?? 'list'
  if (!['list', 'install', 'required'].includes(mode)) {
    console.error('usage: node scripts/judges.ts list|install|required')
    process.exitCode = 2
  } else {
    const lacking = await prepareJudges(mode)
    if (lacking.length > 0) console.log(`lacking: ${lacking.join(' ')}`)
    if (mode === 'required' && lacking.length > 0) process.exitCode = 1
  }
}
