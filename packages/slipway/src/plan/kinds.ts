// The units by id, as plan and run see them: options are whole by now, so the types of single units are dropped here, once.
import { fail } from '@slipway/core'
import * as builderList from '../builders/index.ts'
import type { AnyBuilder } from '../builders/builder.ts'
import * as checkList from '../checks/index.ts'
import type { AnyCheck } from '../checks/check.ts'
import * as feedList from '../feeds/index.ts'
import type { AnyFeed } from '../feeds/feed.ts'
import * as packagerList from '../packagers/index.ts'
import type { AnyPackager } from '../packagers/packager.ts'
import * as signerList from '../signers/index.ts'
import type { AnySigner } from '../signers/signer.ts'
import * as storeList from '../stores/index.ts'
import type { AnyStore } from '../stores/store.ts'

const lookup = <U extends { readonly id: string }>(kind: string, list: object): ((id: string) => U) => {
  const byId = new Map((Object.values(list) as U[]).map(unit => [unit.id, unit]))
  return id =>
    byId.get(id) ??
    fail('plan/no-unit', `There is no ${kind} "${id}"`, { hint: 'This is a fault of Slipway: the config was taken with it.', exit: 'bug' })
}

export const units = {
  builders: lookup<AnyBuilder>('builder', builderList),
  packagers: lookup<AnyPackager>('packager', packagerList),
  signers: lookup<AnySigner>('signer', signerList),
  checks: lookup<AnyCheck>('check', checkList),
  feeds: lookup<AnyFeed>('feed', feedList),
  stores: lookup<AnyStore>('store', storeList),
} as const
