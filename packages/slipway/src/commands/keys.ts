// slipway keys: makes an app's keys, lists them, prints their public halves (TRUST 2, CONTRACTS 13).
import { fail, keepSecret, type Problem } from '@slipway/core'
import { keyIdText, parsePublicKey } from '@slipway/formats/minisign'
import type { AppSettings } from '../config/project.ts'
import { findKeyring, noKeyring, unlockKeyring } from '../keys/keyring.ts'
import { makeKeys } from '../keys/keyring/make.ts'
import { ciLine, roles } from '../keys/keyring/ring.ts'
import { plain } from '../reporters/safe.ts'
import { keysOfRole, readRoot } from '../run/trust.ts'
import type { Invocation, Outcome, Run, Style } from './command.ts'
import { projectOf } from './project.ts'

interface KeyRow {
  readonly role: string
  readonly keyId: string
  /** Raw public key, base64. */
  readonly public: string
}
interface AppKeys {
  readonly app: string
  readonly keyring?: string
  readonly sealed?: boolean
  readonly keys: readonly KeyRow[]
  readonly files?: readonly string[]
  /** Text of each public file by name. */
  readonly publics?: Readonly<Record<string, string>>
}
interface Made {
  readonly shown: AppKeys
  /** SLIPWAY_KEYS: a secret, printed on request and at a terminal alone. */
  readonly ci?: string
}

/**
 * Codes: `keys/rotate-later`, `keys/password-mismatch`, those of `makeKeys` and `unlockKeyring`. Flags: `--password` seals new keys,
 * `--ci` prints the line for CI (also into the JSON document, and nowhere else).
 */
export const run: Run = async invocation => {
  const [action = 'list'] = invocation.args
  if (action === 'rotate')
    return fail('keys/rotate-later', 'keys cannot be rotated by this version', {
      hint: 'Keep the keyring safe; a later version rotates keys without breaking a client.',
    })
  const { apps } = await projectOf(invocation)
  const problems: Problem[] = []
  const made: Made[] = []
  const password = action === 'generate' ? await newPassword(invocation) : undefined
  for (const settings of apps) {
    if (action === 'generate') made.push(await generate(invocation, settings, password))
    else if (action === 'public') made.push({ shown: await publics(invocation, settings) })
    else made.push(await list(invocation, settings, problems))
  }
  return outcomeOf(invocation, { action, made, problems })
}

const generate = async (invocation: Invocation, settings: AppSettings, password: string | undefined): Promise<Made> => {
  const { io, interactive, ask } = invocation
  const {
    ring,
    files,
    password: used,
  } = await makeKeys(io, {
    app: settings.app.key,
    keyring: settings.trust.keyring,
    folder: settings.trust.folder,
    ownMinisign: hasOwnMinisign(settings),
    ...(password === undefined ? {} : { password }),
    ...(interactive ? { ask } : {}),
  })
  const shown = { app: settings.app.key, keyring: settings.trust.keyring, sealed: used !== undefined, keys: rowsOf(ring.keys), files }
  return wantsCi(invocation) ? { shown, ci: await ciLine(ring, io.random, used) } : { shown }
}

const list = async (invocation: Invocation, settings: AppSettings, problems: Problem[]): Promise<Made> => {
  const { io, interactive, ask } = invocation
  const { keyring } = settings.trust
  const found = await findKeyring(io, keyring)
  if (found === null) {
    problems.push(noKeyring(settings.trust.keyring))
    return { shown: { app: settings.app.key, keyring, keys: [] } }
  }
  const shown = { app: settings.app.key, keyring: found.from, sealed: found.file.sealed !== undefined, keys: rowsOf(found.file.keys) }
  if (invocation.flags['ci'] !== true) return { shown }
  const { ring, password } = await unlockKeyring(io, { path: keyring, ...(interactive ? { ask } : {}) })
  return { shown, ci: await ciLine(ring, io.random, password) }
}

