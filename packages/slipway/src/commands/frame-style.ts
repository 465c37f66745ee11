// Colours of one stream: NO_COLOR and FORCE_COLOR first, then whether it is a terminal.
import type { Io } from '../io/io.ts'
import type { Style } from './command.ts'
import type { Output } from './frame-streams.ts'

const pipeColumns = 100

export const styleOf = (output: Output, { secrets }: Pick<Io, 'secrets'>): Style => {
  const paint = wantsColour(output, secrets)
    ? (code: number, end: number) => (text: string) => `\u001b[${code}m${text}\u001b[${end}m`
    : () => (text: string) => text
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
    width: output.columns() || pipeColumns,
  }
}

const wantsColour = (output: Output, secrets: Io['secrets']): boolean => {
  if ((secrets.env('NO_COLOR') ?? '') !== '') return false
  const forced = secrets.env('FORCE_COLOR')
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  return output.isTerminal
}
