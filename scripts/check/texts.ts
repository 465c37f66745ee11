// What no file of the project may say: places of one machine, hosts of registries, and the environment outside of io.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownFiles } from '../lib/files.ts'

interface Rule {
  readonly pattern: RegExp
  readonly why: string
  readonly files?: (file: string) => boolean
}

// Put together here, so that this file does not say them itself.
const hosts = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['files', 'pythonhosted', 'org'],
  ['pypi', 'org'],
  ['proxy', 'golang', 'org'],
  ['sum', 'golang', 'org'],
  ['static', 'crates', 'io'],
  ['index', 'crates', 'io'],
].map(words => words.join('\\.'))

const outsideIo = (file: string): boolean =>
  /^packages\/[^/]+\/src\/.*\.ts$/.test(file) &&
  !/^packages\/slipway\/src\/(io\/|main\.ts$)|\.(test|fixture)\.ts$|\/conformance\.ts$|\/testing\//.test(file)

const rules: readonly Rule[] = [
  { pattern: new RegExp(`\\b(?:${hosts.join('|')})\\b`), why: 'names the host of a registry' },
  { pattern: /"resolved": "https?:/, why: 'pins a host in the lock file', files: file => file.endsWith('package-lock.json') },
  { pattern: /(?<![\w.})\]>*-])\/(?:work|root)\/[\w.-]/, why: 'names a folder of one machine' },
  { pattern: /\/tmp\/n24\b/, why: 'names a folder of one machine' },
  { pattern: /(?<![\w.'"`#])process\s*(?:\?\.|\.|\[)\s*['"`]?env\b/, why: 'reads the environment outside of src/io', files: outsideIo },
]

/** One line a breach in the files of the checkout. */
export const textProblems = (root: string): readonly string[] =>
  ownFiles(root)
    .filter(file => !/(^|\/)vectors\/|\.(png|gif|ico|bin|gz|zst|zip|deb|woff2?)$/.test(file))
    .flatMap(file => breachesIn(file, readFileSync(join(root, file), 'utf8')))

export const breachesIn = (file: string, text: string): readonly string[] =>
  rules
    .filter(rule => (rule.files ?? (() => true))(file))
    .flatMap(rule => {
      const index = text.search(rule.pattern)
      return index < 0 ? [] : [`${file}:${text.slice(0, index).split('\n').length}: ${rule.why}`]
    })
