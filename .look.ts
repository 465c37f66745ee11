import { withCommand } from './packages/slipway/src/commands/testing/streams.ts'
withCommand('fake', async ({ emit, signal, args }) => {
  const sleep = (ms: number) => new Promise(r => setTimeout(r, ms))
  const at = () => ({ t: new Date().toISOString(), run: 'r' })
  const targets = ['linux-x64', 'linux-arm64', 'macos-arm64']
  emit({ ...at(), type: 'run.start', command: 'release', plan: '9d41e0c7aa', title: 'Flet 0.28.3 to canary', steps: [...targets.map(t => `build:${t}`), ...targets.map(t => `package:${t}:deb`), 'sign:minisign:SHA256SUMS', 'gate:completeness', 'publish:turn'] })
  for (const t of targets) { emit({ ...at(), type: 'step.start', step: `build:${t}` }); await sleep(200); emit({ ...at(), type: 'step.end', step: `build:${t}`, outcome: t === 'linux-x64' ? 'cached' : 'done', ms: 200, bytes: 0 }) }
  for (const t of targets) { emit({ ...at(), type: 'step.start', step: `package:${t}:deb` }); for (let i = 1; i <= 20 && !signal.aborted; i++) { await sleep(80); emit({ ...at(), type: 'step.progress', step: `package:${t}:deb`, done: i * 6_200_000, total: 124_000_000, unit: 'bytes' }) } ; emit({ ...at(), type: 'step.note', step: `package:${t}:deb`, text: 'made', facts: { file: `flet_${t}.deb`, sizeBytes: 52_400_000, sha256: '8c1f6e00' } }); emit({ ...at(), type: 'step.end', step: `package:${t}:deb`, outcome: 'done', ms: 1600, bytes: 52_400_000 }) }
  emit({ ...at(), type: 'step.start', step: 'sign:minisign:SHA256SUMS' }); emit({ ...at(), type: 'step.note', step: 'sign:minisign:SHA256SUMS', text: 'waiting for 应用 the key' }); await sleep(1000)
  emit({ ...at(), type: 'step.end', step: 'sign:minisign:SHA256SUMS', outcome: args[0] === 'fail' ? 'failed' : 'done', reason: 'wrong password', ms: 1000, bytes: 0 })
  emit({ ...at(), type: 'run.end', outcome: 'done', ms: 1 })
  return { name: 'fake', data: {}, problems: [], text: s => s.green('done') + ' Flet 0.28.3' }
}, { args: [{ name: 'X', optional: true, summary: 'x' }] })
await import('./packages/slipway/src/main.ts')
