// command: a secret that a program prints, as `command:pass show app/key` (CONFIG 3): a password manager, a vault. Of the environment it gets
// what such programs need (docs/decisions/command-builds.md).
import { fail, keepSecret } from '@slipway/core'
import { splitCommand } from '../words.ts'
import { keySource } from './key.ts'

/** Codes: `command/missing-tool`, `command/secret-failed`, `command/no-secret`, those of `splitCommand`. */
export const command = keySource({
  id: 'command',
  title: 'What a program prints',
  present: async (line, io) => (await io.run.find(splitCommand(line)[0] ?? '')) !== null,
  read: async (line, io) => {
    const [tool = '', ...args] = splitCommand(line)
    if ((await io.run.find(tool)) === null) return failTool(tool)
    const env = io.secrets.matching(passedOn)
    const { exitCode, stdout } = await io.run({ tool, args, cwd: io.host.cwd, env, timeoutMs })
    if (exitCode !== 0) return failRun(tool, exitCode)
    const secret = stdout.trim()
    if (secret === '') return failEmpty(tool)
    keepSecret(secret)
    return secret
  },
})

/**
 * What password managers and vaults need to find themselves, their agents and their sessions. Nothing else: what else lies in the
 * environment, CI's secrets above all, is none of their business.
 */
const passedOn =
  /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TERM|TMPDIR|XDG_\w+|SSH_AUTH_SOCK|GPG_TTY|GNUPGHOME|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|PASSWORD_STORE_\w+|OP_\w+|BW_\w+|BWS_\w+|AWS_(?:PROFILE|REGION|DEFAULT_REGION|CONFIG_FILE|SHARED_CREDENTIALS_FILE)|VAULT_\w+)$/

/** Long enough for a person to touch a token. */
const timeoutMs = 120_000

const failTool = (tool: string): never =>
  fail('command/missing-tool', `${tool} should print a secret, but is not on this machine`, {
    hint: 'Install it, put its folder on PATH, or name another source of the secret.',
    exit: 'machine',
  })
// What it wrote is not shown: it may be the secret, or a part of it.
const failRun = (tool: string, exitCode: number): never =>
  fail('command/secret-failed', `${tool} should print a secret, but ended with code ${exitCode}`, {
    hint: 'Run that command yourself to see what is wrong; you may have to unlock it first.',
    facts: { exitCode },
    exit: 'machine',
  })
const failEmpty = (tool: string): never =>
  fail('command/no-secret', `${tool} should print a secret, but printed nothing`, {
    hint: 'Run that command yourself; it must print the secret on stdout.',
    exit: 'machine',
  })
