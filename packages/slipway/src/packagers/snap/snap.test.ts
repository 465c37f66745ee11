// Snaps hold what snapd reads: snap.yaml that YAML readers understand, desktop entry and icon; and are refused when snapd would.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { App } from '@slipway/core'
import { collect, fromBytes } from '@slipway/formats/bytes'
import { writePng } from '@slipway/formats/png'
import { readSquashfs, type SquashfsFoundFile } from '@slipway/formats/squashfs/read'
import { parse } from 'yaml'
import * as z from 'zod'
import type { PackSubject } from '../packager.ts'
import { snap } from '../snap.ts'
import { app, date, treeOf } from '../testing/trees.ts'

const icon = writePng({ width: 64, height: 64, pixels: new Uint8Array(64 * 64 * 4).fill(200) })
const graphical: App = { ...app, category: 'Development', icon: 'icon.png', summary: 'quotes " and: # {lines}\nbroken' }

interface Making {
  readonly options?: object
  readonly subject?: Partial<PackSubject>
}
const make = async ({ options = {}, subject = {} }: Making = {}) => {
  const chosen = z.strictObject(snap.options).parse(options)
  const assets = new Map([['icon.png', { bytes: icon, sha256: createHash('sha256').update(icon).digest('hex') }]])
  const tree = treeOf({ tool: '#!/bin/sh\n', 'data/x': 'x' })
  const bytes = await collect(snap.pack({ app, target: 'linux-x64', tree, date, assets, ...subject }, chosen), 1 << 24)
  const found = await readSquashfs(fromBytes(bytes))
  const text = async (path: string): Promise<string> => {
    const entry = found.entries.find(one => one.path === path) as SquashfsFoundFile
    return new TextDecoder().decode(await collect(found.open(entry, { limitBytes: 1 << 20 }), 1 << 20))
  }
  return { found, text }
}

describe('packagers/snap', () => {
  it('says name, version, architecture and app in snap.yaml, whatever the texts hold', async () => {
    const { text, found } = await make({ options: { plugs: ['home'] }, subject: { app: graphical, target: 'linux-armv7' } })
    expect(parse(await text('meta/snap.yaml'))).toMatchObject({
      name: 'tool',
      version: '1.2.3',
      summary: 'quotes " and: # {lines} broken',
      license: 'MIT',
      base: 'core24',
      confinement: 'strict',
      grade: 'stable',
      architectures: ['armhf'],
      apps: { tool: { command: 'usr/bin/tool', plugs: ['home'] } },
    })
    expect(found.superblock.method).toBe('xz')
    expect(found.superblock.countFragments).toBe(0)
  })
  it('has desktop entry and icon where snapd looks, starting the snap by its name', async () => {
    const { text, found } = await make({ options: { name: 'the-tool' }, subject: { app: graphical } })
    const desktop = await text('meta/gui/the-tool.desktop')
    expect(desktop).toContain('\nExec=the-tool')
    expect(desktop).toContain('\nIcon=${SNAP}/meta/gui/the-tool.png\n')
    expect(found.entries.find(one => one.path === 'meta/gui/the-tool.png')).toMatchObject({ sizeBytes: icon.length })
    expect(snap.fileName({ app, target: 'linux-arm64' }, z.strictObject(snap.options).parse({}))).toBe('tool_1.2.3_arm64.snap')
  })
  for (const [code, making] of [
    ['snap/bad-name', { options: { name: 'Tool_X' } }],
    ['snap/bad-name', { options: { name: '1-2' } }],
    ['snap/bad-version', { subject: { app: { ...app, version: `1.2.3-${'a'.repeat(30)}` } } }],
    ['snap/bad-text', { subject: { app: { ...app, summary: 's'.repeat(129) } } }],
    ['snap/hidden-need', { subject: { app: { ...app, needs: [{ program: 'git', version: '' }] } } }],
    ['snap/no-target', { subject: { target: 'linux-x86' } }],
  ] as const)
    it(`refuses ${JSON.stringify(making).slice(0, 40)}: ${code}`, async () => {
      await expect(make(making)).rejects.toThrow(code)
    })
})
