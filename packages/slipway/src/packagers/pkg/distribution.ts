// The two documents of a package: Distribution, which the Installer shows, and the PackageInfo of each component (Apple's
// "Distribution Definition XML Schema"; what pkgbuild and productbuild write).
import { escapeXml } from '@slipway/formats/xml'
import type { PackSubject } from '../packager.ts'
import { pkgVersion } from './check.ts'
import type { Bundle, Component } from './components.ts'
import type { Document } from './documents.ts'
import type { PkgOptions } from './options.ts'

const heading = '<?xml version="1.0" encoding="utf-8"?>'

/** `name="value"` for each that is not undefined. */
const attributes = (values: Readonly<Record<string, string | number | boolean | undefined>>): string =>
  Object.entries(values)
    .flatMap(([name, value]) => (value === undefined ? [] : [` ${name}="${escapeXml(`${value}`)}"`]))
    .join('')

export interface Distributed {
  readonly subject: PackSubject
  readonly chosen: PkgOptions
  /** The bundle's first. */
  readonly components: readonly Component[]
  readonly documents: readonly Document[]
  readonly host: string
}

export const distributionOf = ({ subject: { app }, chosen, components, documents, host }: Distributed): string => {
  const [main] = components
  const minimum = main?.minimum ?? ''
  const customize = chosen.customize ?? (components.length > 1 ? 'allow' : 'never')
  // The picture stands behind both appearances of the system.
  const pictures = chosen.background === undefined ? [] : ['background', 'background-darkAqua']
  return [
    heading,
    '<installer-gui-script minSpecVersion="1">',
    `    <title>${escapeXml(chosen.title ?? app.name)}</title>`,
    ...documents.map(({ kind, file, mimeType }) => `    <${kind}${attributes({ file, 'mime-type': mimeType })}/>`),
    ...pictures.map(
      name => `    <${name}${attributes({ file: 'background.png', 'mime-type': 'image/png', alignment: 'bottomleft', scaling: 'none' })}/>`,
    ),
    `    <options${attributes({ customize, 'require-scripts': false, hostArchitectures: host })}/>`,
    '    <domains enable_anywhere="false" enable_currentUserHome="false" enable_localSystem="true"/>',
    ...(minimum === ''
      ? []
      : [
          '    <volume-check>',
          '        <allowed-os-versions>',
          `            <os-version${attributes({ min: minimum })}/>`,
          '        </allowed-os-versions>',
          '    </volume-check>',
        ]),
    '    <choices-outline>',
    ...components.map(({ identifier }) => `        <line${attributes({ choice: identifier })}/>`),
    '    </choices-outline>',
    ...components.flatMap((one, index) => choiceLines(one, index === 0)),
    ...(main === undefined ? [] : bundleLines(main)),
    ...components.map(
      one =>
        `    <pkg-ref${attributes({ id: one.identifier, version: one.version, onConclusion: 'none', installKBytes: kibibytesOf(one) })}>#${one.identifier}.pkg</pkg-ref>`,
    ),
    `    <product${attributes({ id: main?.identifier, version: pkgVersion(app) })}/>`,
    '</installer-gui-script>',
    '',
  ].join('\n')
}

/** The bundle itself cannot be left out. */
const choiceLines = ({ identifier, title, description, isSelected }: Component, isMain: boolean): readonly string[] => {
  const start = isMain ? { start_enabled: false, start_selected: true } : { start_selected: isSelected }
  return [
    `    <choice${attributes({ id: identifier, title, ...(description === '' ? {} : { description }), ...start })}>`,
    `        <pkg-ref${attributes({ id: identifier })}/>`,
    '    </choice>',
  ]
}

/** The app is closed before it is replaced; a newer one is known by its version. */
const bundleLines = ({ identifier, bundles }: Component): readonly string[] =>
  bundles
    .slice(0, 1)
    .flatMap(bundle => [
      `    <pkg-ref${attributes({ id: identifier })}>`,
      '        <must-close>',
      `            <app${attributes({ id: bundle.id })}/>`,
      '        </must-close>',
      '        <bundle-version>',
      `            <bundle${bundleAttributes(bundle, bundle.path)}/>`,
      '        </bundle-version>',
      '    </pkg-ref>',
    ])

const bundleAttributes = ({ id, short, version }: Bundle, path: string): string =>
  attributes({ path, id, CFBundleShortVersionString: short, CFBundleVersion: version })

const kibibytesOf = ({ entries }: Component): number =>
  Math.ceil(entries.reduce((sum, one) => sum + (one.type === 'file' ? one.sizeBytes : 0), 0) / 1024)

/** The bundle stays where it is installed, is recognized by its identifier alone, and no older one replaces a newer one. */
export const packageInfoOf = (component: Component): string => {
  const { identifier, version, location, bundles, entries, scripts } = component
  const [main] = bundles
  const head = { 'overwrite-permissions': true, relocatable: false, identifier, 'postinstall-action': 'none', version }
  const reference = main === undefined ? [] : [`        <bundle${attributes({ id: main.id })}/>`]
  const section = (name: string): readonly string[] =>
    reference.length === 0 ? [`    <${name}/>`] : [`    <${name}>`, ...reference, `    </${name}>`]
  const names = Object.keys(scripts)
  return [
    heading,
    `<pkg-info${attributes({ ...head, 'format-version': 2, 'generator-version': 'slipway', 'install-location': location, auth: 'root' })}>`,
    `    <payload${attributes({ numberOfFiles: entries.length + 1, installKBytes: kibibytesOf(component) })}/>`,
    ...bundles.map(one => `    <bundle${bundleAttributes(one, `./${one.path}`)}/>`),
    ...section('bundle-version'),
    ...section('upgrade-bundle'),
    '    <update-bundle/>',
    '    <atomic-update-bundle/>',
    ...section('strict-identifier'),
    '    <relocate/>',
    ...(names.length === 0 ? [] : ['    <scripts>', ...names.map(name => `        <${name} file="./${name}"/>`), '    </scripts>']),
    '</pkg-info>',
    '',
  ].join('\n')
}
