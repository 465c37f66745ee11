// What commands of a project share: which app is meant, and flags that are lists.
import { SlipwayError } from '@slipway/core'
import { describe, expect, it } from 'vitest'
import { project } from '../config/testing/project.ts'
import type { Invocation } from './command.ts'
import { listOf, oneApp, textOf } from './project.ts'

const several = {
  app: { license: 'MIT', version: '1.0.0' },
  targets: ['linux-x64'],
  packages: ['tar.gz'],
  apps: { one: { build: { prebuilt: 'a' } }, two: { build: { prebuilt: 'b' } } },
}

describe('oneApp', () => {
  it('takes the only app, or the one that --app chose', async () => {
    expect(oneApp(await project(several, { app: 'two' })).app.key).toBe('two')
  })
  it('refuses to choose among several, and names them', async () => {
    const made = await project(several)
    const refused = (): unknown => oneApp(made)
    expect(refused).toThrow(SlipwayError)
    expect(refused).toThrow('command/which-app: This project has 2 apps')
    try {
      refused()
    } catch (error) {
      expect((error as SlipwayError).problems).toMatchObject([{ exit: 'input', hint: 'Say --app with one of: one two' }])
    }
  })
})

it('a list is commas, repeated flags or both; a text is the one that was given', () => {
  const invocation = { flags: { only: ['deb,zip', 'tar.gz'], target: 'linux-x64', alone: true } } as unknown as Invocation
  expect(['only', 'target', 'alone', 'none'].map(flag => listOf(invocation, flag))).toEqual([
    ['deb', 'zip', 'tar.gz'],
    ['linux-x64'],
    [],
    [],
  ])
  expect(['only', 'target', 'alone', 'none'].map(flag => textOf(invocation, flag))).toEqual([undefined, 'linux-x64', undefined, undefined])
})
