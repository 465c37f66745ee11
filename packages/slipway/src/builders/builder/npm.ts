// Fetches an npm package by the user's own npm: registry, proxy and credentials are npm's; integrity is slipway.lock's (CONTRACTS 15).
import { fail, redact } from '@slipway/core'
import { extract } from './extract.ts'
import { emptyInputFolder, filesOf, inputFolder, lockedFile, type FetchJob, type Locked } from './locked.ts'

/** `npm:<name>[@version]` with its version filled in, as it stands in slipway.lock. Code: `builders/bad-npm-name`. */
export const npmInput = (text: string, version: string, path: string): string => {
  const found = /^npm:((?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*)(?:@([0-9A-Za-z][0-9A-Za-z.+-]*))?$/.exec(text)
  if (found === null)
    return fail('builders/bad-npm-name', `${JSON.stringify(text)} names no npm package`, {
      hint: "Write it as 'npm:@scope/name-{npm}' or 'npm:name@1.2.3'.",
      where: { path },
    })
  return `npm:${found[1] ?? ''}@${found[2] ?? version}`
}

/** The tarball of an input, fetched. Code: `builders/npm-failed`. */
export const fetchNpm = async (job: FetchJob, input: string): Promise<string> => {
  const { io, root, signal } = job
  const folder = await emptyInputFolder(job, input)
  const spec = input.slice('npm:'.length)
  job.note(`npm pack ${spec}`)
  const args = ['pack', spec, '--json', '--pack-destination', folder, '--ignore-scripts']
  const env = io.secrets.matching(/^(PATH|HOME|npm_config_.*|(https?|no|all)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i)
  const { exitCode, stdout, stderr } = await io.run({ tool: 'npm', args, cwd: root, env, signal })
  const [file] = await filesOf(io, folder, ending)
  if (exitCode === 0 && file !== undefined) return file
  const said = `${stderr}\n${stdout}`.trim().split('\n').slice(-8).join('\n')
  return fail('builders/npm-failed', `npm could not fetch ${spec} (exit code ${exitCode}):\n${redact(said)}`, {
    hint: `Try it by hand: npm pack ${spec} --ignore-scripts. Registry and credentials are those of npm's own configuration.`,
    where: { path: job.path, target: job.target },
    facts: { exitCode },
    exit: 'machine',
  })
}

const ending = '.tgz'

/** The tarball with exactly the pinned integrity. Codes: those of `lockedFile` and `fetchNpm`. */
export const lockedTarball = (job: Locked, input: string): Promise<string> => lockedFile(job, input, { ending, fetch: fetchNpm })

/** The package of a pinned input, unpacked. Codes: those of `lockedTarball` and `extract`. */
export const lockedPackage = async (job: Locked, input: string): Promise<string> => {
  const file = await lockedTarball(job, input)
  const folder = `${inputFolder(job, input)}/unpacked`
  await extract(job.io, file, { kind: 'gzip', folder })
  return `${folder}/package`
}
