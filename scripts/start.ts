// npm start: the main job on real input, into .slipway/demo; keeps serving until interrupted, with `-- --once` it ends by itself.
import { join } from 'node:path'
import { runDemo } from './demo/demo.ts'

const port = 8737
const args = process.argv.slice(2)
const unknown = args.find(arg => !['--once', '--fresh'].includes(arg))
if (unknown !== undefined) {
  console.error(`npm start knows no ${JSON.stringify(unknown)}; say -- --once or -- --fresh`)
  process.exit(2)
}
try {
  const server = await runDemo({
    example: 'esbuild',
    place: join(import.meta.dirname, '../.slipway/demo'),
    port,
    fresh: args.includes('--fresh'),
  })
  if (args.includes('--once')) server.close()
  else console.log(`Serving at http://127.0.0.1:${port} until Ctrl-C.`)
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
  console.error(`Port ${port} is taken. End what listens there (another npm start?), then try again.`)
  process.exit(4)
}
