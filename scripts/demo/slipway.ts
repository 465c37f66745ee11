// The public command line as a child process: what scripts know of Slipway, and no more.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export interface Called {
  readonly exitCode: number
  readonly stdout: string
  readonly ms: number
}

/** Runs one command; its progress goes to this terminal, its result is returned. */
export const slipway = (args: readonly string[], options: { readonly quiet?: boolean } = {}): Promise<Called> => {
  const from = performance.now()
  const child = spawn(process.execPath, [join(root, 'packages/slipway/bin/slipway.js'), ...args], {
    stdio: ['ignore', 'pipe', options.quiet === true ? 'ignore' : 'inherit'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code =>
      resolve({ exitCode: code ?? 70, stdout: Buffer.concat(chunks).toString('utf8'), ms: performance.now() - from }),
    )
  })
}

/** The same, and its document: any exit code but 0 ends the demo with what the command said. */
export const slipwayJson = async <T>(args: readonly string[]): Promise<T & { readonly ms: number }> => {
  const { exitCode, stdout, ms } = await slipway([...args, '--json'])
  const document = JSON.parse(stdout) as T & {
    readonly errors: readonly { readonly code: string; readonly message: string; readonly hint: string }[]
  }
  if (exitCode === 0) return { ...document, ms }
  for (const one of document.errors) console.error(`${one.code}: ${one.message}\n  ${one.hint}`)
  process.exit(exitCode)
}
