// The layout of Linux packages: what lies where, refused inputs with their config path, and what foreign validators say of the texts.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { SlipwayError, sha256, type App } from '@slipway/core'
import { collect } from '@slipway/formats/bytes'
import { readPng, writePng } from '@slipway/formats/png'
import { describeWithJudge } from '../../../../../test/kit/judges.ts'
import { app as plainApp, date, treeOf, type Content } from '../testing/trees.ts'
import { imageKind } from './icons.ts'
import { layoutOf, linuxAssets, type LayoutOptions } from './layout.ts'

const folder = mkdtempSync(join(tmpdir(), 'layout-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const square = (side: number): Uint8Array =>
  writePng({ width: side, height: side, pixels: new Uint8Array(side * side * 4).map((_, at) => (at * 7) & 0xff) })
const manPage = '.TH TOOL 1 2026-01-01 "Tool 1.2.3" "User Commands"\n.SH NAME\ntool \\- does one thing well\n.SH SYNOPSIS\n.B tool\n'
const project: Readonly<Record<string, Uint8Array>> = {
  'man/tool.1': encode(manPage),
  'man/de/tool.1': encode(manPage),
  'man/bad.1': encode('no page'),
  'man/readme': encode(manPage),
  'completions/tool.bash': encode('complete -W "serve stop" tool\n'),
  'completions/_tool': encode('#compdef tool\n'),
  'completions/tool.fish': encode('complete -c tool -a serve\n'),
  'systemd/user/tool-agent.service': encode('[Unit]\nDescription=Agent\n[Service]\nExecStart=/usr/bin/tool agent\n'),
  'systemd/bad.service': encode('hello'),
  'icon.png': square(256),
  'tiny.png': square(16),
  'wide.png': writePng({ width: 64, height: 65, pixels: new Uint8Array(64 * 65 * 4) }),
  'renamed.icns': square(64),
  'renamed.svg': square(64),
  'text.png': encode('hello'),
  'damaged.png': square(64).subarray(0, 60),
  'apple.icns': encode('icns0000'),
}
const whole: Partial<App> = {
  category: 'Development',
  icon: 'icon.png',
  protocols: ['tool'],
  opens: [
    { type: 'application/x-tool', extensions: ['tool', 'tl'], name: 'Tool <project>' },
    { type: 'text/markdown', extensions: [], name: '' },
  ],
  man: ['man/tool.1', 'man/de/tool.1'].map((path, index) => ({ path, from: `app.man.${index}` })),
  completions: [
    { path: 'completions/tool.bash', from: 'app.completions.0', shell: 'bash' },
    { path: 'completions/_tool', from: 'app.completions.1', shell: 'zsh' },
    { path: 'completions/tool.fish', from: 'app.completions.2', shell: 'fish' },
  ],
  services: [
    { name: 'tool.service', file: null, run: '--serve 100% $HOME', summary: 'Serves', user: false, enable: true },
    {
      name: 'tool-agent.service',
      file: { path: 'systemd/user/tool-agent.service', from: 'app.services.0' },
      run: '',
      summary: '',
      user: true,
      enable: false,
    },
  ],
  conffiles: ['etc/tool.conf'],
  needs: [{ program: 'git', version: ">=2.40'; rm -rf /" }],
}
const contents: Readonly<Record<string, Content>> = {
  tool: '#!/bin/sh\n',
  'lib/data': 'x',
  LICENSE: 'MIT',
  'README.md': 'read',
  'etc/tool.conf': 'a=1\n',
}

const laid = (changes: Partial<App>, more: Partial<LayoutOptions> = {}, tree = contents) => {
  const app = { ...plainApp, ...changes }
  const options = { format: 'deb', package: 'tool', ...more } as const
  const assets = new Map(
    linuxAssets({ app, target: 'linux-x64' }, options, options.format).flatMap(({ path }) => {
      const bytes = project[path]
      return bytes === undefined ? [] : [[path, { bytes, sha256: sha256(bytes) }] as const]
    }),
  )
  return layoutOf({ app, target: 'linux-x64', tree: treeOf(tree), date, assets }, options)
}
const pathsOf = async (...given: Parameters<typeof laid>): Promise<readonly string[]> =>
  (await laid(...given)).entries.filter(one => one.type !== 'folder').map(one => one.path)
const bytesOf = async (path: string, ...given: Parameters<typeof laid>): Promise<Uint8Array> => {
  const file = (await laid(...given)).entries.find(one => one.path === path)
  return file?.type === 'file' ? collect(file.bytes(), 1 << 24) : new Uint8Array(0)
}
const problemOf = async (...given: Parameters<typeof laid>) => {
  const error = await laid(...given).catch((caught: unknown) => caught)
  const found = error instanceof SlipwayError ? error.problems[0] : undefined
  return [found?.code, found?.where.path, found?.message]
}
const write = (name: string, bytes: Uint8Array): string => {
  const file = join(folder, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes)
  return file
}

describe('the layout of a Linux package', () => {
  it('puts everything at its place, sorted, with all folders, the same each time', async () => {
    const { entries } = await laid(whole)
    expect(await pathsOf(whole)).toMatchInlineSnapshot(`
      [
        "etc/tool.conf",
        "usr/bin/tool",
        "usr/lib/systemd/system/tool.service",
        "usr/lib/systemd/user/tool-agent.service",
        "usr/lib/tool/lib/data",
        "usr/lib/tool/tool",
        "usr/share/applications/dev.example.tool.desktop",
        "usr/share/bash-completion/completions/tool",
        "usr/share/doc/tool/LICENSE",
        "usr/share/doc/tool/README.md",
        "usr/share/fish/vendor_completions.d/tool.fish",
        "usr/share/icons/hicolor/128x128/apps/tool.png",
        "usr/share/icons/hicolor/16x16/apps/tool.png",
        "usr/share/icons/hicolor/192x192/apps/tool.png",
        "usr/share/icons/hicolor/22x22/apps/tool.png",
        "usr/share/icons/hicolor/24x24/apps/tool.png",
        "usr/share/icons/hicolor/256x256/apps/tool.png",
        "usr/share/icons/hicolor/32x32/apps/tool.png",
        "usr/share/icons/hicolor/48x48/apps/tool.png",
        "usr/share/icons/hicolor/64x64/apps/tool.png",
        "usr/share/icons/hicolor/96x96/apps/tool.png",
        "usr/share/man/de/man1/tool.1.gz",
        "usr/share/man/man1/tool.1.gz",
        "usr/share/metainfo/dev.example.tool.metainfo.xml",
        "usr/share/mime/packages/tool.xml",
        "usr/share/zsh/vendor-completions/_tool",
      ]
    `)
    const paths = entries.map(one => one.path)
    expect(paths).toEqual([...paths].sort())
    for (const path of paths) if (path.includes('/')) expect(paths).toContain(dirname(path))
    const flags = Object.fromEntries(entries.flatMap(one => (one.type === 'file' && one.flag !== 'none' ? [[one.path, one.flag]] : [])))
    expect(flags).toMatchObject({
      'etc/tool.conf': 'config',
      'usr/share/doc/tool/LICENSE': 'license',
      'usr/share/doc/tool/README.md': 'doc',
    })
    const sums = async () =>
      Promise.all(
        (await laid(whole)).entries.map(async one =>
          one.type === 'file' ? [one.sha256, sha256(await collect(one.bytes(), 1 << 24))] : [],
        ),
      )
    for (const [said, is] of await sums()) expect(said).toBe(is)
    expect(await sums()).toEqual(await sums())
  })
  it('follows the customs of each family', async () => {
    const [rpm, apk, appimage] = await Promise.all((['rpm', 'apk', 'appimage'] as const).map(format => pathsOf(whole, { format })))
    expect(rpm).toEqual(expect.arrayContaining(['usr/share/licenses/tool/LICENSE', 'usr/share/zsh/site-functions/_tool']))
    expect(rpm?.some(path => path.includes('systemd'))).toBe(true)
    for (const paths of [apk, appimage]) expect(paths?.some(path => path.includes('systemd'))).toBe(false)
    const { hooks } = await laid(whole, { format: 'apk' })
    expect(hooks.afterInstall.join('\n')).not.toContain('systemctl')
  })
  it('makes no desktop entry for a plain tool, and none that is not wanted', async () => {
    expect((await pathsOf({})).filter(path => /applications|metainfo|icons/.test(path))).toEqual([])
    expect((await pathsOf(whole, { desktop: false })).filter(path => /applications|metainfo|icons/.test(path))).toEqual([])
    expect((await pathsOf({ id: '' }, { desktop: true })).filter(path => /applications|metainfo/.test(path))).toEqual([
      'usr/share/applications/tool.desktop',
    ])
  })
  it('makes icons smaller, never larger, and keeps the original', async () => {
    const side = async (size: number) => readPng(await bytesOf(`usr/share/icons/hicolor/${size}x${size}/apps/tool.png`, whole)).width
    expect(await Promise.all([16, 48, 192].map(side))).toEqual([16, 48, 192])
    expect(await bytesOf('usr/share/icons/hicolor/256x256/apps/tool.png', whole)).toEqual(project['icon.png'])
    expect(imageKind(encode('<?xml version="1.0"?>\n<!-- made by -->\n<svg xmlns="x">'))).toBe('svg')
    expect(imageKind(encode('<html><svg/></html>'))).toBeNull()
  })
  it('refuses what is no icon, and says what it is', async () => {
    const refusal = (icon: string) => problemOf({ ...whole, icon })
    expect(await refusal('renamed.icns')).toEqual(['linux/bad-icon', 'app.icon', 'the icon "renamed.icns" is a PNG under another name'])
    expect(await refusal('renamed.svg')).toEqual(['linux/bad-icon', 'app.icon', 'the icon "renamed.svg" is a PNG under another name'])
    expect(await refusal('apple.icns')).toEqual(['linux/bad-icon', 'app.icon', 'the icon "apple.icns" is an Apple icon (.icns)'])
    for (const icon of ['text.png', 'tiny.png', 'wide.png', 'damaged.png']) expect((await refusal(icon))[0], icon).toBe('linux/bad-icon')
    expect((await refusal('none.png')).slice(0, 2)).toEqual(['linux/no-icon', 'app.icon'])
    expect((await problemOf(whole, { desktop: { icon: 'text.png' } })).slice(0, 2)).toEqual(['linux/bad-icon', 'packages.deb.desktop.icon'])
  })
  it('refuses two files at one place', async () => {
    const twice = ['man/tool.1', 'man/tool.1'].map(path => ({ path, from: 'app.man' }))
    expect((await problemOf({ man: twice }))[0]).toBe('linux/same-path')
  })
  it('refuses what is no man page, no unit, no program', async () => {
    const page = (path: string) => problemOf({ man: [{ path, from: 'app.man' }] })
    expect((await page('man/bad.1')).slice(0, 2)).toEqual(['linux/bad-man', 'app.man'])
    expect((await page('man/readme'))[0]).toBe('linux/bad-man')
    const service = {
      name: 'x.service',
      file: { path: 'systemd/bad.service', from: 'app.services' },
      run: '',
      summary: '',
      user: false,
      enable: false,
    }
    expect((await problemOf({ services: [service] })).slice(0, 2)).toEqual(['linux/bad-service', 'app.services'])
    await expect(laid({ man: [{ path: 'man/unread.1', from: 'app.man' }] })).rejects.toThrow('linux/no-asset')
  })
  it('keeps words of the config apart from the shell', async () => {
    const { hooks } = await laid(whole)
    const script = hooks.afterInstall
      .filter(line => line.startsWith('command -v'))
      .join('\n')
      .replace("command -v 'git'", 'false')
    const ran = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
    expect([ran.status, ran.stderr]).toEqual([0, "tool needs git >=2.40'; rm -rf /, which was not found\n"])
    const unit = new TextDecoder().decode(await bytesOf('usr/lib/systemd/system/tool.service', whole))
    expect(unit).toContain('ExecStart=/usr/bin/tool --serve 100%% $$HOME\n')
  })
  it('writes completions that bash takes', async () => {
    const file = write('completion', await bytesOf('usr/share/bash-completion/completions/tool', whole))
    expect(execFileSync('bash', ['-c', 'source "$0"; complete -p tool', file], { encoding: 'utf8' })).toContain('serve stop')
  })
})

const hostile = { ...whole, name: 'A & <b>Tool</b>', summary: 'One\nExec=evil; & <x>', notes: '- <script>\n- a & b\u0001' }

describeWithJudge(['desktop-file-validate'], 'desktop entries, as freedesktop.org sees them', () => {
  it.each([whole, hostile])('are valid', async changes => {
    const file = write('x.desktop', await bytesOf('usr/share/applications/dev.example.tool.desktop', changes))
    expect(execFileSync('desktop-file-validate', [file], { encoding: 'utf8' })).toBe('')
    writeFileSync(file, 'Name=lost\n', { flag: 'a' })
    expect(spawnSync('desktop-file-validate', [file]).status).not.toBe(0)
  })
})
describeWithJudge(['appstreamcli'], 'metadata, as AppStream sees it', () => {
  it.each([whole, hostile])('is valid', async changes => {
    const file = write('dev.example.tool.metainfo.xml', await bytesOf('usr/share/metainfo/dev.example.tool.metainfo.xml', changes))
    const run = spawnSync('appstreamcli', ['validate', '--no-net', file], { encoding: 'utf8' })
    expect([run.status, run.stdout]).toEqual([0, expect.stringContaining('successful')])
    writeFileSync(file, execFileSync('sed', ['s/<id>.*<.id>//', file]))
    expect(spawnSync('appstreamcli', ['validate', '--no-net', file]).status).not.toBe(0)
  })
})
describeWithJudge(['update-mime-database'], 'MIME types, as the desktop learns them', () => {
  it('are found by ending', async () => {
    write('mime/packages/tool.xml', await bytesOf('usr/share/mime/packages/tool.xml', whole))
    execFileSync('update-mime-database', [join(folder, 'mime')])
    expect(execFileSync('cat', [join(folder, 'mime/globs')], { encoding: 'utf8' })).toContain('application/x-tool:*.tl\n')
  })
})
describeWithJudge(['mandoc'], 'man pages, as mandoc sees them', () => {
  it('are unpacked whole', async () => {
    const packed = await bytesOf('usr/share/man/man1/tool.1.gz', whole)
    expect([...packed.subarray(4, 10)]).toEqual([0, 0, 0, 0, 2, 3])
    const file = write('tool.1', gunzipSync(packed))
    expect(spawnSync('mandoc', ['-T', 'lint', '-W', 'error', file]).status).toBe(0)
  })
})
