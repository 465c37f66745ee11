// Where a judge is on this machine, and what version it says it has.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { projectRoot } from '../lib/files.ts'
import type { Judge } from './judge.ts'

/** Where judges that no package manager keeps are installed, one folder a name and version; kept between runs. */
export const judgesHome: string = join(homedir(), '.cache', 'slipway-judges')

/** The folder of a judge of our own installing; undefined where the system or npm keeps it. */
export const folderOf = (judge: Judge): string | undefined =>
  'version' in judge.source ? join(judgesHome, `${judge.name}-${judge.source.version}`) : undefined

/** Written last: a folder without it is half an installation. */
export const completeMark = '.complete'

/** The path of its command (of its package, for an npm library); undefined where it is not there. */
export const findJudge = (judge: Judge): string | undefined => {
  const folder = folderOf(judge)
  const command = judge.command ?? ''
  if (folder !== undefined) return existsSync(join(folder, completeMark)) ? ifProgram(join(folder, 'bin', command)) : undefined
  if ('npm' in judge.source) {
    const home = join(projectRoot, 'node_modules', judge.source.npm)
    return judge.command === undefined
      ? existsSync(home)
        ? home
        : undefined
      : ifProgram(join(projectRoot, 'node_modules', '.bin', command))
  }
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map(one => ifProgram(join(one, command))).find(path => path !== undefined)
}

/** The first thing in what it prints that looks like a version. */
export const versionOf = (judge: Judge, path: string): string => {
  if (judge.command === undefined) return (JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { version: string }).version
  const ran = spawnSync(path, judge.versionArgs, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'pipe'] })
  return /\d+(?:\.\d+)+(?:[\w+~.-]*\w)?/.exec(`${ran.stdout}\n${ran.stderr}`)?.[0] ?? 'of unknown version'
}

const ifProgram = (path: string): string | undefined => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile() ? path : undefined
  } catch {
    return undefined
  }
}
