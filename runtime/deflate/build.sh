#!/bin/sh
# Builds deflate.wasm and deflate-*.node from source alone: libdeflate (MIT) and the C beside this file. Needs Debian 12: clang, lld, apt. Usage: build.sh [FOLDER of the result]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
sources=${DEFLATE_SOURCES:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-deflate}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=0

# The archive is upstream's, as Debian keeps it; whatever gives it, it has this digest.
archive='89e7df898c37c3427b0f39aadcf733731321a278771d20fc553f92da8d4808ac  libdeflate_1.14.orig.tar.gz'
digest_holds() { (cd "$sources" && echo "$archive" | sha256sum --check --status -); }

download() {
  mkdir -p "$sources" "$work/lists/partial"
  cat >"$work/debian.sources" <<END
Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
  set -- -o "Dir::Etc::sourcelist=$work/debian.sources" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/lists"
  apt-get -qq "$@" update
  (cd "$sources" && apt-get -qq "$@" source --download-only libdeflate=1.14-1)
}

digest_holds 2>/dev/null || download
digest_holds || { echo 'build.sh: the archive does not have its digest' >&2; exit 1; }
tar -xf "$sources/libdeflate_1.14.orig.tar.gz" -C "$work"
cd "$work/libdeflate-1.14"

# No block is the last one; levels 10 to 12 are left out; matching begins behind the preset bytes, which are put into the tables first: a
# compressor knows how many they are, since several work at once.
sed -i \
  -e 's/^#define SUPPORT_NEAR_OPTIMAL_PARSING.*/#define SUPPORT_NEAR_OPTIMAL_PARSING 0/' \
  -e 's/ADD_BITS(is_final_block, 1);/ADD_BITS(0, 1);/' \
  -e 's/bfinal = is_final_block;/bfinal = 0;/' \
  -e 's/^\tunsigned compression_level;/&\n\n\tsize_t preset_nbytes;/' \
  -e 's/^\tht_matchfinder_init(&c->p.f.ht_mf);/&\n\tif (c->preset_nbytes) { ht_matchfinder_skip_bytes(\&c->p.f.ht_mf, \&in_cur_base, in_next, in_end, c->preset_nbytes, \&next_hash); in_next += c->preset_nbytes; }/' \
  -e 's/^\thc_matchfinder_init(&c->p.g.hc_mf);/&\n\tif (c->preset_nbytes) { hc_matchfinder_skip_bytes(\&c->p.g.hc_mf, \&in_cur_base, in_next, in_end, c->preset_nbytes, next_hashes); in_next += c->preset_nbytes; }/' \
  lib/deflate_compress.c
sed -i -e 's/^#  define malloc NULL/#  include <stddef.h>/' -e '/^#  define free NULL/d' lib/utils.c
[ "$(grep -c preset_nbytes lib/deflate_compress.c)" = 4 ] || { echo 'build.sh: the source is not the one that it was' >&2; exit 1; }

clang --target=wasm32 -O3 -msimd128 -mbulk-memory -nostdlib -ffreestanding -fno-ident -DFREESTANDING -I. \
  -Wl,--no-entry,--strip-all,--initial-memory=4194304,-z,stack-size=65536 -o "$out/deflate.wasm" "$here/deflate.c"

# Nothing is linked and no symbol has a version, so that one file does for every libc; only Node's entry can be seen from outside.
echo '{ global: napi_register_module_v1; local: *; };' >"$work/visible"
native() {
  machine=$1 name=$2
  shift 2
  clang --target="$machine-linux-gnu" "$@" -O3 -fPIC -shared -nostdlib -nostdinc -isystem "$(clang -print-resource-dir)/include" \
    -ffreestanding -fno-ident -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -DFREESTANDING -I. -fuse-ld=lld \
    -Wl,--strip-all,--gc-sections,--build-id=none,-z,now,--version-script="$work/visible" -o "$out/deflate-$name.node" "$here/deflate-node.c"
}
native x86_64 linux-x64
native aarch64 linux-arm64 -mno-outline-atomics
(cd "$out" && sha256sum deflate.wasm deflate-linux-x64.node deflate-linux-arm64.node >deflate.sha256)
