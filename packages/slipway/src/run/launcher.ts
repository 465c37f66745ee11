// The launcher of an app that needs programs of the user's machine: POSIX sh that looks for them, then becomes the app's own program.
import { parseRange, type Bound, type Need } from '@slipway/core'

/** What it ends with where a program is missing or of the wrong version: EX_UNAVAILABLE of sysexits.h. */
export const needExitCode = 69

export interface LauncherSubject {
  /** Name of the app's command, for messages. */
  readonly bin: string
  /** File name of the program beside the launcher that it starts. */
  readonly program: string
  readonly needs: readonly Need[]
  /** Of the needs: a stamp of other needs is not this one's. */
  readonly digest: string
}

/**
 * Looks once, and again when a program moved or its folder changed: a stamp in the user's cache says so, so that a later start costs
 * no program at all. Where no version can be read of a program's words, it says so and goes on.
 */
export const launcherText = ({ bin, program, needs, digest }: LauncherSubject): string =>
  [
    '#!/bin/sh',
    `# Looks for what ${bin} needs, then starts it. Ends with ${needExitCode} where something is missing.`,
    '# shellcheck disable=SC2016,SC3013',
    `app=${quoted(bin)}`,
    `program=${quoted(program)}`,
    `names=${quoted(needs.map(one => one.program).join(' '))}`,
    `stamp_name=${quoted(`${bin}-${digest.slice(0, 16)}`)}`,
    head,
    ...needs.map(lookLine),
    tail,
    '',
  ].join('\n')

const lookLine = ({ program, version, get = '' }: Need): string => {
  const bounds: readonly Bound[] = parseRange(version) ?? []
  const words = bounds.flatMap(one => [wordOf[one.comparator], one.version])
  return ['look', quoted(program), quoted(version === '' ? program : `${program} ${version}`), quoted(get), ...words].join(' ')
}

const wordOf = { '>=': 'ge', '>': 'gt', '<=': 'le', '<': 'lt', '=': 'eq' } as const

/** A shell word, whatever the text. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const head = String.raw`
case $0 in */*) self=$0 ;; *) self=./$0 ;; esac
while [ -L "$self" ]; do
  link=$(readlink "$self") || break
  case $link in /*) self=$link ;; *) self=${'$'}{self%/*}/$link ;; esac
done
start=${'$'}{self%/*}/$program

# One line a program: where it was found.
stamp=
cache=${'$'}{XDG_CACHE_HOME:-}
[ -n "$cache" ] || [ -z "${'$'}{HOME:-}" ] || cache=$HOME/.cache
[ -z "$cache" ] || stamp=$cache/slipway-needs/$stamp_name
if [ -n "$stamp" ] && [ -f "$stamp" ]; then
  same=yes
  exec 3<"$stamp" || same=
  for name in $names; do
    IFS= read -r known <&3 || same=
    place=$(command -v "$name") || same=
    if [ -n "$same" ] && [ "$place" = "$known" ] && [ "$stamp" -nt "$place" ] && [ "$stamp" -nt "${'$'}{place%/*}" ]; then continue; fi
    same=
    break
  done
  exec 3<&-
  [ -z "$same" ] || exec "$start" "$@"
fi

missing='' unread='' places=''
line='
'

# The first dotted number of a text, else its first number, to $found.
version_of() {
  rest=$1 found=
  while :; do
    rest=${'$'}{rest#"${'$'}{rest%%[0123456789]*}"}
    [ -n "$rest" ] || return 0
    number=${'$'}{rest%%[!0123456789.]*}
    rest=${'$'}{rest#"$number"}
    case $number in *.[0123456789]*) found=$number; return 0 ;; esac
    [ -n "$found" ] || found=$number
  done
}

# Compares two dotted numbers by their parts: lt, eq or gt to $order.
compare() {
  left=$1 right=$2 order=eq
  while [ -n "$left$right" ]; do
    a=${'$'}{left%%.*} b=${'$'}{right%%.*}
    case $left in *.*) left=${'$'}{left#*.} ;; *) left= ;; esac
    case $right in *.*) right=${'$'}{right#*.} ;; *) right= ;; esac
    # More digits than every shell can compare; a bound has 9 at most.
    [ ${'$'}{#a} -le 9 ] || a=999999999
    if [ "${'$'}{a:-0}" -lt "${'$'}{b:-0}" ]; then order=lt; return 0; fi
    if [ "${'$'}{a:-0}" -gt "${'$'}{b:-0}" ]; then order=gt; return 0; fi
  done
}

# NAME, what is asked for, how to get it, then bounds in pairs.
look() {
  name=$1 asked=$2 get=$3
  shift 3
  place=$(command -v "$name") || place=
  case $place in
    */*) places=$places$place$line ;;
    *) missing="$missing$app needs $asked, which was not found.$line"; hint; return 0 ;;
  esac
  [ $# -gt 0 ] || return 0
  version_of "$("$place" --version 2>&1 </dev/null)"
  if [ -z "$found" ]; then
    unread="$unread$app needs $asked; $place does not say its version, and is tried all the same.$line"
    return 0
  fi
  while [ $# -gt 1 ]; do
    compare "$found" "$2"
    case $1$order in
      geeq | gegt | gtgt | leeq | lelt | ltlt | eqeq) ;;
      *) missing="$missing$app needs $asked; version $found was found ($place).$line"; hint; return 0 ;;
    esac
    shift 2
  done
}

hint() {
  if [ -n "$get" ]; then missing="$missing  To get it: $get$line"; return 0; fi
  for manager in 'apt-get install' 'dnf install' 'zypper install' 'pacman -S' 'apk add' 'brew install'; do
    if command -v "${'$'}{manager%% *}" >/dev/null 2>&1; then
      missing="$missing  Install it, if this system has it for example by: $manager $name$line"
      return 0
    fi
  done
  missing="$missing  Install it, and start $app again.$line"
}

# Who started it from a menu sees no terminal.
show() {
  [ ! -t 2 ] && [ -n "${'$'}{DISPLAY:-}${'$'}{WAYLAND_DISPLAY:-}" ] || return 0
  if command -v notify-send >/dev/null 2>&1; then notify-send "$app" "$1" >/dev/null 2>&1 &
  elif command -v zenity >/dev/null 2>&1; then zenity --error --no-markup --text="$1" >/dev/null 2>&1 &
  elif command -v xmessage >/dev/null 2>&1; then xmessage "$1" >/dev/null 2>&1 &
  fi
}
`

const tail = String.raw`
if [ -n "$missing" ]; then
  printf '%s' "$missing" >&2
  show "$missing"
  exit ${String(needExitCode)}
fi
[ -z "$unread" ] || printf '%s' "$unread" >&2
if [ -n "$stamp" ] && mkdir -p "${'$'}{stamp%/*}" 2>/dev/null; then
  # Renamed into its place: two starts at once leave one whole stamp.
  { printf '%s' "$places" >"$stamp.$$" && mv -f "$stamp.$$" "$stamp"; } 2>/dev/null || rm -f "$stamp.$$"
fi
exec "$start" "$@"`
