// Kandil Code's plan as a story: a command-line program for six targets, one version, checksums that a stranger can check (rows B…).
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { specs } from '../../packages/slipway/src/commands/specs.ts'
import { describeWithJudge } from '../kit/judges.ts'
import { done, fetched, openStage, says } from './stage.ts'
import type { Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  const targets = ['macos-x64', 'macos-arm64', 'windows-x64', 'windows-arm64', 'linux-x64', 'linux-arm64']
  stage = await openStage({ name: 'Kandil Code', bin: 'kandil', targets, config: { packages: ['tar.gz', 'zip', 'deb'], feeds: {} } })
  await done(stage.at('1.0.0'), 'release')
})
afterAll(() => stage.close())

describe('B25: one version', () => {
  it('is SemVer, or it is refused', async () => {
    for (const version of ['1.0', 'v1.0.0', '01.0.0', '1.0.0-']) {
      const ran = await stage.at('1.0.0').json(['plan', '--set', `app.version=${version}`])
      expect(ran.exitCode, version).toBe(2)
      expect(ran.errors[0]?.code, version).toMatch(/^version\/|^config\//)
    }
  })
  it('is the same in every place that states one: another one in Cargo.toml or package.json fails plan', async () => {
    const project = stage.at('1.0.0')
    for (const [file, text] of [
      ['Cargo.toml', '[package]\nname = "kandil"\nversion = "1.0.1"\n'],
      ['package.json', '{"name": "kandil", "version": "0.9.0"}'],
    ] as const) {
      writeFileSync(join(project.root, file), text)
      const ran = await project.json(['plan'])
      expect({ exitCode: ran.exitCode, codes: ran.errors.map(one => one.code) }).toEqual({ exitCode: 2, codes: ['version/disagree'] })
      expect(ran.errors[0]?.message).toContain(file)
      rmSync(join(project.root, file))
    }
  })
  it('disagreeing stops a release as well, before any work', async () => {
    const project = stage.at('1.1.0')
    writeFileSync(join(project.root, 'package.json'), '{"name": "kandil", "version": "1.0.0"}')
    expect((await project.json(['release'])).exitCode).toBe(2)
    rmSync(join(project.root, 'package.json'))
    expect(readdirSync(join(project.bucket, 'releases'))).toEqual(['1.0.0'])
  })
})

describeWithJudge(['minisign'], 'B27: checksums and signatures', ({ minisign }) => {
  it('are published beside the files; a stranger with the public key and usual tools checks both', async () => {
    const place = join(stage.base, 'download')
    const { mkdirSync } = await import('node:fs')
    mkdirSync(place)
    const names = ['SHA256SUMS', 'SHA256SUMS.minisig', 'kandil-1.0.0-linux-x64.tar.gz', 'release.json']
    for (const name of names) writeFileSync(join(place, name), await fetched(`${stage.url}/releases/1.0.0/${name}`))
    expect(says(minisign, ['-V', '-p', join(stage.project.keys, 'minisign.pub'), '-m', 'SHA256SUMS'], place)).toContain(
      'Signature and comment signature verified',
    )
    expect(says('sha256sum', ['-c', '--ignore-missing', 'SHA256SUMS'], place).trim().split('\n').sort()).toEqual([
      'kandil-1.0.0-linux-x64.tar.gz: OK',
      'release.json: OK',
    ])
    writeFileSync(join(place, 'kandil-1.0.0-linux-x64.tar.gz'), 'other')
    expect(() => says('sha256sum', ['-c', '--ignore-missing', 'SHA256SUMS'], place)).toThrow(/did NOT match/)
  })
  it('are what `slipway verify URL` holds the bucket to, with the public keys alone', async () => {
    const ran = await stage.project.json(['verify', stage.url, '--keys', stage.project.keys, '--deep'])
    expect({ exitCode: ran.exitCode, errors: ran.errors }).toEqual({ exitCode: 0, errors: [] })
  })
})

describe('B28: one naming scheme', () => {
  it('gives each file one name, with program, version, system and architecture', () => {
    const files = readdirSync(join(stage.project.bucket, 'releases/1.0.0')).filter(name => name.startsWith('kandil'))
    expect(files).toHaveLength(14)
    for (const name of files)
      expect(name).toMatch(/^kandil-1\.0\.0-(macos|windows|linux)-(x64|arm64)\.(tar\.gz|zip)$|^kandil_1\.0\.0-1_(amd64|arm64)\.deb$/)
  })
  it('is the planned one: what a document or an installer names resolves, and nothing dangles', async () => {
    const { data } = await done(stage.at('1.0.0'), 'plan')
    const planned = (data['apps'] as readonly { files: readonly { url: string }[] }[])[0]?.files ?? []
    expect(planned).toHaveLength(14)
    for (const { url } of planned) await fetched(url)
  })
})

describe('B46: help and man pages', () => {
  it('come from the definition of each command, and name each flag', async () => {
    for (const spec of specs) {
      const [man, help] = [await stage.project.run(['man', spec.name]), await stage.project.run([spec.name, '--help'])]
      expect([man.exitCode, help.exitCode], spec.name).toEqual([0, 0])
      for (const flag of spec.flags) {
        expect(help.stdout, `${spec.name} --${flag.name}`).toContain(`--${flag.name}`)
        expect(man.stdout.replaceAll('\\-', '-'), `${spec.name} --${flag.name}`).toContain(`--${flag.name}`)
      }
    }
  })
})
