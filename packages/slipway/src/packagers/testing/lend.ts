// A lend for tests: the tool runs in a new folder with the environment that the runner gives it (run/lend.ts).
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { collect } from '@slipway/formats/bytes'
import type { Lend } from '../packager.ts'

export const lendFrom =
  (date: number): Lend =>
  async ({ tool, args, files, wants }) => {
    const folder = mkdtempSync(join(tmpdir(), 'lend-'))
    try {
      for (const { path, mode = 0o644, bytes } of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), await collect(bytes(), 1 << 30), { mode })
      }
      const path = ['makensis', 'rsvg-convert'].includes(tool) ? `/usr/bin/${tool}` : tool
      execFileSync(path, args, {
        cwd: folder,
        encoding: 'utf8',
        env: { SOURCE_DATE_EPOCH: `${date}`, LC_ALL: 'C.UTF-8', TZ: 'UTC', HOME: folder },
      })
      const made = readFileSync(join(folder, wants))
      return (async function* () {
        yield made
      })()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
