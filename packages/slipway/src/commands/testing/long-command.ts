// For tests, imported before the real main in a child process: commands that work until they are stopped, crash, or say a lot.
import { withCommand } from './streams.ts'

withCommand(
  'long',
  async ({ signal, args, emit, io }) => {
    const [manner] = args
    const event = { t: new Date(io.clock.now()).toISOString(), run: 'r' }
    emit({ ...event, type: 'run.start', command: 'long', steps: ['build:x'] })
    emit({ ...event, type: 'step.start', step: 'build:x' })
    await new Promise<void>(resolve => {
      const timer = setInterval(() => undefined, 1000)
      signal.addEventListener('abort', () => {
        if (manner === 'deaf') return
        clearInterval(timer)
        // Tidying takes a moment; the frame must wait for it.
        setTimeout(resolve, 300)
      })
    })
    return { name: 'long', data: { tidied: true }, problems: [], text: () => 'tidied' }
  },
  { args: [{ name: 'HOW', optional: true, summary: 'How it ends' }] },
)
withCommand('large', () => Promise.resolve({ name: 'large', data: {}, problems: [], text: () => 'x\n'.repeat(1_000_000) }))

withCommand('crash', () => {
  setTimeout(() => void Promise.reject(new Error('nobody waits for this')), 10)
  return new Promise(() => undefined)
})
