// install.sh, first part: what it is asked for, and the order of an installation and of a removal.
import { script } from './text.ts'

export const shMain = script`
main() {
  settings
  read_options "$@"
  find_places
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' HUP TERM
  case $action in
    uninstall) uninstall ;;
    *) install ;;
  esac
}

install() {
  find_machine
  find_downloader
  has sha256sum || has shasum || has openssl || fail 4 'nothing here computes SHA-256: no sha256sum, shasum or openssl' 'Install one of them.'
  work=$(mktemp -d "$\{TMPDIR:-/tmp}/$app-install.XXXXXX") || fail 4 "cannot make a folder below $\{TMPDIR:-/tmp}" 'Set TMPDIR to a folder of yours.'
  choose_version
  read_sums
  choose_package
  read_receipt
  if [ "$force" = no ] && is_there; then
    say "$app $version is installed already: $bin/$command_name"
    add_to_path
    return
  fi
  if [ "$dry_run" = yes ]; then
    say "Would install $app $version ($target) from $url"
    say "into $bin, with what belongs to it in $data"
    return
  fi
  make_places
  note "downloading $url"
  fetch "$url" "$work/package"
  [ "$(sha256_of "$work/package")" = "$expected" ] ||
    fail 5 "$file is not the file of release $version: its SHA-256 is another" 'The download broke, or somebody changed it. Nothing was installed.'
  unpack
  place
  if [ -n "$installed" ] && [ "$installed" != "$version" ]; then
    say "$app $version installed in place of $installed: $bin/$command_name"
  else
    say "$app $version installed: $bin/$command_name"
  fi
  [ -n "$checked_by" ] || warn_unchecked
  add_to_path
}

read_options() {
  action=install wanted='' wanted_channel='' bin='' quiet=no verbose=no
  edit_path=yes force=no dry_run=no require_signature=no wanted_target=''
  if [ -n "$env_dir" ]; then bin=$env_dir; fi
  if [ -n "$env_no_path" ]; then edit_path=no; fi
  while [ $# -gt 0 ]; do
    case $1 in
      --version | --channel | --dir | --target)
        [ $# -gt 1 ] || fail 2 "$1 needs a value" "See: sh install.sh --help"
        set_option "$1" "$2"
        shift
        ;;
      --version=* | --channel=* | --dir=* | --target=*) set_option "$\{1%%=*}" "$\{1#*=}" ;;
      --uninstall) action=uninstall ;;
      --no-path) edit_path=no ;;
      --require-signature) require_signature=yes ;;
      --force) force=yes ;;
      --dry-run) dry_run=yes ;;
      -q | --quiet) quiet=yes ;;
      -v | --verbose) verbose=yes ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) fail 2 "there is no option $(plain "$1")" 'See: sh install.sh --help' ;;
    esac
    shift
  done
}

set_option() {
  case $1 in
    --version) wanted=$\{2#v} ;;
    --channel) wanted_channel=$2 ;;
    --dir) bin=$2 ;;
    --target) wanted_target=$2 ;;
  esac
}

# Whether a text has a character that is not among the given ones, which may stand in a bracket expression.
has_other_than() {
  [ -z "$2" ] || [ -n "$(printf '%s' "$2" | LC_ALL=C tr -d "$1")" ]
}

choose_version() {
  if [ -n "$wanted_channel" ] && [ "$wanted_channel" != "$channel" ]; then
    has_other_than 'a-z0-9-' "$wanted_channel" && fail 2 "$(plain "$wanted_channel") is no name of a channel" "As: --channel $channel"
    channel=$wanted_channel
    [ -n "$wanted" ] || ask_channel
  fi
  version=$\{wanted:-$offered}
  [ -n "$version" ] || fail 3 "nothing is released on $channel at the moment" 'Try again later, or name a version: --version 1.2.3'
  # It becomes the name of a folder.
  case $version in [0-9]*) ;; *) fail 2 "$(plain "$version") is no version" 'As: --version 1.2.3' ;; esac
  has_other_than '0-9A-Za-z.-' "$version" && fail 2 "$(plain "$version") is no version" 'As: --version 1.2.3'
  return 0
}

# What another channel offers stands in the second line of its own script; no part of that script is run.
ask_channel() {
  head_url="$\{base}feeds/$channel/install/install.sh"
  [ "$channel" != "$main_channel" ] || head_url="$\{base}install.sh"
  fetch "$head_url" "$work/head"
  offered=$(sed -n '2s/^# slipway {"n":[0-9]*,"channel":"'"$channel"'","version":"\([0-9A-Za-z.-]*\)"}$/\1/p' "$work/head")
  [ -n "$offered" ] || fail 5 "$head_url is not the script of channel $channel" 'Tell the publisher.'
  [ "$offered" != 0.0.0 ] || offered=''
}

choose_package() {
  target='' file=''
  for one in $targets; do
    for kind in tar.gz binary zip; do
      if [ -z "$target" ] && can_unpack "$kind" && package "$one $kind" && find_hash; then target=$one; fi
      [ -z "$target" ] || break 2
    done
  done
  [ -n "$target" ] || fail_package
  if [ "$version" = "$own_version" ] && [ "$expected" != "$sha256" ]; then
    fail 5 "the list of release $version names another SHA-256 for $file than this script" 'Somebody changed one of them. Nothing was installed.'
  fi
}

fail_package() {
  [ -n "$own_version" ] || fail 3 'nothing is released on this channel at the moment, so this script knows no files' "What there is: $releases"
  case " $targets " in
    *-musl*) fail 2 "release $version has no package for this system ($targets)" "Where the program is linked statically: --target $\{targets%-musl}" ;;
    *) fail 2 "release $version has no package for this system ($targets)" "What there is: $releases" ;;
  esac
}

# The SHA-256 of $file, from the list of its release; without a key of the publisher, from this script where it knows it.
find_hash() {
  expected=$sha256
  if [ -f "$work/SHA256SUMS" ]; then
    expected=$(name=$file awk 'substr($0, 67) == ENVIRON["name"] { print substr($0, 1, 64) }' "$work/SHA256SUMS")
  fi
  [ "$\{#expected}" = 64 ]
}

say() { [ "$quiet" = yes ] || printf '%s\n' "$*"; }
note() { [ "$verbose" = no ] || printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "$app" "$*" >&2; }

# fail EXIT-CODE WHAT HOW: 2 asked for something that cannot be, 3 refused, 4 this machine or its network, 5 wrong bytes.
fail() {
  printf '%s: %s\n' "$app" "$2" >&2
  printf '  %s\n' "$3" >&2
  exit "$1"
}

# Text of others, safe for a terminal.
plain() { printf '%s' "$1" | LC_ALL=C tr -cd ' -~' | cut -c 1-200; }

clean_up() {
  [ -z "$\{work:-}" ] || rm -rf "$work"
  [ -z "$\{stage:-}" ] || rm -rf "$stage"
}
`
