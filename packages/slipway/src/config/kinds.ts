// The kinds as the config sees them: key -> list of units, and the noun that messages use. No unit is named here.
import * as builders from '../builders/index.ts'
import type { AnyBuilder } from '../builders/builder.ts'
import * as checks from '../checks/index.ts'
import type { AnyCheck } from '../checks/check.ts'
import * as feeds from '../feeds/index.ts'
import type { AnyFeed } from '../feeds/feed.ts'
import * as keys from '../keys/index.ts'
import * as packagers from '../packagers/index.ts'
import type { AnyPackager } from '../packagers/packager.ts'
import * as signers from '../signers/index.ts'
import type { AnySigner } from '../signers/signer.ts'
import * as stores from '../stores/index.ts'
import type { AnyStore } from '../stores/store.ts'
import type { Unit } from '../unit.ts'

export { builders, checks, feeds, packagers, signers, stores }

export type KindKey = 'build' | 'packages' | 'sign' | 'checks' | 'feeds' | 'store'

/** Units by config key, in list order; options are whole once the schema has parsed them. */
export const unitsOf = {
  build: Object.values(builders) as unknown as readonly AnyBuilder[],
  packages: Object.values(packagers) as unknown as readonly AnyPackager[],
  sign: Object.values(signers) as unknown as readonly AnySigner[],
  checks: Object.values(checks) as unknown as readonly AnyCheck[],
  feeds: Object.values(feeds) as unknown as readonly AnyFeed[],
  store: Object.values(stores) as unknown as readonly AnyStore[],
} as const satisfies Record<KindKey, readonly Unit[]>

/** Schemes of references that this version can read. */
export const schemesHere: readonly string[] = Object.values(keys).map(source => source.id)

/** What one unit of a kind is called, for messages. */
export const nouns: Readonly<Record<KindKey, string>> = {
  build: 'builder',
  packages: 'package format',
  sign: 'signer',
  checks: 'check',
  feeds: 'feed',
  store: 'store',
}

export const isKindKey = (key: unknown): key is KindKey => typeof key === 'string' && Object.hasOwn(nouns, key)
