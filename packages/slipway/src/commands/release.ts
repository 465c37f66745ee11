// slipway release: the whole way from sources to a channel; carries out exactly the plan whose digest it prints.
import type { Invocation, Outcome } from './command.ts'
import { runStage } from './pipeline.ts'

export const run = (invocation: Invocation): Promise<Outcome> => runStage(invocation, 'publish', 'release')
