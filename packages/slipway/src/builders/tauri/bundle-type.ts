// The bundle type that a Tauri program holds: 27 bytes by which its updater knows how it was installed (tauri-utils 2.8.2 to 2.10.2,
// platform.rs, `bundle_type`; tauri-bundler 2.10.4, bundle.rs, `patch_binary`).
import { fail } from '@slipway/core'

const start = '__TAURI_BUNDLE_TYPE_VAR_'
const unknown = `${start}UNK`

/**
 * Packager -> the last three letters. Of all others Tauri knows nothing: they keep `UNK`, and their updater takes the package that the feed
 * names for the whole system. On macOS nothing is written: there `UNK` is read as the bundle.
 */
const bundleTypes: Readonly<Record<string, string>> = { deb: 'DEB', rpm: 'RPM', appimage: 'APP', nsis: 'NSS', msi: 'MSI' }

/** What Tauri writes for a packager; null: nothing. */
export const bundleTypeOf = (packager: string): string | null =>
  Object.hasOwn(bundleTypes, packager) ? (bundleTypes[packager] ?? null) : null

/** A copy of the program that says how it is installed. Codes: those of `placeOfBundleType`. */
export const withBundleType = (program: Uint8Array, type: string): Uint8Array => {
  // Not `slice`: of a Buffer that is the same memory.
  const copy = new Uint8Array(program)
  copy.set(new TextEncoder().encode(type), placeOfBundleType(program) + start.length)
  return copy
}

/** Where it stands. Codes: `tauri/no-bundle-type`, `tauri/bundle-type-taken`, `tauri/two-bundle-types`. */
export const placeOfBundleType = (program: Uint8Array, where: { readonly target?: string; readonly file?: string } = {}): number => {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.length)
  const [place, second] = placesOf(bytes, unknown)
  if (place !== undefined && second === undefined) return place
  if (second !== undefined)
    return fail(
      'tauri/two-bundle-types',
      `the program holds the text ${unknown} more than once, and only one of them is what Tauri reads`,
      {
        hint: 'Take that text out of what the app embeds, or set build.tauri.bundleType to false: then its updater does not know the package.',
        where: { path: 'build.tauri', ...where },
      },
    )
  const taken = Object.values(bundleTypes).find(type => bytes.includes(start + type, 0, 'latin1'))
  if (taken !== undefined)
    return fail('tauri/bundle-type-taken', `the program says already that it was installed from one kind of package (${taken})`, {
      hint: 'Take the program as cargo left it: build it with `tauri build --no-bundle`.',
      where: { path: 'build.tauri.from', ...where },
    })
  return fail(
    'tauri/no-bundle-type',
    `the program holds no text ${unknown}: its updater could not know from which kind of package it was installed`,
    {
      hint: 'Build it with tauri-utils 2.8.2 or newer (`cargo update -p tauri-utils`). If the app has no updater, set build.tauri.bundleType to false.',
      where: { path: 'build.tauri.bundleType', ...where },
    },
  )
}

/** At most two, which is all that anybody asks. */
const placesOf = (bytes: Buffer, text: string): readonly number[] => {
  const first = bytes.indexOf(text, 0, 'latin1')
  const second = first === -1 ? -1 : bytes.indexOf(text, first + 1, 'latin1')
  return [first, second].filter(place => place !== -1)
}
