// Installs the judges that are lacking: Debian and PyPI first, compiled ones last, each pinned (CONTRACTS 14).
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../lib/files.ts'
import { run } from '../lib/run.ts'
import { completeMark, findJudge, folderOf } from './find.ts'
import type { Judge, Source } from './judge.ts'

/** Whether this is a machine where installing is right without being asked: root on Debian or Ubuntu (DESIGN 6). */
export const mayInstall = (): boolean => process.getuid?.() === 0 && isDebian()

/** Installs what is lacking, says what it does; what did not work stays lacking. */
export const installJudges = async (judges: readonly Judge[]): Promise<void> => {
  const lacking = judges.filter(judge => findJudge(judge) === undefined)
  await installDebian(lacking.flatMap(judge => ('apt' in judge.source ? [judge.source.apt] : [])))
  for (const kind of ['pypi', 'npx', 'go', 'cargo', 'crate'] as const) {
    for (const judge of lacking) if (kind in judge.source) await installOwn(judge)
  }
}

const installDebian = async (packages: readonly string[]): Promise<void> => {
  if (packages.length === 0) return
  const names = [...new Set(packages)]
  if (!mayInstall()) {
    console.log(`judges: ${names.join(' ')} would need root on Debian or Ubuntu: apt-get install ${names.join(' ')}`)
    return
  }
  console.log(`judges: apt-get install ${names.join(' ')}`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const lock = ['-o', 'DPkg::Lock::Timeout=300']
  report(await run(['apt-get', ...lock, 'update'], { env }))
  const all = await run(['apt-get', ...lock, 'install', '-y', '--no-install-recommends', ...names], { env })
  if (all.code === 0) return
  // One name that this system does not have must not cost the others.
  for (const name of names) report(await run(['apt-get', ...lock, 'install', '-y', '--no-install-recommends', name], { env }))
}

const installOwn = async (judge: Judge): Promise<void> => {
  const folder = folderOf(judge)
  if (folder === undefined) return
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const step of stepsFor(judge.source, folder)) {
    console.log(`judges: ${step.argv.join(' ')}`)
    const ran = await run(step.argv, { cwd: folder, env: step.env ?? {} })
    report(ran)
    if (ran.code !== 0) return
  }
  writeFileSync(join(folder, completeMark), '')
}

interface Step {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const stepsFor = (source: Source, folder: string): readonly Step[] => {
  if ('pypi' in source) {
    return [
      { argv: ['python3', '-m', 'venv', folder] },
      {
        argv: [
          join(folder, 'bin', 'python'),
          '-m',
          'pip',
          'install',
          '--quiet',
          '--disable-pip-version-check',
          `${source.pypi}==${source.version}`,
        ],
      },
    ]
  }
  if ('npx' in source) {
    const spec = `${source.npx}@${source.version}`
    return [
      { argv: ['npm', 'install', '--global', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', spec] },
    ]
  }
  if ('go' in source) {
    return [
      {
        argv: ['go', 'install', `${source.go}@v${source.version}`],
        env: { GOBIN: join(folder, 'bin'), GOTOOLCHAIN: 'local', GOFLAGS: '-trimpath' },
      },
    ]
  }
  if ('crate' in source) {
    // Unoptimized: its compiling is what costs.
    const path = join(projectRoot, 'scripts/judges', source.crate)
    const env = { CARGO_TARGET_DIR: join(folder, 'target') }
    return [
      { argv: ['cargo', 'install', '--path', path, '--debug', '--locked', '--root', folder], env },
      { argv: ['rm', '-rf', env.CARGO_TARGET_DIR] },
    ]
  }
  if ('cargo' in source) {
    const argv = ['cargo', 'install', source.cargo, '--version', source.version, '--debug', '--locked', '--root', folder]
    return [{ argv }]
  }
  return []
}

const report = (ran: { readonly code: number; readonly output: string }): void => {
  if (ran.code !== 0) console.log(ran.output.trimEnd().split('\n').slice(-8).join('\n'))
}

const isDebian = (): boolean => {
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}
