// Loads a .ts, .js or .mjs config natively. `import 'slipway'` in it is answered by the running package, so that repositories
// without node_modules (Rust, Go) can have a typed config (CONFIG 5). The one place outside of io that uses node:module.
import { createRequire, registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { fail, SlipwayError, type Where } from '@slipway/core'
import { syntaxErrorIn } from './locate-code.ts'

/** What `import 'slipway'` means: the sources in a checkout, the bundle where it is installed. */
const running = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : './index.js', import.meta.url).href

/**
 * The default export of a config. Loaded by `require`, which is synchronous for ES modules too: so the hook is there for
 * exactly this load; undefined without one. Codes: `config/threw`.
 */
export const importConfig = (file: string, { shown, text }: { readonly shown: string; readonly text: string }): unknown => {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => (specifier === 'slipway' ? { url: running, shortCircuit: true } : next(specifier, context)),
    // Without this Node guesses the format from the nearest package.json, and warns where there is none.
    load: (url, context, next) =>
      url === pathToFileURL(file).href && /\.ts$/.test(file) ? next(url, { ...context, format: 'module-typescript' }) : next(url, context),
  })
  try {
    return (createRequire(import.meta.url)(file) as { readonly default?: unknown } | null)?.default
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause
    return fail('config/threw', `The config could not be loaded: ${firstLine(cause)}`, {
      hint: 'Correct the config; it is data: constants, plain values and the import of defineConfig.',
      where: { file: shown, ...(placeOf(cause, file) ?? (cause instanceof SyntaxError ? syntaxErrorIn(text) : undefined)) },
    })
  } finally {
    hooks.deregister()
  }
}

const firstLine = (cause: unknown): string => {
  const message = cause instanceof Error ? cause.message : String(cause)
  return (
    message
      .split('\n')
      .find(line => line.trim() !== '')
      ?.trim() ?? 'it threw'
  )
}

/** Line and column from a stack: a frame `file:///…/slipway.config.ts:3:9`, or the head `/…/slipway.config.ts:3` of a syntax error. */
const placeOf = (cause: unknown, file: string): Where | undefined => {
  if (!(cause instanceof Error)) return undefined
  for (const name of [pathToFileURL(file).href, fileURLToPath(pathToFileURL(file))]) {
    const stack = cause.stack ?? ''
    const at = stack.indexOf(`${name}:`)
    const [, line, column] = (at === -1 ? null : /^(\d+)(?::(\d+))?/.exec(stack.slice(at + name.length + 1))) ?? []
    if (line !== undefined) return { line: Number(line), ...(column === undefined ? {} : { column: Number(column) }) }
  }
  return undefined
}
