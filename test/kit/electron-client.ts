// The real electron-updater (DebUpdater) without Electron: it asks a feed, chooses a file, downloads and checks it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as builderUtilRuntime from 'builder-util-runtime'
import type { DownloadOptions, HttpExecutor as HttpExecutorType } from 'builder-util-runtime'
import type { DebUpdater as DebUpdaterType, UpdateInfo } from 'electron-updater'

export interface ElectronCheck {
  /** Folder of the feed, as `http://127.0.0.1:8737/feeds/stable/electron/`. */
  readonly feedUrl: string
  /** Version that is installed. */
  readonly version: string
  readonly arch: 'x64' | 'arm64'
  /** The client's own folder, for its id and its cache. */
  readonly folder: string
  readonly download?: boolean
  /** UUID that decides on a staged rollout; without one the client draws its own. */
  readonly stagingId?: string
}
export interface ElectronVerdict {
  /** null: no update for this client. */
  readonly offered: string | null
  /** URL of the file that it would take. */
  readonly file?: string
  /** Path of what it downloaded and found right. */
  readonly downloaded?: string
  /** Its own error code or message. */
  readonly error?: string
}

/** One check, as an installed app makes it on its start. Not for two architectures at once: the client reads its own from the environment. */
export const checkWithElectronUpdater = async (check: ElectronCheck): Promise<ElectronVerdict> => {
  mkdirSync(check.folder, { recursive: true })
  writeFileSync(join(check.folder, 'app-update.yml'), 'provider: generic\nupdaterCacheDirName: updater-cache\n')
  if (check.stagingId !== undefined) writeFileSync(join(check.folder, '.updaterId'), check.stagingId)
  const before = process.env['TEST_UPDATER_ARCH']
  process.env['TEST_UPDATER_ARCH'] = check.arch
  try {
    return await ask(clientOf(check), check)
  } finally {
    if (before === undefined) delete process.env['TEST_UPDATER_ARCH']
    else process.env['TEST_UPDATER_ARCH'] = before
  }
}

const load = createRequire(import.meta.url)

const ask = async (updater: DebUpdaterType, check: ElectronCheck): Promise<ElectronVerdict> => {
  let found: Awaited<ReturnType<DebUpdaterType['checkForUpdates']>>
  try {
    found = await updater.checkForUpdates()
  } catch (error) {
    return { offered: null, error: wordsOf(error) }
  }
  if (found === null || !found.isUpdateAvailable) return { offered: null }
  const offer = { offered: found.updateInfo.version, file: chosenUrl(updater, found.updateInfo) }
  if (check.download !== true) return offer
  try {
    const [downloaded] = await updater.downloadUpdate()
    return downloaded === undefined ? offer : { ...offer, downloaded }
  } catch (error) {
    return { ...offer, error: wordsOf(error) }
  }
}

const wordsOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return `${code} ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`.trim()
}

/** The members that are for its own tests. */
interface Opened {
  httpExecutor: HttpExecutorType<ClientRequest>
  _testOnlyOptions: { readonly platform: string; readonly isUseDifferentialDownload: boolean }
  readonly updateInfoAndProvider: { readonly provider: { resolveFiles: (info: UpdateInfo) => readonly { readonly url: URL }[] } } | null
}

const clientOf = ({ version, folder, feedUrl }: ElectronCheck): DebUpdaterType => {
  const { DebUpdater } = load('electron-updater') as { DebUpdater: new (options: null, app: object) => DebUpdaterType }
  const nothing = (): void => undefined
  const updater = new DebUpdater(null, {
    version,
    name: 'client',
    isPackaged: true,
    appUpdateConfigPath: join(folder, 'app-update.yml'),
    userDataPath: folder,
    baseCachePath: join(folder, 'cache'),
    whenReady: () => Promise.resolve(),
    onQuit: nothing,
    quit: nothing,
    relaunch: nothing,
  })
  const opened = updater as unknown as Opened
  opened.httpExecutor = new (executorClass())()
  opened._testOnlyOptions = { platform: 'linux', isUseDifferentialDownload: false }
  updater.logger = { info: nothing, warn: nothing, error: nothing, debug: nothing }
  updater.autoDownload = false
  updater.autoInstallOnAppQuit = false
  updater.on('error', nothing)
  updater.setFeedURL({ provider: 'generic', url: feedUrl })
  return updater
}

const chosenUrl = (updater: DebUpdaterType, info: UpdateInfo): string => {
  const { findFile } = load('electron-updater/out/providers/Provider.js') as {
    findFile: (files: readonly { readonly url: URL }[], ending: string, not: readonly string[]) => { readonly url: URL } | undefined
  }
  const files = (updater as unknown as Opened).updateInfoAndProvider?.provider.resolveFiles(info) ?? []
  return findFile(files, 'deb', ['AppImage', 'rpm', 'pacman'])?.url.href ?? ''
}

/** Electron's own executor with node:http below. `download` goes through doDownload, the only way on which sha512 is checked. */
const executorClass = (): new () => HttpExecutorType<ClientRequest> => {
  const { HttpExecutor, configureRequestUrl, configureRequestOptions } = load('builder-util-runtime') as typeof builderUtilRuntime
  return class extends HttpExecutor<ClientRequest> {
    override createRequest(options: RequestOptions, callback: (response: IncomingMessage) => void): ClientRequest {
      // A connection each: the executor adds listeners to a kept one at every request.
      return httpRequest({ ...options, agent: false }, callback)
    }
    download(url: URL, destination: string, options: DownloadOptions): Promise<string> {
      return options.cancellationToken.createPromise((resolve, reject, onCancel) => {
        const requestOptions: RequestOptions = { headers: options.headers ?? {} }
        configureRequestUrl(url, requestOptions)
        configureRequestOptions(requestOptions)
        // Success comes as null or, from the closing of the file, as undefined.
        const callback = (error: Error | null): void => (error instanceof Error ? reject(error) : resolve(destination))
        this.doDownload(requestOptions, { destination, options, onCancel, callback, responseHandler: null }, 0)
      })
    }
  }
}
