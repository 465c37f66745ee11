// Fetches an npm package by the user's own npm: registry, proxy and credentials are npm's; integrity is slipway.lock's (CONTRACTS 15).
import { createHash } from 'node:crypto'
import { fail, redact, type Target } from '@slipway/core'
import type { Io } from '../../io/io.ts'
import { extract } from './extract.ts'

/** Subresource integrity of a file, as package locks have it: `sha512-<base64>`. */
export const integrityOf = async (io: Io, file: string): Promise<string> => {
  const hash = createHash('sha512')
  for await (const chunk of io.files.stream(file)) hash.update(chunk)
  return `sha512-${hash.digest('base64')}`
}

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

/** What of a build job fetching needs; `path` is the config path that named the package. */
export interface NpmJob {
  readonly io: Io
  readonly root: string
  readonly scratch: string
  readonly signal: AbortSignal
  readonly note: (text: string) => void
  readonly target: Target
  readonly path: string
}
type Locked = NpmJob & { readonly locked: Readonly<Record<string, string>> }

/** The tarball of an input, fetched. Code: `builders/npm-failed`. */
export const fetchNpm = async (job: NpmJob, input: string): Promise<string> => {
  const { io, root, signal } = job
  const folder = folderOf(job, input)
  await io.files.remove(folder)
  await io.files.makeFolder(folder)
  const spec = input.slice('npm:'.length)
  job.note(`npm pack ${spec}`)
  const args = ['pack', spec, '--json', '--pack-destination', folder, '--ignore-scripts']
  const env = io.secrets.matching(/^(PATH|HOME|npm_config_.*|(https?|no|all)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i)
  const { exitCode, stdout, stderr } = await io.run({ tool: 'npm', args, cwd: root, env, signal })
  const [file] = await tarballs(io, folder)
  if (exitCode === 0 && file !== undefined) return file
  const said = `${stderr}\n${stdout}`.trim().split('\n').slice(-8).join('\n')
  return fail('builders/npm-failed', `npm could not fetch ${spec} (exit code ${exitCode}):\n${redact(said)}`, {
    hint: `Try it by hand: npm pack ${spec} --ignore-scripts. Registry and credentials are those of npm's own configuration.`,
    where: { path: job.path, target: job.target },
    facts: { exitCode },
    exit: 'machine',
  })
}

/** The tarball with exactly the pinned integrity: from an earlier run, else fetched. Codes: `builders/not-locked`, `builders/integrity`. */
export const lockedTarball = async (job: Locked, input: string): Promise<string> => {
  const pinned = Object.hasOwn(job.locked, input) ? job.locked[input] : undefined
  if (pinned === undefined)
    return fail('builders/not-locked', `slipway.lock has no line for ${input}`, {
      hint: 'Run `slipway build --profile dev`, which adds what is missing, look at slipway.lock, and commit it.',
      where: { file: 'slipway.lock', target: job.target },
    })
  for (const file of await tarballs(job.io, folderOf(job, input))) if ((await integrityOf(job.io, file)) === pinned) return file
  const file = await fetchNpm(job, input)
  const found = await integrityOf(job.io, file)
  if (found === pinned) return file
  return fail('builders/integrity', `${input} is not what slipway.lock pinned: ${found} was fetched, ${pinned} is locked`, {
    hint: 'Find out who changed it. If the new bytes are right, delete the line from slipway.lock and run `slipway build --profile dev`.',
    where: { file: 'slipway.lock', target: job.target },
    exit: 'corrupt',
  })
}

/** The package of a pinned input, unpacked. Codes: those of `lockedTarball` and `extract`. */
export const lockedPackage = async (job: Locked, input: string): Promise<string> => {
  const file = await lockedTarball(job, input)
  const folder = `${folderOf(job, input)}/unpacked`
  await extract(job.io, file, { kind: 'gzip', folder })
  return `${folder}/package`
}

const folderOf = ({ scratch }: NpmJob, input: string): string =>
  `${scratch}/npm/${input.slice('npm:'.length).replaceAll(/[^0-9A-Za-z.+-]/g, '_')}`

const tarballs = async (io: Io, folder: string): Promise<readonly string[]> =>
  (await io.files.list(folder)).filter(one => one.type === 'file' && one.name.endsWith('.tgz')).map(one => `${folder}/${one.name}`)
