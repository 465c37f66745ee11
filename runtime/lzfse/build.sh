#!/bin/sh
# Builds lzfse.wasm from source alone: lzfse (BSD, of Apple) and lzfse.c. Needs Debian 12: clang, lld, apt. Usage: build.sh [FOLDER of the result]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
sources=${LZFSE_SOURCES:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-lzfse}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=0

# The archive is upstream's, as Debian keeps it; whatever gives it, it has this digest.
archive='cf85f373f09e9177c0b21dbfbb427efaedc02d035d2aade65eb58a3cbf9ad267  lzfse_1.0.orig.tar.gz'
digest_holds() { (cd "$sources" && echo "$archive" | sha256sum --check --status -); }

# Debian 13 has it, and keeps the archive; its own changes to it are not taken.
download() {
  mkdir -p "$sources" "$work/lists/partial"
  cat >"$work/debian.sources" <<END
Types: deb-src
URIs: http://deb.debian.org/debian
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
  set -- -o "Dir::Etc::sourcelist=$work/debian.sources" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/lists"
  apt-get -qq "$@" update
  (cd "$sources" && apt-get -qq "$@" source --download-only --tar-only lzfse=1.0-1) || true
}

digest_holds 2>/dev/null || download
digest_holds || { echo 'build.sh: the archive does not have its digest' >&2; exit 1; }
tar -xf "$sources/lzfse_1.0.orig.tar.gz" -C "$work"

# What the library asks of a C library.
mkdir "$work/headers"
echo '#define assert(holds) ((void)0)' >"$work/headers/assert.h"
cat >"$work/headers/stdlib.h" <<END
#include <stddef.h>
#define malloc(sizeBytes) ((void *)0)
#define free(pointer) ((void)(pointer))
END
cat >"$work/headers/string.h" <<END
#define memcpy __builtin_memcpy
#define memset __builtin_memset
#define memmove __builtin_memmove
END

clang --target=wasm32 -O3 -msimd128 -mbulk-memory -nostdlib -ffreestanding -fno-ident -DNDEBUG \
  -I"$work/headers" -I"$work/lzfse-lzfse-1.0/src" \
  -Wl,--no-entry,--strip-all,--stack-first,--initial-memory=4194304,-z,stack-size=131072 -o "$out/lzfse.wasm" "$here/lzfse.c"
(cd "$out" && sha256sum lzfse.wasm >lzfse.sha256)
