// npm run example NAME: the main job for examples/NAME, into .slipway/examples/NAME, and ends. `-- --fresh` makes new keys.
import { join } from 'node:path'
import { exampleNames } from './demo/about.ts'
import { runDemo } from './demo/demo.ts'

const args = process.argv.slice(2)
const [name = '', ...more] = args.filter(arg => arg !== '--fresh')
if (!exampleNames().includes(name) || more.length > 0) {
  console.error(`Which example? npm run example with one of: ${exampleNames().join(' ')}`)
  process.exit(2)
}
const place = join(import.meta.dirname, '../.slipway/examples', name)
const server = await runDemo({ example: name, place, port: 0, fresh: args.includes('--fresh') })
server.close()
