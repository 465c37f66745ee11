// Keys of Info.plist that another place of the config decides: said twice they could disagree, and systems would know the app as another one.
import { problem, type Problem } from '@slipway/core'
import type { Naming } from '../packager.ts'
import { isVersion } from './faults.ts'
import type { AppOptions } from './options.ts'

interface Rule {
  readonly isRight: (value: unknown) => boolean
  /** The place that decides. */
  readonly home: string
}
const never = (): boolean => false

/** What `packages.app.plist` may not say. Code: `app/owned-key`. */
export const ownedProblems = ({ app: { id, version } }: Naming, { plist = {}, minimum }: AppOptions): readonly Problem[] => {
  const [release = ''] = version.split(/[-+]/)
  const rules: Readonly<Record<string, Rule>> = {
    CFBundleIdentifier: { isRight: value => value === id || id.startsWith('TODO:'), home: 'It is app.id: change that.' },
    CFBundleExecutable: { isRight: never, home: 'It is the program that the builder gives, as build.prebuilt.bin names it.' },
    CFBundleShortVersionString: { isRight: value => value === release, home: 'It is the version of the release, app.version.' },
    CFBundleVersion: {
      isRight: value => typeof value === 'string' && (value === release || (/^\d+(\.\d+)?$/.test(value) && !isVersion(value))),
      home: `It is ${JSON.stringify(release)}, or a build number as text: '42'.`,
    },
    CFBundlePackageType: { isRight: value => value === 'APPL', home: 'An app is always APPL.' },
    LSMinimumSystemVersion: { isRight: value => value === minimum, home: 'It is packages.app.minimum.' },
    CFBundleIconFile: { isRight: never, home: 'Name the icon as packages.app.icon or app.icon.' },
    CFBundleURLTypes: { isRight: never, home: 'It is app.protocols.' },
    CFBundleDocumentTypes: { isRight: never, home: 'It is app.opens.' },
  }
  return Object.entries(plist).flatMap(([key, value]) => {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined
    if (rule === undefined || rule.isRight(value)) return []
    return [
      problem('app/owned-key', `packages.app.plist says ${key}: ${JSON.stringify(value)}, which is not its to say`, {
        hint: `${rule.home} Take the key out.`,
        where: { path: 'packages.app.plist' },
      }),
    ]
  })
}
