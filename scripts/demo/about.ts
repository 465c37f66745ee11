// demo.json of an example: what `npm start` and `npm run example` have to know of it beside its config.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const examples = join(import.meta.dirname, '../../examples')

export interface About {
  /** Id of the app in its bucket. */
  readonly app: string
  /** The older one goes to stable, the newer one to canary and then to stable. */
  readonly versions: readonly [older: string, newer: string]
  /** Percents that the newer one goes to stable by, as [20, 100]; without them at once. */
  readonly rollout?: readonly number[]
  /** For apps with an electron feed: the real updater that asks it. */
  readonly electron?: { readonly arch: 'x64' | 'arm64'; readonly installed: string }
  /** Commands that need no project, shown at the end, with {version} {older} {bucket} filled in. */
  readonly show?: readonly (readonly string[])[]
}

export const exampleNames = (): readonly string[] =>
  readdirSync(examples)
    .filter(name => existsSync(join(examples, name, 'demo.json')))
    .sort()

/** Throws where demo.json says something else than `About`: a misspelt key would be a part of the story that is silently left out. */
export const readAbout = (example: string): About => {
  const file = join(examples, example, 'demo.json')
  const about = JSON.parse(readFileSync(file, 'utf8')) as About
  const unknown = Object.keys(about).filter(key => !['app', 'versions', 'rollout', 'electron', 'show'].includes(key))
  if (unknown.length > 0) throw new Error(`${file} has keys that the demo does not know: ${unknown.join(', ')}`)
  if (typeof about.app !== 'string' || about.versions?.length !== 2) throw new Error(`${file} must say app and two versions`)
  return about
}
