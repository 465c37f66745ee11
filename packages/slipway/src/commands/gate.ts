// slipway gate: runs the checks of this release and keeps what they find as signed evidence; says whether the channel may take it.
import { fail } from '@slipway/core'
import type { Invocation, Outcome } from './command.ts'
import { runStage } from './pipeline.ts'
import { textOf } from './project.ts'

/** Checks that nobody may waive: without them nothing else means anything (CONFIG 2). */
const always = ['completeness', 'signatures']

export const run = (invocation: Invocation): Promise<Outcome> => {
  const waived = textOf(invocation, 'waive')
  if (waived !== undefined) refuseWaiver(waived)
  return runStage(invocation, 'gate', 'gate')
}

const refuseWaiver = (check: string): never =>
  always.includes(check)
    ? fail('gate/not-waivable', `${check} cannot be waived`, {
        hint: 'Mend what it found: without it no feed or signature can be trusted.',
        exit: 'refused',
      })
    : fail('gate/unknown-check', `There is no check ${JSON.stringify(check)} that could be waived`, {
        hint: `Checks are: ${always.join(' ')}`,
      })
