// The one strict schema of the config: seventeen keys, the kinds composed from their lists (CONFIG 2 and 5). Never edited for a unit.
import * as z from 'zod'
import { units } from '../unit.ts'
import { builders, checks, feeds, packagers, signers, stores, unitsOf } from './kinds.ts'
import { appShape } from './schema-app.ts'
import { durationPattern, freezePattern, stepPattern } from './time.ts'
import { text } from './text.ts'

/** Targets that a config may name (CONFIG 2). */
export const targetNames = [
  'macos-x64',
  'macos-arm64',
  'macos-universal',
  'windows-x64',
  'windows-arm64',
  'windows-x86',
  'linux-x64',
  'linux-arm64',
  'linux-armv7',
  'linux-x64-musl',
  'linux-arm64-musl',
] as const

export const hookNames = ['Build', 'Package', 'Sign', 'Gate', 'Publish'].flatMap(stage => [`before${stage}`, `after${stage}`])

/** Names of channels and apps stand in keys of the bucket and in paths. */
const channelName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, { error: 'a channel name of small letters, digits and dashes' })
const appName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, { error: 'an app name of small letters, digits, dots and dashes' })
const duration = text(durationPattern, "a time such as '30m', '12h' or '7d'")
const command = z.union([z.string(), z.array(z.string()).readonly()])

const channel = z.strictObject({
  requires: z
    .array(z.enum(unitsOf.checks.map(unit => unit.id)))
    .readonly()
    .optional()
    .describe('Checks that must have passed; default: every check of the config'),
  signoffs: z.int().min(0).optional().describe('People who must have signed off; default 0'),
  rollout: z
    .array(text(stepPattern, "a step such as '5% 1d' (stay a day) or '100%'"))
    .readonly()
    .optional()
    .describe("Steps of a staged rollout, as '5% 1d'"),
  unsigned: z.boolean().optional().describe('true: packages without a platform signature may go here'),
  freeze: z
    .array(text(freezePattern, "a window such as 'Fri 16:00/Mon 08:00' or '2026-12-20/2027-01-03' (UTC)"))
    .readonly()
    .optional()
    .describe('When nothing is published here, UTC'),
  halt: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .optional()
    .describe('When a rollout halts by itself'),
})

const trust = z.strictObject({
  release: z.string().optional().describe('Reference to the key `release`; default: the keyring'),
  live: z.string().optional().describe('Reference to the key `live`; default: the keyring'),
  folder: z.string().min(1).optional().describe('Folder of the public halves; default `trust`'),
  keyring: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Keyring file; default `~/.config/slipway/<app>.keys`. Of several apps each has its own: its key goes before the ending, as `secret.one.keys`',
    ),
  thresholds: z
    .union([z.int().min(1), z.partialRecord(z.enum(['root', 'release', 'live']), z.int().min(1))])
    .optional()
    .describe('Signatures that a role needs; default 1'),
  freshness: duration.optional().describe('How long the pointer stays valid; default 400d'),
  keep: z.int().min(1).optional().describe('Full releases that stay admitted to a channel; default 3'),
})

const source = z.strictObject({
  git: z.string().optional().describe('Address of the repository'),
  ref: z.string().optional().describe('Branch or tag'),
  path: z.string().optional().describe('Where it is checked out'),
  token: z.string().optional().describe('Reference to the token of a private repository'),
})

/** The keys that each of several apps may have for itself. */
const ownShape = {
  app: z.strictObject(appShape).optional().describe('What the app is; all is found where it is not said'),
  targets: z.array(z.enum(targetNames)).readonly().optional().describe('Systems that are built for'),
  build: units(builders).optional().describe('Source to app folder: exactly one builder a target'),
  packages: units(packagers).optional().describe('Package formats'),
  sign: units(signers).optional().describe('Signers; false where unsigned is decided'),
  checks: units(checks).optional().describe('What makes evidence'),
  feeds: units(feeds).optional().describe('Updaters that are served'),
  channels: z.record(channelName, channel).optional().describe('Channels and their policy; default stable and canary'),
}

export const config = z.strictObject({
  ...ownShape,
  store: units(stores).optional().describe('The one place that is published to; default folder'),
  apps: z.record(appName, z.strictObject(ownShape)).optional().describe('Several apps of one repository'),
  sources: z.record(z.string(), source).optional().describe('Other repositories of this release'),
  trust: trust.optional().describe('Keys and freshness'),
  people: z.record(z.string(), z.string()).optional().describe('Who may sign: name -> public key or file:'),
  hooks: z.partialRecord(z.enum(hookNames), command).optional().describe("The user's own steps"),
  workflow: z.strictObject({}).optional().describe('CI files to generate'),
  out: z.string().min(1).optional().describe('Packages lie in <out>/<version>/; default dist'),
  evidence: z.string().min(1).optional().describe('The audit folder; default release/<app>'),
})

export interface Config extends z.input<typeof config> {}
export type Filled = z.output<typeof config>
/** What one app may say for itself. */
export type Own = Omit<NonNullable<Filled['apps']>[string], never>
