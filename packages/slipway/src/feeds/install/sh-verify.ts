// install.sh: SHA-256 and the minisign signature of SHA256SUMS (minisign: four lines, Ed25519 over BLAKE2b-512), with what a system has.
import { script } from './text.ts'

export const shVerify = script`
sha256_of() {
  if has sha256sum; then
    sha256sum <"$1"
  elif has shasum; then
    shasum -a 256 <"$1"
  else
    openssl dgst -sha256 -r <"$1"
  fi | cut -d ' ' -f 1
}

# SHA256SUMS of the release, with its signature checked where that is possible.
read_sums() {
  checked_by='' unable=''
  if [ -z "$public_key" ]; then
    unable='the publisher gives no key'
    [ "$require_signature" = no ] || fail 3 'there is no signature to check: this release names no key' 'Leave out --require-signature.'
    if [ "$version" = "$own_version" ]; then return; fi
  fi
  sums=$work/SHA256SUMS
  place_of_release
  fetch "$\{at}SHA256SUMS" "$sums"
  [ -n "$public_key" ] || return 0
  fetch "$\{at}SHA256SUMS.minisig" "$sums.minisig"
  check_signature
  if [ -z "$checked_by" ] && [ "$require_signature" = yes ]; then
    fail 3 "the signature cannot be checked: $unable" 'Install minisign or OpenSSL 3, or leave out --require-signature.'
  fi
}

check_signature() {
  split_signature
  unable='this system has no minisign, and no OpenSSL 3, signify, Python 3 or Perl that can do it'
  if has minisign; then
    minisign -V -q -P "$public_key" -m "$sums" -x "$sums.minisig" >/dev/null 2>&1
    case $? in
      0) checked_by=minisign ;;
      126 | 127) ;;
      *) bad_signature ;;
    esac
  fi
  for tool in openssl signify perl python3; do
    if [ -z "$checked_by" ] && can_verify "$tool"; then
      check_with "$tool"
      checked_by=$tool
    fi
  done
  [ -n "$checked_by" ] || return 0
  # What is vouched for beside the bytes: which file, of which version.
  case "	$comment	" in *"	file:SHA256SUMS	"*) ;; *) bad_signature ;; esac
  case "	$comment	" in *"	version:$version	"*) ;; *) bad_signature ;; esac
  note "signature checked by $checked_by"
}

bad_signature() {
  fail 5 "the signature of release $version does not hold" 'Somebody changed the list of its files, or signed it with another key. Nothing was installed.'
}

warn_unchecked() {
  how='over TLS'
  case $url in http:*) how='over a connection that is not encrypted' ;; esac
  [ "$downloader" != 'BusyBox wget' ] || how="$how, by a program that may not check certificates"
  warn "the signature was not checked: $unable."
  warn "Only the SHA-256 was compared, and that came $how. Install minisign to have the signature checked."
}

split_signature() {
  {
    read -r _
    read -r line
    IFS= read -r comment
    read -r global
  } <"$sums.minisig" || true
  comment=$\{comment#trusted comment: }
}

# Whether a tool can verify Ed25519 here: it must accept a signature that is known to hold (RFC 8032, 7.1, TEST 2), and refuse another.
can_verify() {
  case $1 in signify) has signify-openbsd || has signify ;; *) has "$1" ;; esac || return 1
  from_base64 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw= >"$work/known.key" || return 1
  from_base64 kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA== >"$work/known.signature" || return 1
  printf 'r' >"$work/known.message"
  verifies "$1" "$work/known.key" "$work/known.message" "$work/known.signature" || return 1
  case $1 in
    openssl | signify)
      printf 's' >"$work/known.message"
      if verifies "$1" "$work/known.key" "$work/known.message" "$work/known.signature"; then return 1; fi
      ;;
  esac
  blake2b512 <"$work/known.message" >"$work/known.digest" 2>/dev/null && [ "$(wc -c <"$work/known.digest" | tr -d ' ')" = 64 ]
}

check_with() {
  from_base64 "$public_key" | dd bs=1 skip=10 2>/dev/null >"$work/key"
  from_base64 "$line" | dd bs=1 skip=10 2>/dev/null >"$work/signature"
  from_base64 "$global" >"$work/global" 2>/dev/null
  [ "$(from_base64 "$public_key" | dd bs=1 skip=2 count=8 2>/dev/null | od -An -tx1)" = \
    "$(from_base64 "$line" | dd bs=1 skip=2 count=8 2>/dev/null | od -An -tx1)" ] || bad_signature
  case $line in
    RU*) blake2b512 <"$sums" >"$work/message" ;;
    RW*) cp "$sums" "$work/message" ;;
    *) bad_signature ;;
  esac
  verifies "$1" "$work/key" "$work/message" "$work/signature" || bad_signature
  { cat "$work/signature" && printf '%s' "$comment"; } >"$work/message"
  verifies "$1" "$work/key" "$work/message" "$work/global" || bad_signature
}

from_base64() {
  if has openssl; then
    printf '%s' "$1" | openssl base64 -d -A
  elif has base64; then
    printf '%s' "$1" | base64 -d 2>/dev/null || printf '%s' "$1" | base64 -D
  else
    printf '%s' "$1" | perl -MMIME::Base64 -e 'print decode_base64(<STDIN>)' 2>/dev/null ||
      printf '%s' "$1" | python3 -I -c 'import base64, sys; sys.stdout.buffer.write(base64.b64decode(sys.stdin.read()))'
  fi
}

blake2b512() {
  if [ -n "$(openssl dgst -blake2b512 </dev/null 2>/dev/null)" ]; then
    openssl dgst -blake2b512 -binary
  elif [ -n "$(b2sum </dev/null 2>/dev/null)" ]; then
    printf '%b' "$(b2sum | cut -c 1-128 | awk '{ for (i = 1; i < 128; i += 2)
      printf "\\0%03o", 16 * index("123456789abcdef", substr($0, i, 1)) + index("123456789abcdef", substr($0, i + 1, 1)) }')"
  elif has perl; then
    perl -e "$perl_blake2b"
  else
    python3 -I -c 'import hashlib, sys; sys.stdout.buffer.write(hashlib.blake2b(sys.stdin.buffer.read()).digest())'
  fi
}

# verifies TOOL KEY MESSAGE SIGNATURE: files of 32, any and 64 bytes.
verifies() {
  [ "$(wc -c <"$4" | tr -d ' ')" = 64 ] || return 1
  case $1 in
    openssl)
      # What stands before a key in SubjectPublicKeyInfo (RFC 8410, 4).
      { from_base64 MCowBQYDK2VwAyEA && cat "$2"; } >"$work/key.der"
      openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$3" -sigfile "$4" >/dev/null 2>&1
      ;;
    signify)
      signify_file "$2" >"$work/signify.pub" && signify_file "$4" >"$work/signify.sig" || return 1
      signify_tool=signify-openbsd
      has signify-openbsd || signify_tool=signify
      "$signify_tool" -V -q -p "$work/signify.pub" -x "$work/signify.sig" -m "$3" >/dev/null 2>&1
      ;;
    python3) python3 -I -c "$python_ed25519" "$2" "$3" "$4" >/dev/null 2>&1 ;;
    perl) perl -e "$perl_ed25519" "$2" "$3" "$4" >/dev/null 2>&1 ;;
  esac
}

# signify(1): a comment, then the algorithm, a number of the key, and the bytes.
signify_file() {
  printf 'untrusted comment: none\n'
  { printf 'Ed00000000' && cat "$1"; } | if has openssl; then openssl base64 -A; else base64 | tr -d '\n'; fi
  printf '\n'
}
`
