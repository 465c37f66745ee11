// A screen of its own for apps with a window: Xvfb, what xdotool finds on it, and its pixels as ImageMagick's import reads them.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export const screenJudges = ['Xvfb', 'xdotool', 'xprop', 'import', 'gtk-launch'] as const
export type ScreenTools = { readonly [Name in (typeof screenJudges)[number]]: string }

export interface Window {
  readonly id: string
  /** The first of its WM_CLASS. */
  readonly class: string
  readonly width: number
  readonly height: number
}
export interface Screen {
  /** Starts a program on the screen, with a home of its own; ended when the screen is emptied or closed. */
  readonly start: (program: string, args: readonly string[], env?: Readonly<Record<string, string>>) => Started
  /** The window whose title is exactly this, once it is there; undefined after the time. */
  readonly window: (title: string, timeoutMs: number) => Promise<Window | undefined>
  /** How many pixels of each colour a window has, by `#rrggbb`. */
  readonly colours: (window: Window) => ReadonlyMap<string, number>
  /** Ends every program that was started. */
  readonly empty: () => Promise<void>
  readonly close: () => void
}
export interface Started {
  readonly said: () => string
  /** Its exit code; null after the time. */
  readonly ended: (timeoutMs: number) => Promise<number | null>
}

export const openScreen = async (tools: ScreenTools, folder: string): Promise<Screen> => {
  const server = spawn(tools.Xvfb, ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const programs = new Map<ChildProcess, Started>()
  const display = await displayOf(server)
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true })
  const { DBUS_SESSION_BUS_ADDRESS: _bus, WAYLAND_DISPLAY: _wayland, ...around } = process.env
  const env = { ...around, DISPLAY: display, HOME: home, XDG_RUNTIME_DIR: home, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' }
  const ask = (tool: string, args: readonly string[]): string => spawnSync(tool, args, { env, encoding: 'utf8' }).stdout
  return {
    start: (program, args, more = {}) => {
      const child = spawn(program, args, { env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
      const one = started(child)
      programs.set(child, one)
      return one
    },
    window: async (title, timeoutMs) => {
      for (const end = Date.now() + timeoutMs; Date.now() < end; await wait(200)) {
        const [id] = ask(tools.xdotool, ['search', '--onlyvisible', '--name', `^${title}$`]).split('\n')
        if (id === undefined || id === '') continue
        const [, width = '', height = ''] = /(\d+)x(\d+)$/m.exec(ask(tools.xdotool, ['getwindowgeometry', id])) ?? []
        const [, name = ''] = /^WM_CLASS\(STRING\) = "([^"]*)"/.exec(ask(tools.xprop, ['-id', id, 'WM_CLASS'])) ?? []
        return { id, class: name, width: Number(width), height: Number(height) }
      }
      return undefined
    },
    colours: ({ id }) => {
      const { stdout } = spawnSync(tools.import, ['-silent', '-window', id, '-depth', '8', 'rgb:-'], { env, maxBuffer: 1 << 26 })
      const counts = new Map<string, number>()
      for (let at = 0; at + 2 < stdout.length; at += 3) {
        const colour = `#${stdout.toString('hex', at, at + 3)}`
        counts.set(colour, (counts.get(colour) ?? 0) + 1)
      }
      return counts
    },
    empty: async () => {
      for (const [child, one] of programs) {
        end(child)
        await one.ended(10_000)
      }
      programs.clear()
    },
    close: () => {
      for (const child of programs.keys()) end(child)
      server.kill()
    },
  }
}

const displayOf = (server: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', code => reject(new Error(`Xvfb ended with ${String(code)}`)))
    server.stdio[3]?.once('data', (chunk: Buffer) => resolve(`:${chunk.toString('utf8').trim()}`))
  })

const started = (child: ChildProcess): Started => {
  let said = ''
  const keep = (chunk: Buffer): void => void (said += chunk.toString('utf8'))
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.once('error', error => void (said += error.message))
  const exit = new Promise<number>(resolve => {
    child.once('exit', code => resolve(code ?? -1))
    child.once('error', () => resolve(-1))
  })
  const ended = (timeoutMs: number): Promise<number | null> => Promise.race([exit, wait(timeoutMs, null, { ref: false })])
  return {
    said: () => said,
    ended,
  }
}

/** With what it has started: an AppImage's own process is not the app's. */
const end = (child: ChildProcess): void => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGTERM')
  } catch {
    // Gone in the meantime.
  }
}
