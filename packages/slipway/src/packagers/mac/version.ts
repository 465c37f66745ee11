// What becomes of a version on a Mac, which has three numbers and no words (Information Property List Key Reference, "CFBundleVersion").
import type { Naming } from '../packager.ts'

/** For the plan; nothing where the version is three numbers already. */
export const toldVersion = ({ app: { version } }: Naming): readonly string[] => {
  const [numbers = ''] = version.split(/[-+]/)
  return numbers === version ? [] : [`its version is ${numbers}: to a Mac every build and prerelease of it is the same`]
}
