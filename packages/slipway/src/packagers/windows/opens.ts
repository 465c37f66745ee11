// What an app opens, as Windows knows it: by the ending of a file's name alone (Win32, "File Types").
import type { Naming } from '../packager.ts'

/** For the plan: types that say no ending, so that no package for Windows can register them. */
export const toldTypes = ({ app }: Naming): readonly string[] =>
  app.opens
    .filter(one => one.extensions.length === 0)
    .map(({ type }) => `it is not offered to open ${type}: Windows knows files by their endings, and app.opens names none of it`)
