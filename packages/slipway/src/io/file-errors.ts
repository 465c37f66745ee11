// What the operating system says about files, as problems with a code, the path and a way out (CONTRACTS 11: exit 4).
import { fail, SlipwayError } from '@slipway/core'

/**
 * Throws a failed file operation as a problem; `doing` is as in "cannot write". Errors that no system call made pass unchanged.
 * Codes: `io/not-found`, `io/not-readable`, `io/not-writable`, `io/disk-full`, `io/too-many-files`, `io/in-the-way`, `io/no-links`, `io/failed`.
 */
export const failFile = (error: unknown, doing: string, path: string): never => {
  if (error instanceof SlipwayError || !isSystemError(error)) throw error
  const message = `cannot ${doing} ${path}`
  const detail = { where: { file: path }, exit: 'machine', cause: error } as const
  switch (error.code) {
    case 'ENOENT':
      return fail('io/not-found', `${message}: it is not there`, { ...detail, hint: 'Check the path, or make the file.' })
    case 'ENOSPC':
    case 'EDQUOT':
      return fail('io/disk-full', `${message}: the disk is full`, { ...detail, hint: 'Free some space there, then run the command again.' })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return doing === 'read'
        ? fail('io/not-readable', `${message}: not allowed`, { ...detail, hint: 'Let this user read it, or name another path.' })
        : failNotWritable(error, doing, path)
    case 'EMFILE':
    case 'ENFILE':
      return fail('io/too-many-files', `${message}: too many files are open`, { ...detail, hint: 'Raise the limit: ulimit -n 4096.' })
    case 'EISDIR':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ENOTEMPTY':
      return fail('io/in-the-way', `${message}: something of another kind stands in the way`, {
        ...detail,
        hint: 'A file stands where a folder must be, or the other way round: move it away.',
      })
    case 'EXDEV':
    case 'EMLINK':
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
    case 'ENOSYS':
      return fail('io/no-links', `${message}: this file system has no hard links`, { ...detail, hint: 'Use a folder on a local disk.' })
    default:
      // explain: The system refused to read or write a file, for a reason that has no code of its own here.
      return fail('io/failed', `${message}: ${error.code}`, { ...detail, hint: 'See the cause; the disk or the mount may be at fault.' })
  }
}

/** Code: `io/not-writable`. */
export const failNotWritable = (cause: unknown, doing: string, path: string): never =>
  fail('io/not-writable', `cannot ${doing} ${path}: not allowed`, {
    hint: 'Let this user write there, or name another path.',
    where: { file: path },
    exit: 'machine',
    cause,
  })

/** Runs a file operation and gives its failure a code. */
export const guard = async <T>(doing: string, path: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    return failFile(error, doing, path)
  }
}

export const isSystemError = (error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException & { readonly code: string } =>
  error instanceof Error &&
  'syscall' in error &&
  'code' in error &&
  typeof error.code === 'string' &&
  (codes.length === 0 || codes.includes(error.code))
