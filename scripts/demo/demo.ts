// The main job on real input: two versions of an app, stable and canary, promoted, verified, served, and asked for by a real updater
// where the app has a feed that one reads. What an example is stands in its demo.json.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { join, relative } from 'node:path'
import { styleText } from 'node:util'
import { checkWithElectronUpdater } from '../../test/kit/electron-client.ts'
import { readAbout, type About } from './about.ts'
import { serveFolder } from './serve.ts'
import { slipway, slipwayJson } from './slipway.ts'

const root = join(import.meta.dirname, '../..')

export interface Demo {
  /** Folder name under examples/. */
  readonly example: string
  /** Where bucket, keys and secret go. */
  readonly place: string
  readonly port: number
  readonly fresh: boolean
}
interface ReleaseDocument {
  readonly durationMs: number
  readonly plan: string
  readonly apps: readonly {
    readonly version: string
    readonly channel: string
    readonly files: readonly { readonly file: string; readonly sizeBytes: number; readonly url: string }[]
  }[]
}
interface VerifyDocument {
  readonly objects: number
  readonly bytes: number
  readonly signatures: number
  readonly clients: readonly {
    readonly client: string
    readonly channel: string
    readonly offered: string | null
    readonly url: string | null
  }[]
}

/** Runs the whole story and leaves the bucket served; close the server to end. */
export const runDemo = async ({ example, place, port, fresh }: Demo): Promise<Server> => {
  const about = readAbout(example)
  const folders = prepare(place, fresh)
  const server = await serveFolder(folders.bucket, port)
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const flags = settings({ example, folders, url, app: about.app })
  const [older, newer] = about.versions
  if (!existsSync(join(folders.keys, 'root.json'))) await say('keys generate', ['keys', 'generate', ...flags])
  await say(`plan ${older}`, ['plan', '--channel', 'stable', '--set', `app.version=${older}`, ...flags])
  const client = { about, url, place }
  const first = await release(older, 'stable', flags)
  // Those who have nothing yet wait for nobody: only the newer one goes by steps.
  if (about.rollout !== undefined) await say('rollout stable --percent 100', ['rollout', 'stable', '--percent', '100', ...flags])
  await ask(client, 'stable')
  const second = await release(newer, 'canary', flags)
  await ask(client, 'stable')
  await ask(client, 'canary')
  await promote(about, flags)
  await ask(client, 'stable', 'download')
  await say('status', ['status', ...flags])
  for (const words of about.show ?? []) await show(words, { about, bucket: folders.bucket })
  title(`verify ${url} --keys ${relative(root, folders.keys)}`)
  const verified = await slipwayJson<VerifyDocument>(['verify', url, '--keys', folders.keys])
  summary({ releases: [first, second], verified, folders })
  return server
}

const title = (text: string): void => {
  const line = `$ slipway ${text}`
  console.log(`\n${process.stdout.isTTY ? styleText('bold', line) : line}`)
}

const say = async (words: string, args: readonly string[]): Promise<void> => {
  title(words)
  const { exitCode, stdout } = await slipway(args)
  process.stdout.write(stdout)
  if (exitCode !== 0) process.exit(exitCode)
}

const release = async (version: string, channel: string, flags: readonly string[]): Promise<ReleaseDocument & { readonly ms: number }> => {
  title(`release --channel ${channel} --set app.version=${version}`)
  const document = await slipwayJson<ReleaseDocument>(['release', '--channel', channel, '--set', `app.version=${version}`, ...flags])
  for (const { file, sizeBytes, url } of document.apps.flatMap(app => app.files))
    console.log(`${file.padEnd(40)} ${mega(sizeBytes).padStart(8)}  ${url}`)
  return document
}

/** All at once, or through the percents of demo.json, as a maintainer would who looks between them. */
const promote = async ({ versions, rollout = [] }: About, flags: readonly string[]): Promise<void> => {
  const [start, ...steps] = rollout
  const words = ['promote', versions[1], '--to', 'stable', ...(start === undefined ? [] : ['--rollout', String(start)])]
  await say(words.join(' '), [...words, ...flags])
  for (const percent of steps) {
    await say('status', ['status', ...flags])
    const step = ['rollout', 'stable', '--percent', String(percent)]
    await say(step.join(' '), [...step, ...flags])
  }
}

