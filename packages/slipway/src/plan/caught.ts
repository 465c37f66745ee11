// What a call makes, or the problems that it throws: so that one problem does not hide the others.
import { SlipwayError, type Problem } from '@slipway/core'

interface Caught<T> {
  readonly made?: T
  readonly problems: readonly Problem[]
}

/** Anything else that is thrown goes on. */
export const caught = <T>(make: () => T): Caught<T> => {
  try {
    return { made: make(), problems: [] }
  } catch (error) {
    if (error instanceof SlipwayError) return { problems: error.problems }
    throw error
  }
}

/** Each once: what several packages and targets share is one problem, said where it was found first. */
export const distinct = (problems: readonly Problem[]): readonly Problem[] => {
  const known = new Set<string>()
  return problems.filter(({ code, message, where }) => {
    const key = JSON.stringify([code, message, where.path ?? ''])
    const isNew = !known.has(key)
    known.add(key)
    return isNew
  })
}
