// install.sh, whole (POSIX sh: XCU 2): its settings from the release, its table of packages, then the parts that never change.
import { mainChannel } from '@slipway/core'
import { factsLine, type Offer, type Offered } from './offer.ts'
import { shMachine } from './sh-machine.ts'
import { shMain } from './sh-main.ts'
import { shPath } from './sh-path.ts'
import { shPlace } from './sh-place.ts'
import { shPure } from './sh-pure.ts'
import { shVerify } from './sh-verify.ts'
import { script, shellWord } from './text.ts'

export const shellScript = (offer: Offer): string =>
  [opening(offer), settings(offer), table(offer), usage(offer), shMain, shMachine, shVerify, shPlace, shPath, shPure, closing].join('\n')

const opening = (offer: Offer): string => script`
#!/bin/sh
${factsLine(offer)}
# Installs ${offer.app} for you alone, without root. What it can do: sh install.sh --help
# shellcheck shell=sh
set -u
`

// Not one line runs before the last has arrived: half a script is no script (the brace is not closed).
const closing = script`
{ main "$@"; }
`

const settings = (offer: Offer): string => {
  const prefix = variableOf(offer.app)
  return script`
settings() {
  app=${shellWord(offer.app)}
  channel=${shellWord(offer.channel)} main_channel=${shellWord(mainChannel)}
  own_version=${shellWord(offer.version)} offered=${shellWord(offer.version)}
  base=${shellWord(offer.base)}
  releases=${shellWord(`${offer.base}releases/`)}
  script_url=${shellWord(offer.script)}
  public_key=${shellWord(offer.publicKey)}
  env_dir=$\{${prefix}_INSTALL_DIR:-}
  env_no_path=$\{${prefix}_NO_MODIFY_PATH:-}
}
`
}

/** Names of another version differ by that version: which files it really has says its own list. */
const table = (offer: Offer): string => script`
place_of_release() { at=${offer.version === '' ? `"$\{base}releases/$version/"` : placed(offer)}; }

package() {
  case $1 in
${offer.packages.map(one => entry(offer, one)).join('')}    *) return 1 ;;
  esac
}
`

const entry = (offer: Offer, one: Offered): string => script`
    ${shellWord(`${one.target} ${one.kind}`)})
      file=${versioned(offer, one.file)}
      url=${placed(offer)}${versioned(offer, one.url.slice(offer.at.length))}
      folder=${versioned(offer, one.folder)} executable=${versioned(offer, one.executable)} command_name=${shellWord(one.command)}
      sha256=${shellWord(one.sha256)}
      ;;
`

/** A word in which the version of the release stands as a variable. */
const versioned = ({ version }: Offer, text: string): string =>
  text
    .split(version)
    .map(part => (part === '' ? '' : shellWord(part)))
    .join('"$version"')

const placed = ({ at, version }: Offer): string => {
  const last = at.lastIndexOf(version)
  return last < 0 ? shellWord(at) : `${shellWord(at.slice(0, last))}"$version"${shellWord(at.slice(last + version.length))}`
}

/** `MY_TOOL` of `my-tool`. */
export const variableOf = (app: string): string =>
  app
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
    .replace(/^(?=\d)/, '_')

/** A word as people type it: quoted only where it must be. */
const typed = (text: string): string => (/^[\w:/.~%-]+$/.test(text) ? text : shellWord(text))

const usage = (offer: Offer): string => script`
usage() {
  cat <<'END'
Installs ${offer.app} for you alone, without root. The same command again upgrades it.

  curl -fsSL ${typed(offer.script)} | sh
  curl -fsSL ${typed(offer.script)} | sh -s -- --version 1.2.3

  --version VERSION    that version, not the one on offer
  --channel CHANNEL    what that channel offers (here: ${offer.channel})
  --dir DIR            where the command goes (default: $XDG_BIN_HOME, else ~/.local/bin)
  --no-path            leave the PATH of your shell alone
  --require-signature  refuse where the signature cannot be checked
  --force              again, or in place of a command that this script did not install
  --target TARGET      for another system than this one, as linux-x64-musl
  --dry-run            say what would be done
  --uninstall          remove what was installed
  -q, --quiet  -v, --verbose  -h, --help

Environment: ${variableOf(offer.app)}_INSTALL_DIR (as --dir), ${variableOf(offer.app)}_NO_MODIFY_PATH (as --no-path),
XDG_BIN_HOME, XDG_DATA_HOME, https_proxy, no_proxy.
Exit codes: 0 done, 2 wrong use, 3 refused, 4 this machine or its network, 5 wrong bytes or signature.
END
}
`
