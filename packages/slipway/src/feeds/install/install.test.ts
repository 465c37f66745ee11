// What both install scripts are made of: places, names that are refused, words that stay words.
import { execFileSync } from 'node:child_process'
import type { ChannelState, Release } from '@slipway/core'
import { expect, it } from 'vitest'
import { renderChannel } from '../render.ts'
import { artifact, release, state } from '../testing/releases.ts'
import { readScript } from '../testing/scripts.ts'
import { powerWord, shellWord } from './text.ts'

const targets = ['linux-x64', 'windows-x64']
const made = (version: string, changes: Partial<Release> = {}): Release => ({
  ...release(version, { feed: 'install', targets, artifacts: targets.map(target => artifact('zip', target)) }),
  ...changes,
})
const render = (
  view: { channel?: string; app?: string; state?: Partial<ChannelState>; existing?: readonly string[] },
  ...releases: Release[]
) =>
  renderChannel({
    app: view.app ?? 'tool',
    channel: view.channel ?? 'stable',
    state: state(view.state ?? { current: '1.0.0' }),
    releases: Object.fromEntries(releases.map(one => [one.version, one])),
    base: 'https://dl.example.org/',
    ...(view.existing === undefined ? {} : { existing: view.existing }),
  }).map(file => ({ path: file.path, text: new TextDecoder().decode(file.bytes) }))

it('lies at the base for stable, beside the other feeds for every other channel', () => {
  expect(render({}, made('1.0.0')).map(file => file.path)).toEqual(['install.ps1', 'install.sh'])
  expect(render({ channel: 'beta' }, made('1.0.0')).map(file => file.path)).toEqual([
    'feeds/beta/install/install.ps1',
    'feeds/beta/install/install.sh',
  ])
})
it('offers nothing any more at the base when it was dropped, and goes back on a rollback', () => {
  const [dropped] = render({ existing: ['install.sh'] }, { ...made('1.0.0'), feeds: [] })
  expect(dropped?.path).toBe('install.sh')
  expect(readScript(dropped?.text ?? '')).toMatchObject({ version: '0.0.0', urls: [] })
  const back = render({ state: { current: '1.0.0', halted: { version: '2.0.0', reason: 'bad' } } }, made('1.0.0'), made('2.0.0'))
  for (const { text } of back) expect(readScript(text).version).toBe('1.0.0')
})
it('carries the public key of the release', () => {
  const key = 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3'
  const accepts = { minisign: { type: 'ed25519', keyId: '', public: `untrusted comment: x\n${key}` } }
  for (const { text } of render({}, made('1.0.0', { accepts }))) expect(text).toMatch(new RegExp(`(public_key=|\\$publicKey = )'${key}'`))
})
it('refuses what cannot be the name of a command or of a variable', () => {
  for (const app of ['a b', 'x;y', '$(x)', '-rf', '', 'ü', "it's", 'a\nb'])
    expect(() => render({ app }, made('1.0.0')), app).toThrow('install/illegal-name')
})
it('calls a program of an odd name by the name of the app', () => {
  const called = (executable: string) => {
    const one = artifact('zip', 'linux-x64', { facts: { folder: 'f', executable } })
    const [script] = render({}, release('1.0.0', { feed: 'install', targets: ['linux-x64'], artifacts: [one] }))
    return /command_name=(\S+)/.exec(script?.text ?? '')?.[1]
  }
  expect(called('bin/other')).toBe("'other'")
  for (const name of ['bin/-x', 'My Tool', '$(x)']) expect(called(name), name).toBe("'tool'")
})
it('refuses a package whose record does not say where its program is, or leads out of it', () => {
  for (const facts of [
    {},
    { folder: 'x' },
    { folder: '../x', executable: 'tool' },
    { folder: 'x', executable: '/bin/sh' },
    { folder: 7, executable: 'x' },
  ]) {
    const one = artifact('tar.gz', 'linux-x64', { facts })
    expect(() => render({}, release('1.0.0', { feed: 'install', targets: ['linux-x64'], artifacts: [one] }))).toThrow('install/no-program')
  }
})
it('holds hostile file names and addresses as words', () => {
  const file = `tool-1.0.0 '$(touch x)' "\`id\`.zip`
  const one = artifact('zip', 'linux-x64', { file, facts: { folder: `it's $HOME`, executable: 'tool' } })
  const base = release('1.0.0', { feed: 'install', targets: ['linux-x64'], artifacts: [one] })
  const [script] = render({}, { ...base, at: `https://dl.example.org/a'$(id)/releases/1.0.0/` })
  const asked = `\nsettings\nversion=2.0.0\npackage 'linux-x64 zip'\nprintf '%s\\n' "$file" "$url" "$folder"\n`
  const text = script?.text ?? ''
  expect(execFileSync('/bin/sh', { input: text.slice(0, text.lastIndexOf('{ main')) + asked, encoding: 'utf8' }).split('\n')).toEqual([
    file.replace('1.0.0', '2.0.0'),
    `https://dl.example.org/a'$(id)/releases/2.0.0/${encodeURIComponent(file.replace('1.0.0', '2.0.0'))}`,
    `it's $HOME`,
    '',
  ])
})
it('quotes for both', () => {
  expect(shellWord(`it's`)).toBe(`'it'\\''s'`)
  expect(powerWord(`it's \u2018so\u2019`)).toBe(`'it''s \u2018\u2018so\u2019\u2019'`)
})
