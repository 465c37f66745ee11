// systemd units of an app, and what an installation does about them (systemd.unit(5), systemd.service(5)).
import { fail, type App, type Service } from '@slipway/core'
import { madeFile, type InstalledFile } from './installed.ts'
import { oneLine, shellWord } from './text.ts'

/** The unit of one service: the project's file, or made of its arguments. Code: `linux/bad-service`. */
export const serviceFile = (app: App, service: Service, read: (path: string) => Uint8Array): InstalledFile => {
  const path = `usr/lib/systemd/${service.user ? 'user' : 'system'}/${service.name}`
  if (service.file === null) return madeFile(path, unitText(app, service))
  const bytes = read(service.file.path)
  if (!/^\[(Unit|Service|Socket|Timer|Path|Mount|Slice|Install)\]\s*$/m.test(new TextDecoder().decode(bytes)))
    fail('linux/bad-service', `${JSON.stringify(service.file.path)} is no systemd unit: it has no section such as [Service]`, {
      hint: 'See systemd.unit(5), or let slipway write it: services: { name: { run: "--serve" } }.',
      where: { path: service.file.from },
    })
  return madeFile(path, bytes)
}

const unitText = (app: App, { run, summary, user }: Service): string => {
  const words = oneLine(run).replaceAll('%', '%%').replaceAll('$', '$$$$')
  return [
    '[Unit]',
    `Description=${oneLine(summary || app.summary || app.name)
      .replaceAll('%', '%%')
      .replace(/\\+$/, '')}`,
    ...(app.homepage === '' ? [] : [`Documentation=${oneLine(app.homepage).replaceAll('%', '%%')}`]),
    ...(user ? [] : ['After=network.target']),
    '',
    '[Service]',
    `ExecStart=/usr/bin/${app.bin}${words === '' ? '' : ` ${words.replace(/\\+$/, '')}`}`,
    'Restart=on-failure',
    '',
    '[Install]',
    `WantedBy=${user ? 'default.target' : 'multi-user.target'}`,
    '',
  ].join('\n')
}

/** Shell lines for each moment, free of the conditions that a format adds. */
export interface Hooks {
  /** After an installation or an upgrade. */
  readonly afterInstall: readonly string[]
  /** Before a removal that is no upgrade. */
  readonly beforeRemove: readonly string[]
  /** After a removal or an upgrade. */
  readonly afterRemove: readonly string[]
}

/** Reloads the manager; starts only what said `enable`; says which needed programs are missing. Never fails an installation. */
export const hooksOf = (app: App, hasSystemd: boolean): Hooks => {
  const system = hasSystemd ? app.services.filter(one => !one.user) : []
  const user = hasSystemd ? app.services.filter(one => one.user && one.enable) : []
  const reload = system.length === 0 ? [] : ['if [ -d /run/systemd/system ]; then systemctl --system daemon-reload >/dev/null || true; fi']
  const enabled = system.filter(one => one.enable).map(one => shellWord(one.name))
  const onSystem = (command: string): readonly string[] =>
    enabled.length === 0 ? [] : [`if [ -d /run/systemd/system ]; then systemctl ${command} ${enabled.join(' ')} >/dev/null || true; fi`]
  return {
    afterInstall: [
      ...reload,
      ...onSystem('enable'),
      ...onSystem('restart'),
      ...user.map(
        one => `if command -v systemctl >/dev/null; then systemctl --global enable ${shellWord(one.name)} >/dev/null || true; fi`,
      ),
      ...app.needs.filter(need => need.bundle === undefined).map(need => needLine(app, need)),
    ],
    beforeRemove: [
      ...onSystem('disable --now'),
      ...user.map(
        one => `if command -v systemctl >/dev/null; then systemctl --global disable ${shellWord(one.name)} >/dev/null || true; fi`,
      ),
    ],
    afterRemove: reload,
  }
}

/** Looked for, never run: an installation runs as root. */
const needLine = (app: App, { program, version }: App['needs'][number]): string => {
  const message = `${app.bin} needs ${program}${version === '' ? '' : ` ${version}`}, which was not found`
  return `command -v ${shellWord(program)} >/dev/null || echo ${shellWord(message)} >&2`
}
