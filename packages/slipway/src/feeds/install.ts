// install.sh and install.ps1: a channel's current release as scripts that install it for one user (TRUST 3 and 6): held until 100 %.
import { feedHead, problem, type Target } from '@slipway/core'
import { feed } from './feed.ts'
import { headOf, offerOf, serves } from './install/offer.ts'
import { powerScript } from './install/ps1.ts'
import { shellScript } from './install/sh.ts'

/** Codes: `install/incomplete`, `install/bad-version`, `install/illegal-name`, `install/no-program`, `install/no-package`. */
export const install = feed({
  id: 'install',
  title: 'Install scripts, for a shell and for PowerShell',
  options: {},
  serves,
  heads: targets => headsOf(targets),
  holds: true,
  percent: 'held back until 100 %: a script knows no percent',
  noPackage: ({ system, installs, made, first, where, targets }) =>
    problem('install/no-package', `On ${system}, the install script installs ${installs}; this config makes ${made}.`, {
      hint: `Add packages.${first}, or narrow feeds.install.targets.`,
      where,
      facts: { targets },
    }),
  render: view =>
    Object.entries(headsOf(view.targets)).map(([head, targets]) => {
      const offer = offerOf(view, head, targets)
      const text = head.endsWith('.ps1') ? powerScript(offer) : shellScript(offer)
      return { path: feedHead(view.channel, 'install', head), head: true, bytes: new TextEncoder().encode(text) }
    }),
})

const headsOf = (targets: readonly Target[]): Readonly<Record<string, readonly Target[]>> => {
  const heads = [...new Set(targets.map(headOf))].sort()
  return Object.fromEntries(heads.map(head => [head, targets.filter(target => headOf(target) === head)]))
}
