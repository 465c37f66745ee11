// The bundle that a disk image holds: its name, and what its Info.plist says that the image has to know.
import { plistText } from '@slipway/formats/plist/value'
import type { TreeFile } from '../../tree.ts'
import { plistOf } from '../mac/plist-of.ts'
import type { PackSubject } from '../packager.ts'

export interface Bundle {
  /** Its folder, with `.app`. */
  readonly name: string
  /** Oldest macOS, as `11.0`; '' where it does not say. */
  readonly minimum: string
  readonly icon: TreeFile | undefined
}

export const bundleOf = async ({ tree }: PackSubject): Promise<Bundle> => {
  const name = tree.executable.split('/')[0] ?? ''
  const fileAt = (path: string): TreeFile | undefined =>
    tree.entries.find((one): one is TreeFile => one.type === 'file' && one.path === `${name}/Contents/${path}`)
  const file = fileAt('Info.plist')
  const plist = file === undefined ? {} : await plistOf(file)
  const icon = plistText(plist, 'CFBundleIconFile')
  return {
    name,
    minimum: plistText(plist, 'LSMinimumSystemVersion') ?? '',
    // The ending may be left out (Information Property List Key Reference).
    icon: icon === undefined ? undefined : (fileAt(`Resources/${icon}`) ?? fileAt(`Resources/${icon}.icns`)),
  }
}
