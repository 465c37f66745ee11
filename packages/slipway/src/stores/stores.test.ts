// Every store against the conformance of its kind.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { machine } from '../io/machine.ts'
import { storeConformance } from './conformance.ts'
import { folder } from './folder.ts'
import * as stores from './index.ts'
import type { AnyStore, Bucket } from './store.ts'

const root = mkdtempSync(join(tmpdir(), 'stores-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let count = 0

/** By id: opens a fresh, empty bucket. */
const openEmpty: Readonly<Record<string, () => Promise<Bucket>>> = {
  folder: () => folder.open({ path: join(root, `bucket-${count++}`) }, '', machine()),
}

const units = Object.values(stores) as unknown as readonly AnyStore[]
for (const { id } of units) {
  const open = openEmpty[id]
  if (open === undefined) throw new Error(`stores/${id} has no conformance fixture`)
  storeConformance(id, open)
}

it('has no fixture without a store', () => {
  expect(Object.keys(openEmpty).toSorted()).toEqual(units.map(one => one.id).toSorted())
})
