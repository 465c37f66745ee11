// Every command as data: arguments, flags, summaries (DESIGN 3, CONFIG 3 "Flags"). Loads nothing until a command runs.
import type { Argument, CommandSpec, Flag } from './command.ts'

const channel: Flag = { name: 'channel', value: 'NAME', summary: 'The channel (default: stable, or beta for 1.2.0-beta.1)' }
const target: Flag = { name: 'target', value: 'TARGET', repeat: true, summary: 'Only these targets, as macos-arm64,linux-x64' }
const only = (what: string): Flag => ({ name: 'only', value: 'ID', repeat: true, summary: `Only these ${what}` })
const reason = (why: string, needs?: string): Flag => ({
  name: 'reason',
  value: 'TEXT',
  ...(needs === undefined ? {} : { needs }),
  summary: why,
})
const channelName: Argument = { name: 'CHANNEL', summary: 'The channel, as stable' }
const resumeFlag: Flag = { name: 'resume', summary: 'Continue the run that was interrupted' }

const project: readonly CommandSpec[] = [
  {
    name: 'init',
    group: 'project',
    summary: 'Look at the repository and write its slipway.config.ts',
    about:
      'Finds out what the repository is (Tauri, Electron, Cargo, Go, npm, plain binaries) and writes a config with every choice explained. Nothing that exists is changed without being shown first.',
    args: [{ name: 'WHAT', optional: true, choices: ['hooks'], summary: 'hooks: only the git hooks' }],
    flags: [
      { name: 'adopt', value: 'URL', summary: 'Take over what is already published at this address' },
      { name: 'yes', summary: 'Write without asking; without a terminal nothing is written otherwise' },
    ],
    examples: ['slipway init', 'slipway init --yes'],
    load: () => import('./init.ts'),
  },
  {
    name: 'keys',
    group: 'project',
    summary: 'Make, list, rotate and print the keys of an app',
    args: [{ name: 'ACTION', choices: ['generate', 'list', 'rotate', 'public'], summary: 'What to do with the keys' }],
    flags: [
      { name: 'password', actions: ['generate'], summary: 'Seal new keys with a password (asked for, or SLIPWAY_KEYS_PASSWORD)' },
      { name: 'ci', actions: ['generate', 'list'], summary: 'Print the secret for CI, SLIPWAY_KEYS: all keys but root' },
    ],
    examples: ['slipway keys generate', 'slipway keys public'],
    load: () => import('./keys.ts'),
  },
]

const release: readonly CommandSpec[] = [
  {
    name: 'plan',
    group: 'release',
    summary: 'Print everything that a release will do, and change nothing',
    about:
      'Targets, artifacts and their file names, signatures, feeds, URLs, remote objects, secrets needed and present or missing, repositories and commits. What is not in the plan is not touched.',
    args: [],
    flags: [
      channel,
      target,
      only('units of any kind'),
      { name: 'out', value: 'FILE', summary: 'Write the plan to a file, for release --plan' },
    ],
    examples: ['slipway plan --channel canary', 'slipway plan --out plan.json'],
    load: () => import('./plan.ts'),
  },
  {
    name: 'build',
    group: 'release',
    summary: 'Build the app folder of every target',
    args: [],
    flags: [target, only('builders')],
    load: () => import('./build.ts'),
  },
  {
    name: 'package',
    group: 'release',
    summary: 'Build and pack every package',
    args: [],
    flags: [target, only('packages')],
    examples: ['slipway package --only deb,dmg --target macos-arm64'],
    load: () => import('./package.ts'),
  },
  {
    name: 'sign',
    group: 'release',
    summary: 'Build, pack and sign',
    args: [],
    flags: [target, only('signers')],
    load: () => import('./sign.ts'),
  },
  {
    name: 'gate',
    group: 'release',
    summary: 'Run the checks that a channel requires and keep their evidence',
    args: [],
    flags: [
      channel,
      target,
      only('checks'),
      { name: 'waive', value: 'CHECK', summary: 'Leave a signed, published waiver for this check' },
      reason('Why it is waived', 'waive'),
    ],
    examples: ['slipway gate --only completeness', 'slipway gate --waive smoke --reason "no arm64 machine this week"'],
    load: () => import('./gate.ts'),
  },
  {
    name: 'publish',
    group: 'release',
    summary: 'Do every stage and publish: bytes first, then the pointer, then the heads',
    args: [],
    flags: [channel, resumeFlag, { name: 'refresh', summary: 'Sign the pointer anew and render the heads again; no new release' }],
    load: () => import('./publish.ts'),
  },
  {
    name: 'release',
    group: 'release',
    summary: 'Test what is needed, then publish',
    args: [],
    flags: [channel, { name: 'plan', value: 'FILE|DIGEST', summary: 'Only if the plan of today is this one' }, resumeFlag],
    examples: ['slipway release', 'slipway release --channel canary', 'slipway release --resume'],
    load: () => import('./release.ts'),
  },
]