/** A command that needs no project, as `inspect`, on what was made. */
const show = async (words: readonly string[], { about, bucket }: { about: About; bucket: string }): Promise<void> => {
  const filled = (place: string): readonly string[] => {
    const values: Readonly<Record<string, string>> = { older: about.versions[0], version: about.versions[1], bucket: place }
    return words.map(word => word.replaceAll(/\{(older|version|bucket)\}/g, (_, key: string) => values[key] ?? ''))
  }
  await say(filled(relative(root, bucket)).join(' '), filled(bucket))
}

interface Client {
  readonly about: About
  readonly url: string
  readonly place: string
}

/** A real electron-updater asks the feed; or downloads, too, and checks what it got. */
const ask = async ({ about: { electron }, url, place }: Client, channel: string, what: 'check' | 'download' = 'check'): Promise<void> => {
  if (electron === undefined) return
  const answer = await checkWithElectronUpdater({
    feedUrl: `${url}/feeds/${channel}/electron`,
    version: electron.installed,
    arch: electron.arch,
    folder: join(place, what === 'download' ? 'client' : 'client-check'),
    download: what === 'download',
  })
  const got = answer.downloaded === undefined ? '' : `, downloaded and checked ${relative(root, answer.downloaded)}`
  console.log(
    `electron-updater ${electron.installed} on ${channel}: ${answer.error ?? `offered ${answer.offered ?? 'nothing'} (${answer.file ?? ''})${got}`}`,
  )
  if (answer.error !== undefined) process.exit(5)
}

interface Folders {
  readonly bucket: string
  readonly keys: string
  readonly secret: string
}

/** The bucket is made anew at each start; keys are made once and kept (CONTRACTS 13). */
const prepare = (place: string, fresh: boolean): Folders => {
  const folders = { bucket: join(place, 'bucket'), keys: join(place, 'keys'), secret: join(place, 'secret') }
  for (const folder of [folders.bucket, ...(fresh ? [folders.keys, folders.secret] : [])]) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folders.bucket, { recursive: true })
  mkdirSync(folders.secret, { recursive: true, mode: 0o700 })
  return folders
}

const settings = ({ example, folders, url, app }: { example: string; folders: Folders; url: string; app: string }): readonly string[] => [
  '--cwd',
  join(root, 'examples', example),
  ...Object.entries({
    'store.folder.path': folders.bucket,
    'store.folder.url': url,
    'trust.folder': folders.keys,
    'trust.keyring': join(folders.secret, `${app}.keys`),
  }).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
]

const summary = ({
  releases,
  verified,
  folders,
}: {
  releases: readonly (ReleaseDocument & { ms: number })[]
  verified: VerifyDocument & { ms: number }
  folders: Folders
}): void => {
  for (const { client, channel, offered, url: file } of verified.clients)
    console.log(`${channel.padEnd(8)} ${client.padEnd(22)} ${(offered ?? '-').padEnd(8)} ${file ?? ''}`)
  console.log(
    `\n${verified.objects} objects, ${mega(verified.bytes)}, ${verified.signatures} signatures verified in ${seconds(verified.ms)}`,
  )
  for (const one of releases) {
    const files = one.apps.flatMap(app => app.files)
    console.log(
      `${one.apps[0]?.version ?? ''} on ${one.apps[0]?.channel ?? ''}: ${files.length} packages, ${mega(files.reduce((sum, file) => sum + file.sizeBytes, 0))}, in ${seconds(one.ms)}, plan ${one.plan.slice(0, 8)}`,
    )
  }
  console.log(`bucket ${relative(root, folders.bucket)}   public keys ${relative(root, folders.keys)}`)
  console.log(`again    npx slipway verify ${relative(root, folders.bucket)} --keys ${relative(root, folders.keys)}`)
}

const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
