// npm run example NAME: the main job for examples/NAME, into .slipway/examples/NAME, and ends.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runDemo } from './demo/demo.ts'

const examples = join(import.meta.dirname, '../examples')
const [name = ''] = process.argv.slice(2)
const known = readdirSync(examples).filter(entry => existsSync(join(examples, entry, 'demo.json')))
if (!known.includes(name)) {
  console.error(`Which example? npm run example with one of: ${known.join(' ')}`)
  process.exit(2)
}
const server = await runDemo({ example: name, place: join(import.meta.dirname, '../.slipway/examples', name), port: 0, fresh: false })
server.close()
