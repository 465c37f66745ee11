// msi: addresses and file types that the app opens, as values of the registry (Win32, "Application Registration").
import type { App } from '@slipway/core'
import type { MsiRow } from '@slipway/formats/msi/write'

export interface RegistrationSource {
  readonly app: App
  /** 1: the user's part of the registry; 2: the machine's. */
  readonly root: 1 | 2
  /** Head of the names of file types. */
  readonly key: string
  /** Key of the program in the table of files. */
  readonly program: string
  readonly component: string
}

export const registrationRows = (source: RegistrationSource): readonly MsiRow[] => {
  const { app, program, root, component } = source
  const open = `"[#${program}]" "%1"`
  const icon = `"[#${program}]",0`
  const schemes = [...new Set(app.protocols)].flatMap(
    scheme =>
      [
        [scheme, null, literal(`URL:${app.name}`)],
        [scheme, 'URL Protocol', null],
        [`${scheme}\\DefaultIcon`, null, icon],
        [`${scheme}\\shell\\open\\command`, null, open],
      ] as const,
  )
  const types = app.opens.flatMap(({ extensions, name }) =>
    extensions.flatMap(extension => {
      const id = `${source.key}.${extension}`
      return [
        [id, null, literal(name === '' ? `${extension} (${app.name})` : name)],
        [`${id}\\DefaultIcon`, null, icon],
        [`${id}\\shell\\open\\command`, null, open],
        // Another program may open them already, so it is offered and does not take over.
        [`.${extension}\\OpenWithProgids`, id, null],
      ] as const
    }),
  )
  return [...schemes, ...types].map(([key, name, value], index) => ({
    Registry: `open${index + 1}`,
    Root: root,
    Key: `Software\\Classes\\${literal(key)}`,
    Name: name === null ? null : literal(name),
    Value: value,
    Component_: component,
  }))
}

/** Brackets would be read as the name of a property, a number sign in front as that of a type (Windows Installer, "Formatted", "Registry Table"). */
export const literal = (text: string): string => text.replaceAll(/[[\]{}]/g, '[\\$&]').replace(/^#/, '##')

export interface OwnValues {
  readonly environment: Readonly<Record<string, string>>
  /** Key -> name -> text or number. */
  readonly registry: Readonly<Record<string, Readonly<Record<string, string | number>>>>
}
interface OwnPlace {
  readonly mode: 'user' | 'machine'
  readonly component: string
}

/** Variables that the config names; they go when the program goes (Windows Installer, "Environment Table": = sets, - removes, * is the machine's). */
export const environmentRows = ({ environment }: OwnValues, { mode, component }: OwnPlace): readonly MsiRow[] =>
  Object.entries(environment).map(([name, value], index) => ({
    Environment: `own${index + 1}`,
    Name: `=-${mode === 'user' ? '' : '*'}${name}`,
    Value: withFolder(value),
    Component_: component,
  }))

/** Values of the registry that the config names; numbers are REG_DWORD. */
export const ownRegistryRows = ({ registry }: OwnValues, { mode, component }: OwnPlace): readonly MsiRow[] =>
  Object.entries(registry)
    .flatMap(([key, values]) => Object.entries(values).map(([name, value]) => ({ key, name, value })))
    .map(({ key, name, value }, index) => ({
      Registry: `own${index + 1}`,
      Root: mode === 'user' ? 1 : 2,
      Key: literal(key),
      Name: name === '' ? null : literal(name),
      Value: typeof value === 'number' ? `#${value}` : withFolder(value),
      Component_: component,
    }))

/** INSTALLFOLDER ends with a backslash. */
const withFolder = (text: string): string => text.split('{folder}').map(literal).join('[INSTALLFOLDER]')
