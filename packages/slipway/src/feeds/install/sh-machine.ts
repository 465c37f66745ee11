// install.sh: which machine this is, how it downloads, where the user's files lie.
import { script } from './text.ts'

export const shMachine = script`
find_machine() {
  if [ -n "$wanted_target" ]; then
    targets=$wanted_target
    return
  fi
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=macos ;;
    MINGW* | MSYS* | CYGWIN* | Windows*) fail 2 'this script is for macOS and Linux' "In PowerShell: irm $\{script_url%.sh}.ps1 | iex" ;;
    *) fail 2 "$(plain "$(uname -s)") is no system that this script knows" "What there is: $releases" ;;
  esac
  find_arch
  targets="$os-$arch"
  case $os in
    macos) targets="$targets macos-universal" ;;
    linux) if is_musl; then targets="$targets-musl"; fi ;;
  esac
}

find_arch() {
  arch=$(uname -m)
  case $arch in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    armv7* | armv8l) arch=armv7 ;;
    i?86) arch=x86 ;;
    *) arch=$(plain "$arch") ;;
  esac
  # Under Rosetta everything says x86_64.
  if [ "$os" = macos ] && [ "$(sysctl -n hw.optional.arm64 2>/dev/null)" = 1 ]; then arch=arm64; fi
  # A 32-bit system on a 64-bit kernel.
  if [ "$os" = linux ] && [ "$(getconf LONG_BIT 2>/dev/null)" = 32 ]; then
    case $arch in
      x64) arch=x86 ;;
      arm64) arch=armv7 ;;
    esac
  fi
}

is_musl() {
  case $(ldd --version 2>&1) in
    *musl*) return 0 ;;
    *GNU* | *GLIBC* | *glibc*) return 1 ;;
  esac
  for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1 /lib/ld-linux-armhf.so.3; do
    if [ -e "$loader" ]; then return 1; fi
  done
  for loader in /lib/ld-musl-*.so.1; do
    if [ -e "$loader" ]; then return 0; fi
  done
  return 1
}

has() { command -v "$1" >/dev/null 2>&1; }

find_downloader() {
  # Some programs read the one spelling, some the other.
  : "$\{https_proxy:=$\{HTTPS_PROXY:-}}" "$\{no_proxy:=$\{NO_PROXY:-}}" "$\{http_proxy:=$\{HTTP_PROXY:-}}"
  if [ -n "$https_proxy" ]; then export https_proxy; fi
  if [ -n "$http_proxy" ]; then export http_proxy; fi
  if [ -n "$no_proxy" ]; then export no_proxy; fi
  if has curl; then
    downloader=curl
  elif has wget; then
    downloader=wget
    case $(wget --help 2>&1) in *BusyBox*) downloader='BusyBox wget' ;; esac
  else
    fail 4 'neither curl nor wget is there' 'Install one of them.'
  fi
  note "downloading with $downloader"
}

# fetch URL FILE; what begins with https stays there.
fetch() {
  case $1 in https:*) protocols='=https' ;; *) protocols='=http,https' ;; esac
  code=0
  case $downloader in
    curl) curl -fsSL --proto "$protocols" --proto-redir "$protocols" --connect-timeout 30 --retry 3 -o "$2" "$1" 2>"$work/said" || code=$? ;;
    wget) wget -nv -O "$2" "$1" 2>"$work/said" || code=$? ;;
    *) wget -q -O "$2" "$1" 2>"$work/said" || code=$? ;;
  esac
  [ "$code" = 0 ] || fail 4 "cannot download $1: $(plain "$(tail -n 1 "$work/said")")" "Look at the network and its proxy; what there is: $releases"
}

find_places() {
  [ -n "$\{HOME:-}" ] || fail 4 'HOME is not set' 'Set it to your home folder.'
  bin=$\{bin:-$\{XDG_BIN_HOME:-$HOME/.local/bin}}
  data=$\{XDG_DATA_HOME:-$HOME/.local/share}/$app
  case $bin in /*) ;; *) bin=$(pwd)/$bin ;; esac
  case $bin in ?*/) bin=$\{bin%/} ;; esac
  case $bin$data in
    *"
"*) fail 2 'a folder with a line break in its name is not taken' 'Name another with --dir.' ;;
  esac
  receipt=$data/receipt.json
}

make_places() {
  made_folders=''
  for folder_wanted in "$bin" "$data"; do
    list_missing "$folder_wanted"
    if ! { mkdir -p "$folder_wanted" && [ -w "$folder_wanted" ]; } 2>/dev/null; then
      fail 4 "cannot write in $folder_wanted: it is not yours, or what it lies on is read-only (EACCES)" \
        "Name a folder of yours with --dir$([ "$folder_wanted" = "$bin" ] || printf ', or with XDG_DATA_HOME'). This script never needs root."
    fi
  done
  stage=$(mktemp -d "$data/.new.XXXXXX") || fail 4 "cannot write in $data" 'Name a folder of yours with XDG_DATA_HOME.'
}

# Folders that are made now are removed with the program, as long as nothing else lies in them.
list_missing() {
  missing=$1
  while [ ! -d "$missing" ] && [ "$missing" != / ] && [ -n "$missing" ]; do
    made_folders="$made_folders$missing
"
    missing=$(dirname "$missing")
  done
}
`
