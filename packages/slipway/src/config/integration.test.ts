// The keys of `app` that tie it into a system: every short form means the same as its long one.
import { expect, it } from 'vitest'
import { integrationOf } from './integration.ts'

it('says nothing where nothing was said', () => {
  expect(integrationOf({}, 'app')).toEqual({ protocols: [], opens: [], man: [], completions: [], services: [], conffiles: [], needs: [] })
})
it('writes short forms out, each file with its config path', () => {
  const made = integrationOf(
    {
      man: 'man/tool.1',
      completions: ['c/tool.bash', 'c/_tool', 'c/tool.fish'],
      services: ['systemd/a.service', 'systemd/user/b.timer'],
      needs: { git: '>=2.40', jq: { version: '1' } },
    },
    'apps.one.app',
  )
  expect(made.man).toEqual([{ path: 'man/tool.1', from: 'apps.one.app.man' }])
  expect(made.completions.map(one => `${one.shell} ${one.from}`)).toEqual([
    'bash apps.one.app.completions.0',
    'zsh apps.one.app.completions.1',
    'fish apps.one.app.completions.2',
  ])
  expect(made.services.map(one => [one.name, one.user, one.file?.path])).toEqual([
    ['a.service', false, 'systemd/a.service'],
    ['b.timer', true, 'systemd/user/b.timer'],
  ])
  expect(made.needs).toEqual([
    { program: 'git', version: '>=2.40' },
    { program: 'jq', version: '1' },
  ])
})
it('reads what has names', () => {
  const made = integrationOf({ completions: { fish: 'x' }, services: { tool: { run: 'serve', enable: true }, agent: 'a.service' } }, 'app')
  expect(made.completions).toEqual([{ shell: 'fish', path: 'x', from: 'app.completions.fish' }])
  expect(made.services).toEqual([
    { name: 'tool.service', file: null, run: 'serve', summary: '', user: false, enable: true },
    { name: 'agent.service', file: { path: 'a.service', from: 'app.services.agent' }, run: '', summary: '', user: false, enable: false },
  ])
})
it('knows types and endings', () => {
  expect(integrationOf({ opens: ['text/markdown', '.Flet'] }, 'app').opens).toEqual([
    { type: 'text/markdown', extensions: [], name: '' },
    { type: 'application/x-flet', extensions: ['Flet'], name: '' },
  ])
  expect(
    integrationOf({ opens: { flet: 'Flet project', 'text/x-own': { extensions: ['.own'], name: 'Own' }, '.b': { type: 'text/b' } } }, 'app')
      .opens,
  ).toEqual([
    { type: 'application/x-flet', extensions: ['flet'], name: 'Flet project' },
    { type: 'text/x-own', extensions: ['own'], name: 'Own' },
    { type: 'text/b', extensions: ['b'], name: '' },
  ])
})
