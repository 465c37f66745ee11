// What the project's pages name must exist: commands with their flags, scripts of package.json, files (row B46).
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { globalFlags, shortFlags } from '../../packages/slipway/src/commands/flags.ts'
import { specs } from '../../packages/slipway/src/commands/specs.ts'
import { ownFiles } from '../lib/files.ts'

/** One line for each thing that a page names and that is not there. */
export const unknownNames = (root: string): readonly string[] => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly scripts: Readonly<Record<string, string>> }
  return ownFiles(root)
    .filter(file => file.endsWith('.md'))
    .flatMap(file =>
      codeOf(readFileSync(join(root, file), 'utf8')).flatMap(({ code, line }) =>
        [...commandFaults(code), ...scriptFaults(code, Object.keys(scripts)), ...pathFaults(root, code)].map(
          fault => `${file}:${line}: ${fault}`,
        ),
      ),
    )
}

interface Code {
  readonly code: string
  readonly line: number
}

/** Code spans, and the lines of fenced blocks. */
export const codeOf = (markdown: string): readonly Code[] => {
  let fence = ''
  return markdown.split('\n').flatMap((text, index): readonly Code[] => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(text)?.[1] ?? ''
    if (fence === '' && mark !== '') {
      fence = mark
      return []
    }
    if (fence !== '' && mark.startsWith(fence)) {
      fence = ''
      return []
    }
    if (fence !== '') return [{ code: text, line: index + 1 }]
    // In generated pages the marks of a message are escaped; a command in one must exist all the same.
    const plain = text.replaceAll(/\\([\\`*_<>|[\]])/g, '$1')
    return [...plain.matchAll(/(`+)(.+?)\1(?!`)/g)].map(match => ({ code: (match[2] ?? '').trim(), line: index + 1 }))
  })
}

/** Commands and flags of `slipway …` in a piece of code; `COMMAND` and `<command>` stand for any. */
export const commandFaults = (code: string): readonly string[] =>
  [...code.matchAll(/(?:^|[\s$(])slipway ((?:[^\s|;()]+ ?)+)/g)].flatMap(match => {
    const words = (match[1] ?? '').trim().split(' ')
    const [name = ''] = words
    const known = [...globalFlags.map(flag => `--${flag.name}`), ...Object.keys(shortFlags)]
    const spec = specs.find(one => one.name === name)
    if (spec === undefined && /^[a-z]/.test(name)) return [`slipway has no command ${name}`]
    const mine = (spec?.flags ?? []).map(flag => `--${flag.name}`)
    return words
      .filter(word => /^--?[a-zA-Z]/.test(word))
      .map(word => word.replace(/[=,.:].*$/, ''))
      .filter(flag => ![...known, ...mine].includes(flag))
      .map(flag => `slipway ${name} has no ${flag}`)
  })

const scriptFaults = (code: string, scripts: readonly string[]): readonly string[] =>
  [...code.matchAll(/\bnpm run ([a-z][\w:-]*)/g)].flatMap(([, name = '']) =>
    scripts.includes(name) ? [] : [`package.json has no script ${name}`],
  )

/** Made by a command, so that a checkout may lack it. */
const made = ['docs/benchmarks.md', 'docs/conformance.md', 'packages/slipway/dist']

const pathFaults = (root: string, code: string): readonly string[] => {
  if (!/^(packages|scripts|test|examples|docs|bench|\.ci)\/[\w./@-]*$/.test(code)) return []
  const path = code.replace(/\/$/, '')
  return made.includes(path) || existsSync(join(root, path)) ? [] : [`${code} is not there`]
}
