// How package managers order versions: dpkg (deb-version(7), lib/dpkg/version.c) and rpm (rpmio/rpmvercmp.c).
import type { Order } from './version.ts'

/** dpkg's order of `[epoch:]upstream[-revision]`. */
export const compareDeb = (a: string, b: string): Order => {
  const [x, y] = [splitDeb(a), splitDeb(b)]
  return compareDigits(x.epoch, y.epoch) || compareDebPart(x.upstream, y.upstream) || compareDebPart(x.revision, y.revision)
}

/** rpm's order of `[epoch:]version[-release]`. */
export const compareRpm = (a: string, b: string): Order => {
  const [x, y] = [splitDeb(a), splitDeb(b)]
  return compareDigits(x.epoch, y.epoch) || compareRpmPart(x.upstream, y.upstream) || compareRpmPart(x.revision, y.revision)
}

/** Two texts of digits as numbers of any size. */
export const compareDigits = (a: string, b: string): Order => {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  if (x.length !== y.length) return x.length < y.length ? -1 : 1
  return x === y ? 0 : x < y ? -1 : 1
}

const splitDeb = (text: string): { epoch: string; upstream: string; revision: string } => {
  const colon = text.indexOf(':')
  const rest = text.slice(colon + 1)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: text.slice(0, Math.max(colon, 0)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  }
}

// Alternating runs of non-digits and digits: letters before other characters, `~` before everything and even the end.
const compareDebPart = (a: string, b: string): Order => {
  const [x, y] = [runs(a), runs(b)]
  for (let at = 0; at < Math.max(x.length, y.length); at++) {
    const [one, other] = [x[at] ?? '', y[at] ?? '']
    const order = at % 2 === 0 ? compareWords(one, other) : compareDigits(one, other)
    if (order !== 0) return order
  }
  return 0
}

// Even places hold non-digits, odd ones digits.
const runs = (text: string): string[] => [...text.matchAll(/(\D*)(\d*)/g)].flatMap(([, word, digits]) => [word as string, digits as string])

const compareWords = (a: string, b: string): Order => {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = weight(a[at]) - weight(b[at])
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return 0
}

const weight = (character: string | undefined): number => {
  if (character === undefined) return 0
  if (character === '~') return -1
  return /[a-zA-Z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256
}

// Runs of digits or letters; separators only separate. Digits beat letters; `~` sorts before the end, `^` after it.
const compareRpmPart = (a: string, b: string): Order => {
  const [x, y] = [a.match(/\d+|[a-zA-Z]+|~|\^/g) ?? [], b.match(/\d+|[a-zA-Z]+|~|\^/g) ?? []]
  for (let at = 0; at < Math.max(x.length, y.length); at++) {
    const order = compareRpmRun(x[at], y[at])
    if (order !== 0) return order
  }
  return 0
}

const compareRpmRun = (a: string | undefined, b: string | undefined): Order => {
  const [x, y] = [rank(a), rank(b)]
  if (x !== y) return x < y ? -1 : 1
  const [one, other] = [a as string, b as string]
  if (x === digitRank) return compareDigits(one, other)
  return one === other ? 0 : one < other ? -1 : 1
}

const digitRank = 4
const rank = (run: string | undefined): number => {
  if (run === '~') return 0
  if (run === undefined) return 1
  if (run === '^') return 2
  return /\d/.test(run) ? digitRank : 3
}
