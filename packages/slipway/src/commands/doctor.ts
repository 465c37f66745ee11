// `slipway doctor`: the tools that this machine has and the config needs, with the fix for each missing one.
import { fail, parseTarget, type Problem, problem, SlipwayError } from '@slipway/core'
import packageJson from '../../package.json' with { type: 'json' }
import type { PlainObject } from '../config/plain.ts'
import type { Io } from '../io/io.ts'
import { plain } from '../reporters/safe.ts'
import { align } from '../reporters/table.ts'
import type { Invocation, Outcome, Style } from './command.ts'
import { neededTools, type Need } from './doctor-needs.ts'

export interface Tool {
  readonly tool: string
  readonly state: 'found' | 'missing' | 'old'
  /** Missing is a problem. */
  readonly needed: boolean
  readonly version: string | null
  readonly path: string | null
  readonly for: readonly string[]
  readonly fix: string | null
}

/** Codes: `doctor/missing-tool`, `doctor/old-node` (4), `doctor/unknown-target`, `doctor/unknown-unit`, those of the config (2). */
export const run = async ({ io, global, flags }: Invocation): Promise<Outcome> => {
  const targets = listOf(flags['target'])
  for (const target of targets) checkTarget(target)
  const config = await configTree(io, global)
  const needs = config === undefined ? [] : await neededTools(config, { targets, only: listOf(flags['only']) })
  const git: Need = { tool: 'git', for: ['the commit, the tag and the date of a release'], needed: config !== undefined }
  const tools = [nodeTool(io), ...(await Promise.all(merged([git, ...needs]).map(need => look(io, need))))]
  return {
    name: 'doctor',
    data: { config: config !== undefined, host: { os: io.host.os, arch: io.host.arch, cores: io.host.cores }, tools },
    problems: tools.flatMap(problemOf),
    text: style => doctorText(tools, style, config !== undefined),
  }
}

const listOf = (value: Invocation['flags'][string] | undefined): readonly string[] =>
  Array.isArray(value) ? (value as readonly string[]) : typeof value === 'string' ? [value] : []

const checkTarget = (target: string): void => {
  if (parseTarget(target) === undefined)
    fail('doctor/unknown-target', `"${target}" is no target.`, { hint: 'Write it as macos-arm64, windows-x64 or linux-x64-musl.' })
}

/** Without a config there is nothing more to need. */
const configTree = async (io: Io, { cwd, config }: Invocation['global']): Promise<PlainObject | undefined> => {
  const { loadConfig } = await import('../config/load.ts')
  try {
    return (await loadConfig(io, { cwd, ...(config === undefined ? {} : { config }) })).tree
  } catch (error) {
    if (config === undefined && error instanceof SlipwayError && error.problems.every(one => one.code === 'config/none')) return undefined
    throw error
  }
}

const nodeTool = ({ host }: Io): Tool => {
  const wanted = packageJson.engines.node.replace(/^>=/, '')
  const isOld = host.nodeVersion.localeCompare(wanted, 'en', { numeric: true }) < 0
  const fix = `Install Node ${wanted} or newer: https://nodejs.org/en/download`
  return {
    tool: 'node',
    state: isOld ? 'old' : 'found',
    needed: true,
    version: host.nodeVersion,
    path: null,
    for: ['slipway itself'],
    fix: isOld ? fix : null,
  }
}

/** One line a tool, however many units ask for it. */
const merged = (needs: readonly Need[]): Need[] =>
  [...Map.groupBy(needs, need => need.tool)].map(([tool, same]) => ({
    tool,
    for: [...new Set(same.flatMap(need => need.for))],
    needed: same.some(need => need.needed),
  }))

const look = async (io: Io, need: Need): Promise<Tool> => {
  const path = await io.run.find(need.tool)
  const state = path === null ? 'missing' : 'found'
  return {
    ...need,
    state,
    path,
    version: path === null ? null : await versionOf(io, need.tool),
    fix: path === null ? fixOf(need.tool) : null,
  }
}

// Only tools that are known to answer --version and end are asked.
const telling = new Set(['git', 'npm', 'cargo', 'go', 'pnpm', 'yarn'])
const versionOf = async (io: Io, tool: string): Promise<string | null> => {
  if (!telling.has(tool)) return null
  try {
    const { stdout } = await io.run({
      tool,
      args: [tool === 'go' ? 'version' : '--version'],
      cwd: io.host.temporary,
      path: true,
      timeoutMs: 10_000,
    })
    return /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? null
  } catch {
    // It is there and does not run: the version stays unknown, and the step that needs it will say why.
    return null
  }
}

const debianPackages: Readonly<Record<string, string>> = {
  git: 'git',
  npm: 'npm',
  cargo: 'cargo',
  go: 'golang-go',
  makensis: 'nsis',
  'dpkg-deb': 'dpkg',
  rpmbuild: 'rpm',
  mksquashfs: 'squashfs-tools',
  osslsigncode: 'osslsigncode',
  wixl: 'msitools',
  gpg: 'gnupg',
  make: 'make',
  python3: 'python3',
  'rsvg-convert': 'librsvg2-bin',
  yarn: 'yarnpkg',
  pass: 'pass',
}
const fixOf = (tool: string): string => {
  const name = debianPackages[tool]
  if (tool === 'pnpm') return 'Install it: npm install --global pnpm'
  return name === undefined ? `Install ${tool} and put it on PATH.` : `Install it: sudo apt-get install ${name}`
}

const problemOf = ({ tool, state, needed, fix, for: why, version }: Tool): Problem[] => {
  if (state === 'old') {
    return [problem('doctor/old-node', `Node ${version ?? ''} is too old.`, { hint: fix ?? 'Install a newer Node.', exit: 'machine' })]
  }
  if (state === 'found' || !needed) return []
  return [
    problem('doctor/missing-tool', `${tool} is not on PATH; it is for ${why.join(', ')}.`, {
      hint: fix ?? 'Install it.',
      facts: { tool },
      exit: 'machine',
    }),
  ]
}

const doctorText = (tools: readonly Tool[], style: Style, hasConfig: boolean): string => {
  const colours = { found: style.green, missing: style.red, old: style.red }
  const rows = tools.map(({ tool, state, needed, version, for: why, fix }) => [
    plain(tool),
    (state === 'missing' && !needed ? style.yellow : colours[state])(state),
    plain(version ?? ''),
    plain(fix === null ? `for ${why.join(', ')}` : fix),
  ])
  return [...align(rows), ...(hasConfig ? [] : ['', 'There is no config here; in a project it names what that project needs too.'])].join(
    '\n',
  )
}
