// The loop: a plan whose steps wait for what nobody does is a fault that is said, never a run that ended well.
import { expect, it } from 'vitest'
import type { Step } from '@slipway/core'
import { machine } from '../io/machine.ts'
import { carryOut } from './schedule.ts'

const step = (id: string, needs: readonly string[]): Step => ({
  ...{ id, app: 'tiny', unit: 'builders/prebuilt', options: {}, needs, makes: [], effects: [], irreversible: false },
})
const run = (steps: readonly Step[], done: string[]): Promise<void> =>
  carryOut({
    ...{ io: machine(), run: 'r', steps, parallel: 2, signal: new AbortController().signal, emit: () => undefined },
    perform: async one => {
      done.push(one.id)
      return { outcome: 'done' }
    },
  })

it('does what can be done, in order', async () => {
  const done: string[] = []
  await run([step('b', ['a']), step('a', [])], done)
  expect(done).toEqual(['a', 'b'])
})
it('says what waits for a step that is not there', async () => {
  const done: string[] = []
  await expect(run([step('a', []), step('b', ['gone'])], done)).rejects.toMatchObject({ problems: [{ code: 'run/stuck' }] })
  expect(done).toEqual(['a'])
})
