#!/bin/sh
# Builds the AppImage runtime for x86_64 and aarch64 from source alone: musl (MIT), zlib (zlib licence), zstd (BSD-3-Clause), ours.
# Needs Debian 12: gcc, gcc-aarch64-linux-gnu, make, linux-libc-dev, xz-utils, bzip2, apt. Usage: build.sh [FOLDER of the result]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
sources=${RUNTIME_SOURCES:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-appimage-runtime}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=0

# The archives are upstream's, as Debian keeps them; whatever gives them, they have these digests.
archives='
7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4  musl_1.2.3.orig.tar.gz
71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1  zlib_1.2.13.dfsg.orig.tar.bz2
8cf4bbb65e77ec348d052c8d6230eba66d435bddf64c8b5be2fcb16880c19953  libzstd_1.5.4+dfsg2.orig.tar.xz
'
# shellcheck disable=SC2317
digests_hold() { (cd "$sources" && printf '%s' "$archives" | sed '/^$/d' | sha256sum --check --status -); }

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
  (cd "$sources" && apt-get -qq "$@" source --download-only musl=1.2.3-1 zlib=1:1.2.13.dfsg-1 libzstd=1.5.4+dfsg2-5)
}

digests_hold 2>/dev/null || download
digests_hold || { echo 'build.sh: an archive does not have its digest' >&2; exit 1; }
for archive in "$sources"/*.orig.tar.gz "$sources"/*.orig.tar.bz2 "$sources"/*.orig.tar.xz; do tar -xf "$archive" -C "$work"; done

build() { # NAME COMPILER TRIPLE
  name=$1 compiler=$2 triple=$3
  built=$work/$name
  mkdir -p "$built/musl"
  (cd "$built/musl" && "$work"/musl-*/configure --target="$triple" --disable-shared --prefix="$built/libc" \
    CC="$compiler" AR="${compiler%gcc}ar" RANLIB="${compiler%gcc}ranlib" CFLAGS="-Os -ffunction-sections -fdata-sections -ffile-prefix-map=$work=." >/dev/null &&
    make -s -j2 install >/dev/null 2>make.log) || { tail -5 "$built/musl/make.log" >&2; exit 1; }
  zstd=$(echo "$work"/zstd-*/lib) zlib=$(echo "$work"/zlib-*)
  # Only zstd's decompressor, without old formats; only zlib's inflater.
  "$compiler" -std=gnu11 -Os -Wall -Wextra -Wno-unused-parameter -static -no-pie -nostdinc -nostdlib \
    -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-ident -fno-stack-protector \
    -ffile-prefix-map="$work"=. -ffile-prefix-map="$here"=. \
    -isystem "$built/libc/include" -isystem "$("$compiler" -print-file-name=include)" -idirafter /usr/include \
    -I"$zstd" -I"$zstd/common" -I"$zlib" -DZSTD_LEGACY_SUPPORT=0 -DZSTD_DISABLE_ASM -DZSTD_NO_TRACE -DNO_GZIP \
    "$built/libc/lib/crt1.o" "$built/libc/lib/crti.o" \
    "$here"/runtime.c "$here"/squashfs.c "$here"/fuse.c "$here"/extract.c \
    "$zstd"/common/entropy_common.c "$zstd"/common/error_private.c "$zstd"/common/fse_decompress.c "$zstd"/common/zstd_common.c "$zstd"/common/xxhash.c \
    "$zstd"/decompress/*.c \
    "$zlib"/uncompr.c "$zlib"/inflate.c "$zlib"/inffast.c "$zlib"/inftrees.c "$zlib"/adler32.c "$zlib"/crc32.c "$zlib"/zutil.c \
    "$built/libc/lib/libc.a" -lgcc "$built/libc/lib/libc.a" "$built/libc/lib/crtn.o" \
    -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,norelro -Wl,-z,noseparate-code -o "$built/runtime"
  "${compiler%gcc}strip" --strip-all -R .comment -R .note -R .note.gnu.build-id -R .note.gnu.property "$built/runtime"
  # AppImageSpec: a type 2 AppImage has AI and 2 in the unused bytes of the ELF identification.
  printf 'AI\002' | dd of="$built/runtime" bs=1 seek=8 conv=notrunc status=none
  cp "$built/runtime" "$out/runtime-$name"
  chmod 755 "$out/runtime-$name"
}

mkdir -p "$out"
build x86_64 x86_64-linux-gnu-gcc x86_64-linux-musl
build aarch64 aarch64-linux-gnu-gcc aarch64-linux-musl
(cd "$out" && sha256sum runtime-x86_64 runtime-aarch64 >runtime.sha256 && cat runtime.sha256)
{
  echo 'The runtimes hold code of these works; their licences ask that these texts go along.'
  printf '\n== musl 1.2.3 ==\n\n' && cat "$work"/musl-*/COPYRIGHT
  printf '\n== Zstandard 1.5.4 (used under the BSD licence) ==\n\n' && cat "$work"/zstd-*/LICENSE
  printf '\n== zlib 1.2.13 ==\n\n' && sed -n '/Copyright notice:/,/madler@alumni/p' "$work"/zlib-*/README
} >"$out/THIRD-PARTY.txt"