const channels: readonly CommandSpec[] = [
  {
    name: 'promote',
    group: 'channels',
    summary: 'Offer the same bytes on another channel',
    args: [{ name: 'VERSION', summary: 'The version, as 1.2.3' }],
    flags: [
      { name: 'to', value: 'CHANNEL', summary: 'The channel that gets it' },
      { name: 'rollout', value: 'N', summary: 'Start with N percent' },
    ],
    examples: ['slipway promote 1.2.3 --to stable --rollout 10'],
    load: () => import('./promote.ts'),
  },
  {
    name: 'rollout',
    group: 'channels',
    summary: 'Show, move or halt a staged rollout',
    args: [channelName],
    flags: [
      { name: 'percent', value: 'N', summary: 'Offer it to N percent, a whole number' },
      { name: 'next', summary: 'Go to the next step of the config' },
      { name: 'halt', summary: 'Offer it to nobody new' },
      reason('Why it is halted', 'halt'),
      { name: 'resume', summary: 'Go on after a halt' },
    ],
    examples: [
      'slipway rollout stable',
      'slipway rollout stable --percent 25',
      'slipway rollout stable --halt --reason "crashes at start"',
    ],
    load: () => import('./rollout.ts'),
  },
  {
    name: 'rollback',
    group: 'channels',
    summary: 'Return a channel to a good release',
    args: [channelName],
    flags: [
      { name: 'to', value: 'VERSION', summary: 'The version to return to (default: the one before)' },
      reason('Why, one line; it is published'),
    ],
    examples: ['slipway rollback stable --reason "crashes at start"'],
    load: () => import('./rollback.ts'),
  },
]

const bucket: readonly CommandSpec[] = [
  {
    name: 'status',
    group: 'bucket',
    summary: 'What is live on each channel',
    args: [],
    flags: [],
    load: () => import('./status.ts'),
  },
  {
    name: 'verify',
    group: 'bucket',
    summary: 'Prove a bucket: every feed, every byte, every signature, as each client would see it',
    args: [{ name: 'PLACE', optional: true, summary: 'A folder, an http(s) URL or s3:// (default: the store of the config)' }],
    flags: [
      { name: 'keys', value: 'DIR', summary: 'Public keys to trust, a folder like trust/' },
      { name: 'deep', summary: 'Read every byte of every release' },
      { name: 'client', value: 'SPEC', summary: 'Only as this client, as tauri:linux-x64@1.0.0' },
      { name: 'repair', value: 'FROM', summary: 'Restore what is damaged from this copy, a folder or a URL' },
    ],
    examples: ['slipway verify', 'slipway verify https://dl.example.org --keys trust --deep'],
    load: () => import('./verify.ts'),
  },
  {
    name: 'inspect',
    group: 'bucket',
    summary: 'What a package is: format, architecture, version, signatures, contents',
    about:
      'Reads deb, rpm, apk, pacman, AppImage, snap, squashfs, npm, nupkg, zip, tar (gz, zst, xz), asar, dmg, pkg and xar, .app folders, icns, property lists, provisioning profiles, msi, msix, cab, NSIS installers, ico, ELF, PE and Mach-O on any system and runs nothing of it. Needs no config.',
    args: [{ name: 'FILE', summary: 'The package' }],
    flags: [
      { name: 'diff', value: 'FILE', summary: 'Say what changed from FILE to this other one' },
      { name: 'digests', summary: 'Read and hash the file and all that is in it, at any size (--diff always does)' },
    ],
    examples: ['slipway inspect app_1.2.3-1_amd64.deb', 'slipway inspect old.zip --diff new.zip'],
    load: () => import('./inspect.ts'),
  },
]

const machine: readonly CommandSpec[] = [
  {
    name: 'doctor',
    group: 'machine',
    summary: 'Tools on this machine, with the fix for each missing one',
    args: [],
    flags: [target, only('units of any kind')],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'explain',
    group: 'machine',
    summary: 'What an error code means and how to fix it',
    args: [{ name: 'CODE', summary: 'The code, as config/unknown-key' }],
    flags: [],
    examples: ['slipway explain config/unknown-key'],
    load: () => import('./explain.ts'),
  },
  {
    name: 'completion',
    group: 'machine',
    summary: 'Print the completion script of a shell',
    about:
      'bash: source <(slipway completion bash). zsh: slipway completion zsh > "${fpath[1]}/_slipway". fish: slipway completion fish | source. powershell: slipway completion powershell | Out-String | Invoke-Expression.',
    args: [{ name: 'SHELL', choices: ['bash', 'zsh', 'fish', 'powershell'], summary: 'The shell' }],
    flags: [],
    load: async () => (await import('./completion.ts')).completion(specs),
  },
  {
    name: 'man',
    group: 'machine',
    summary: 'Print a man page',
    args: [{ name: 'COMMAND', optional: true, summary: 'The command (default: slipway itself)' }],
    flags: [],
    examples: ['slipway man release | man -l -'],
    load: async () => (await import('./man.ts')).man(specs),
  },
]

/** In the order that help and reference show them. */
export const specs: readonly CommandSpec[] = [...project, ...release, ...channels, ...bucket, ...machine]
