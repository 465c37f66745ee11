// Whether a path inside an archive stays inside of the folder that it is unpacked into, on any system.

/** False for an empty, absolute, drive (`C:`), `..` or NUL path; backslashes separate too, as they do on Windows. */
export const isInsidePath = (path: string): boolean =>
  path !== '' && !path.includes('\0') && !/^[/\\]/.test(path) && !/^[A-Za-z]:/.test(path) && !path.split(/[/\\]/).includes('..')

/** Whether the link at `path` points to a place inside of the same folder, judged by the words alone. */
export const isInsideLink = (path: string, linkTarget: string): boolean => {
  if (!isInsidePath(path) || linkTarget === '' || linkTarget.includes('\0')) return false
  if (/^[/\\]/.test(linkTarget) || /^[A-Za-z]:/.test(linkTarget)) return false
  let depth = path.split(/[/\\]/).filter(isStep).length - 1
  for (const step of linkTarget.split(/[/\\]/).filter(isStep)) {
    depth += step === '..' ? -1 : 1
    if (depth < 0) return false
  }
  return true
}

const isStep = (step: string): boolean => step !== '' && step !== '.'
