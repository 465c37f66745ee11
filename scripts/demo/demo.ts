// The main job on real input: two versions of an app, stable and canary, promoted, verified, served, and asked for by a real updater.
import { mkdirSync, readFileSync, rmSync, existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { join, relative } from 'node:path'
import { checkWithElectronUpdater } from '../../test/kit/electron-client.ts'
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
interface About {
  readonly app: string
  readonly versions: readonly [string, string]
  readonly electron?: { readonly arch: 'x64' | 'arm64'; readonly installed: string }
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
  const about = JSON.parse(readFileSync(join(root, 'examples', example, 'demo.json'), 'utf8')) as About
  const folders = prepare(place, fresh)
  const server = await serveFolder(folders.bucket, port)
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const flags = settings({ example, folders, url, app: about.app })
  const [older, newer] = about.versions
  if (!existsSync(join(folders.keys, 'root.json'))) await say('keys generate', ['keys', 'generate', ...flags])
  await say(`plan ${older}`, ['plan', '--channel', 'stable', '--set', `app.version=${older}`, ...flags])
  const first = await release(older, 'stable', flags)
  await ask(about, `${url}/feeds/stable/electron`)
  const second = await release(newer, 'canary', flags)
  await ask(about, `${url}/feeds/stable/electron`)
  await ask(about, `${url}/feeds/canary/electron`)
  await say(`promote ${newer} --to stable`, ['promote', newer, '--to', 'stable', ...flags])
  await ask(about, `${url}/feeds/stable/electron`, join(place, 'client'))
  await say('status', ['status', ...flags])
  const verified = await slipwayJson<VerifyDocument>(['verify', url, '--keys', folders.keys])
  summary({ releases: [first, second], verified, url, folders })
  return server
}

const title = (text: string): void => console.log(`\n\u001b[1m$ slipway ${text}\u001b[0m`)

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

/** A real electron-updater asks the feed; with a folder it downloads, too, and checks what it got. */
const ask = async ({ electron }: About, feedUrl: string, folder?: string): Promise<void> => {
  const channel = feedUrl.split('/').at(-2) ?? ''
  if (electron === undefined) return
  const place = folder ?? join(root, '.slipway/demo/client-check')
  const answer = await checkWithElectronUpdater({
    feedUrl,
    version: electron.installed,
    arch: electron.arch,
    folder: place,
    download: folder !== undefined,
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
  url,
  folders,
}: {
  releases: readonly (ReleaseDocument & { ms: number })[]
  verified: VerifyDocument & { ms: number }
  url: string
  folders: Folders
}): void => {
  title(`verify ${url} --keys ${relative(root, folders.keys)}`)
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
  console.log(`bucket ${relative(root, folders.bucket)}   public keys ${relative(root, folders.keys)}   served at ${url}`)
}

const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
