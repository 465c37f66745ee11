// For the tests of rpm: a small package with one of everything, and its files from texts and bytes.
import { createHash } from 'node:crypto'
import { encodeText } from '../bytes.ts'
import { gzipPayload, parseRelation, type RpmContent, type RpmFile, type RpmJob, writeRpm } from '../rpm/index.ts'
import { all, inPieces } from './archives.ts'

export const mtime = 1_700_000_000

export const rpmFile = (path: string, content: Uint8Array | string, more: Partial<RpmContent> = {}): RpmContent => {
  const bytes = typeof content === 'string' ? encodeText(content) : content
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { type: 'file', path, mode: 0o644, mtime, sizeBytes: bytes.length, sha256, bytes: () => inPieces(bytes, 100_000), ...more }
}

export const toolFiles: readonly RpmFile[] = [
  rpmFile('/usr/bin/tool', '#!/bin/sh\necho hello\n', { mode: 0o755, color: 2 }),
  rpmFile('/etc/tool.conf', 'x=1\n', { flags: ['config', 'noreplace'] }),
  rpmFile('/usr/share/doc/tool/README Grüße.md', '# Tool\n', { flags: ['doc'] }),
  rpmFile('/usr/share/licenses/tool/LICENSE', 'MIT\n', { flags: ['license'] }),
  rpmFile('/usr/lib/tool/empty', ''),
  { type: 'folder', path: '/usr/share/tool', mode: 0o750, mtime },
  { type: 'symlink', path: '/usr/share/tool/link', mode: 0o777, mtime, linkTarget: '../../bin/tool' },
  rpmFile('/var/lib/tool/state', '', { flags: ['ghost'] }),
]

/** Lua, because a root of its own has no shell. */
const lua = (line: string) => ({ program: ['<lua>'], text: `${line}\n` })
const log = (what: string) => lua(`local f = io.open('/log', 'a'); f:write('${what} ', tostring(arg[2]), '\\n'); f:close()`)

export const toolJob = async (changes: Partial<RpmJob> = {}): Promise<RpmJob> => {
  const files = changes.files ?? toolFiles
  return {
    name: 'tool',
    version: '1.2.3',
    release: '1',
    summary: 'Does what it does',
    description: 'A longer text\nof two lines.',
    license: 'MIT',
    group: 'Applications/System',
    url: 'https://tool.example/',
    vendor: 'Example',
    packager: 'A <a@b.example>',
    arch: 'x86_64',
    buildTime: mtime,
    relations: {
      recommends: [parseRelation('(bar or baz >= 2)')],
      suggests: [parseRelation('sug')],
      conflicts: [parseRelation('old < 2:1.0~rc1')],
      obsoletes: [parseRelation('older <= 1')],
      provides: [parseRelation('virtual = 7')],
      enhances: [parseRelation('en')],
      supplements: [parseRelation('(a and b)')],
    },
    scripts: {
      pre: log('pre'),
      post: log('post'),
      preun: log('preun'),
      postun: log('postun'),
      pretrans: lua('-- pretrans'),
      posttrans: log('posttrans'),
    },
    triggers: [{ when: 'triggerin', on: [parseRelation('foo > 1'), parseRelation('oof')], program: '<lua>', text: 'print(1)\n' }],
    changelog: [{ time: 1_735_732_800, author: 'A <a@b.example> - 1.2.3-1', text: '- first' }],
    ...changes,
    files,
    payload: changes.payload ?? (await gzipPayload(files, { level: 6 })),
  }
}

export const rpmBytes = async (changes: Partial<RpmJob> = {}): Promise<Uint8Array> => all(writeRpm(await toolJob(changes)))
