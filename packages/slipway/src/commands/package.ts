// slipway package: everything up to and including this stage, from cache where it can.
import type { Invocation, Outcome } from './command.ts'
import { runStage } from './pipeline.ts'

export const run = (invocation: Invocation): Promise<Outcome> => runStage(invocation, 'package', 'package')
