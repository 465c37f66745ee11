// Whether the project's own cargo configuration names a linker for a target (the Cargo Book, configuration).
import type { BuildJob } from '../builder.ts'

/** Looks into `.cargo/config.toml` from the folder up to the project's own. A file that cannot be read is cargo's to complain of. */
export const linkerDeclared = async (
  { io, root }: Pick<BuildJob, 'io' | 'root'>,
  { triple, cwd }: { readonly triple: string; readonly cwd: string },
): Promise<boolean> => {
  for (let folder = cwd; folder.length >= root.length; folder = folder.slice(0, folder.lastIndexOf('/')))
    for (const name of ['config.toml', 'config']) {
      const file = `${folder}/.cargo/${name}`
      if ((await io.files.stat(file))?.type === 'file' && (await namesLinker(await io.files.readText(file), triple))) return true
    }
  return false
}

const namesLinker = async (text: string, triple: string): Promise<boolean> => {
  const { parse } = await import('smol-toml')
  try {
    const { target } = parse(text)
    return typeof member(member(target, triple), 'linker') === 'string'
  } catch {
    return false
  }
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
