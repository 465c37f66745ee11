// resources.pri: by what pictures are told apart, how much each counts, and how near each is to what a system asks for unasked.

/** In the order of their numbers in the environment "WinCore" 1.2. */
export const qualifierNames = [
  'Language',
  'Contrast',
  'Scale',
  'HomeRegion',
  'TargetSize',
  'LayoutDirection',
  'Theme',
  'AlternateForm',
  'DXFeatureLevel',
  'Configuration',
  'DeviceFamily',
  'Custom',
] as const

/** As a file name says it: `scale-200`, `targetsize-16`, `altform-unplated`. */
export interface PriQualifier {
  readonly name: 'Scale' | 'TargetSize' | 'AlternateForm'
  /** Upper case. */
  readonly value: string
}

export const priorityOf = ({ name }: PriQualifier): number => ({ Scale: 200, TargetSize: 300, AlternateForm: 100 })[name]

/** 0 to 1000: what a candidate is worth to one who asks for nothing, which is scale 200, size 256 and no form. */
export const fallbackScore = ({ name, value }: PriQualifier): number => {
  if (name === 'AlternateForm') return 0
  const size = Number(value)
  if (name === 'TargetSize') return size === 256 ? 1000 : size > 256 ? 750 : 500
  return Math.floor(1000 * scaleScore(size))
}

const [leastScale, askedScale, mostScale] = [50, 200, 1000]

/** Larger is better than smaller, and twice the size or half of it better than what is farther away. */
const scaleScore = (scale: number): number => {
  const within = (from: number, to: number, share: number): number => ((scale - from) / (to - from)) * share
  if (scale === askedScale) return 1
  if (scale > 2 * askedScale) return 0.5 - within(2 * askedScale, mostScale, 0.25)
  if (scale > askedScale) return 1 - within(askedScale, 2 * askedScale, 0.25)
  return scale >= askedScale / 2 ? 0.5 + within(askedScale / 2, askedScale, 0.25) : 0.01 + within(leastScale, askedScale / 2, 0.23)
}

/** Those that count most first. */
export const sortedSet = (set: readonly PriQualifier[]): readonly PriQualifier[] => set.toSorted((a, b) => -compareQualifiers(a, b))

/** By weight, then by number and value; of two that agree as far as they go the longer is greater. */
export const compareSets = (left: readonly PriQualifier[], right: readonly PriQualifier[]): number => {
  for (const [index, one] of left.entries()) {
    const other = right[index]
    const order = other === undefined ? 1 : compareQualifiers(one, other)
    if (order !== 0) return order
  }
  return left.length - right.length
}

const compareQualifiers = (left: PriQualifier, right: PriQualifier): number => {
  const order = priorityOf(left) - priorityOf(right) || qualifierNames.indexOf(left.name) - qualifierNames.indexOf(right.name)
  return order !== 0 ? order : left.value < right.value ? -1 : left.value > right.value ? 1 : 0
}