/** From the trust folder alone: what clients trust, wherever the secret halves are. */
const publics = async ({ io }: Invocation, { app, trust }: AppSettings): Promise<AppKeys> => {
  const { signed } = await readRoot(io, { trust })
  const rows = (['root', 'targets', 'timestamp'] as const).flatMap(role =>
    keysOfRole(signed, role).map(key => ({
      role: trustNames[role],
      keyId: key.keyId,
      public: Buffer.from(key.public, 'hex').toString('base64'),
    })),
  )
  const files: Record<string, string> = {}
  for (const name of ['minisign.pub', 'tauri.pub'])
    if ((await io.files.stat(`${trust.folder}/${name}`)) !== null)
      files[name] = (await io.files.readText(`${trust.folder}/${name}`, 4096)).trim()
  const minisign = files['minisign.pub'] === undefined ? [] : [minisignRow(files['minisign.pub'])]
  return { app: app.key, keys: [...rows, ...minisign], publics: files }
}

const trustNames = { root: 'root', targets: 'release', timestamp: 'live' } as const

const minisignRow = (text: string): KeyRow => {
  const key = parsePublicKey(text)
  return { role: 'minisign', keyId: keyIdText(key.keyId), public: Buffer.from(key.publicKey).toString('base64') }
}

const rowsOf = (keys: Readonly<Partial<Record<string, { readonly keyId: string; readonly public: string }>>>): readonly KeyRow[] =>
  roles.flatMap(role => {
    const half = keys[role]
    return half === undefined ? [] : [{ role, keyId: half.keyId, public: half.public }]
  })

const wantsCi = ({ flags, interactive }: Invocation): boolean => flags['ci'] === true || interactive

const hasOwnMinisign = ({ sign }: AppSettings): boolean => sign.some(one => one.id === 'minisign' && typeof one.options['key'] === 'string')

/** `--password` asks twice; without a terminal, and without the flag, SLIPWAY_KEYS_PASSWORD counts. */
const newPassword = async ({ io, flags, interactive, ask }: Invocation): Promise<string | undefined> => {
  const given = io.secrets.secret('SLIPWAY_KEYS_PASSWORD')
  if (given !== undefined || flags['password'] !== true) return given
  if (!interactive)
    fail('keys/no-terminal', 'there is no terminal to ask for a password', {
      hint: 'Set SLIPWAY_KEYS_PASSWORD, or leave --password away.',
      exit: 'machine',
    })
  const password = await ask('Password for the new keys: ', { hidden: true })
  const again = await ask('The same again: ', { hidden: true })
  if (password !== again || password === '')
    fail('keys/password-mismatch', 'the two passwords are not the same, or empty', { hint: 'Run it again; no keys were made.' })
  keepSecret(password)
  return password
}

interface Done {
  readonly action: string
  readonly made: readonly Made[]
  readonly problems: readonly Problem[]
}

const outcomeOf = (invocation: Invocation, { action, made, problems }: Done): Outcome => {
  const inJson = invocation.flags['ci'] === true
  const apps = made.map(({ shown, ci }) => (inJson && ci !== undefined ? { ...shown, ci } : shown))
  return { name: 'keys', data: { action, apps }, problems, text: style => made.map(one => textOf(action, one, style)).join('\n\n') }
}

const textOf = (action: string, { shown, ci }: Made, style: Style): string => {
  const rows = shown.keys.map(({ role, keyId }) => `  ${role.padEnd(9)} ${plain(keyId)}`)
  const head = style.bold(
    shown.keyring === undefined
      ? plain(shown.app)
      : `${plain(shown.app)}  ${plain(shown.keyring)}${shown.sealed === true ? '  (sealed with a password)' : ''}`,
  )
  const files = (shown.files ?? []).map(file => `  ${style.green('wrote')} ${plain(file)}`)
  const publicTexts = Object.entries(shown.publics ?? {}).flatMap(([name, text]) => ['', style.bold(name), ...text.split('\n').map(plain)])
  const next =
    action === 'generate'
      ? [
          '',
          'Commit the trust folder. Keep a copy of the keyring where it cannot burn with this machine: without it no key can be replaced.',
        ]
      : []
  const line = ci === undefined ? [] : ['', 'The secret for CI, all keys but root. Store it there as SLIPWAY_KEYS:', ci]
  return [head, ...rows, ...files, ...publicTexts, ...next, ...line].join('\n')
}
