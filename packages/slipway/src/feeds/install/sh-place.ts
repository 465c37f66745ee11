// install.sh: unpacking, the switch to the new version by rename, the receipt, removal.
import { script } from './text.ts'

export const shPlace = script`
can_unpack() {
  case $1 in
    tar.gz) has tar && has gzip ;;
    zip) has unzip || has bsdtar ;;
    binary) return 0 ;;
  esac
}

# Sets $program, and $tree where more than the program is to be installed.
unpack() {
  mkdir "$stage/tree"
  code=0
  case $kind in
    tar.gz) tar -xzof "$work/package" -C "$stage/tree" || code=$? ;;
    zip) if has unzip; then unzip -q "$work/package" -d "$stage/tree" || code=$?; else bsdtar -xof "$work/package" -C "$stage/tree" || code=$?; fi ;;
    binary)
      mkdir "$stage/tree/$folder" && cp "$work/package" "$stage/tree/$folder/$executable" || code=$?
      chmod 755 "$stage/tree/$folder/$executable" || code=$?
      ;;
  esac
  [ "$code" = 0 ] || fail 4 "cannot unpack $file (exit code $code)" 'Is the disk full?'
  program=$stage/tree/$folder/$executable
  if [ ! -f "$program" ] || [ ! -x "$program" ]; then
    fail 5 "$file holds no program $folder/$executable" 'Tell the publisher. Nothing was installed.'
  fi
  tree=''
  [ "$(find "$stage/tree" ! -type d | wc -l | tr -d ' ')" = 1 ] || tree=$stage/tree/$folder
}

# The receipt is written before the switch: whatever stops us then, the next run knows what is ours.
place() {
  refuse_strangers
  old_receipt=''
  if [ -f "$receipt" ]; then
    old_receipt=$stage/old.json
    cp "$receipt" "$old_receipt"
  fi
  new=$bin/.$command_name.new.$$
  if [ -n "$tree" ]; then put_folder; else put_file; fi ||
    fail 4 "cannot write in $bin or $data" 'Is the disk full? What was installed before still is.'
  mv -f "$new" "$bin/$command_name" || {
    rm -f "$new"
    fail 4 "cannot replace $bin/$command_name" 'What was installed before still is.'
  }
  [ -z "$old_receipt" ] || remove_listed "$old_receipt" "$receipt"
}

put_folder() {
  home=$data/$version
  if [ -e "$home" ]; then mv "$home" "$stage/replaced" || return 1; fi
  mv "$tree" "$home" && list_files "$home" >"$stage/files" || return 1
  printf '{"path": %s, "link": %s}\n' "$(json "$bin/$command_name")" "$(json "$home/$executable")" >>"$stage/files"
  keep_previous
  write_receipt && ln -s "$home/$executable" "$new"
}

put_file() {
  printf '{"path": %s, "sha256": "%s"}\n' "$(json "$bin/$command_name")" "$(sha256_of "$program")" >"$stage/files" || return 1
  write_receipt && cp "$program" "$new" && chmod 755 "$new"
}

refuse_strangers() {
  [ -e "$bin/$command_name" ] || [ -h "$bin/$command_name" ] || return 0
  if [ -d "$bin/$command_name" ] && [ ! -h "$bin/$command_name" ]; then fail 3 "$bin/$command_name is a folder" 'Move it away, or name another folder with --dir.'; fi
  if lists "$bin/$command_name"; then return 0; fi
  [ "$force" = yes ] || fail 3 "$bin/$command_name is there already, and this script did not install it" 'Replace it with --force, or name another folder with --dir.'
  # A link to a folder would take the new one into it.
  [ ! -h "$bin/$command_name" ] || rm -f "$bin/$command_name"
}

lists() { [ -f "$receipt" ] && grep -qF "{\"path\": $(json "$1")," "$receipt"; }

list_files() {
  find "$1" ! -type d | LC_ALL=C sort | while IFS= read -r path; do
    if [ -h "$path" ]; then
      printf '{"path": %s, "link": %s}\n' "$(json "$path")" "$(json "$(readlink "$path")")"
    else
      printf '{"path": %s, "sha256": "%s"}\n' "$(json "$path")" "$(sha256_of "$path")"
    fi
  done
}

# A program that runs may still read its files: those of the version before stay until the next one.
keep_previous() {
  previous=''
  if [ -z "$old_receipt" ] || [ "$installed" = "$version" ] || [ ! -d "$data/$installed" ]; then return 0; fi
  previous=$installed
  listed "$old_receipt" | grep -F "{\"path\": $(json "$data/$previous/" | sed 's/"$//')" >>"$stage/files" || true
}

write_receipt() {
  {
    printf '{\n  "schema": "slipway.install/1",\n'
    printf '  "app": "%s",\n  "version": "%s",\n  "channel": "%s",\n  "target": "%s",\n' "$app" "$version" "$channel" "$target"
    printf '  "source": %s,\n  "sha256": "%s",\n' "$(json "$url")" "$expected"
    if [ -n "$checked_by" ]; then printf '  "signature": "%s",\n' "$checked_by"; else printf '  "signature": null,\n'; fi
    printf '  "at": "%s",\n  "bin": %s,\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(json "$bin")"
    printf '  "files": [\n'
    sed 's/^/    /; $!s/$/,/' "$stage/files"
    printf '  ],\n  "folders": [\n'
    list_made | sed 's/^/    /; $!s/$/,/'
    printf '  ],\n  "profiles": [\n'
    if [ -f "$receipt" ]; then section profiles "$receipt" | sed 's/^/    /; $!s/$/,/'; fi
    printf '  ]\n}\n'
  } >"$stage/receipt.json" && mv -f "$stage/receipt.json" "$receipt"
}

list_made() {
  {
    [ -z "$old_receipt" ] || section folders "$old_receipt"
    printf '%s' "$made_folders" | while IFS= read -r path; do printf '{"made": %s}\n' "$(json "$path")"; done
  } | LC_ALL=C sort -u
}

json() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }
from_json() { printf '%s' "$1" | sed 's/\\\([\\"]\)/\1/g'; }

# The lines of one list of a receipt, without what joins them.
section() { sed -n '/^  "'"$1"'": \[$/,/^  \]/s/^    \({.*}\),\{0,1\}$/\1/p' "$2"; }
listed() { section files "$1"; }

read_receipt() {
  installed=''
  [ ! -f "$receipt" ] || installed=$(sed -n 's/^  "version": "\([0-9A-Za-z.-]*\)",$/\1/p' "$receipt")
}

# Whether exactly this is installed, and whole.
is_there() {
  [ "$installed" = "$version" ] && grep -qF "  \"bin\": $(json "$bin")," "$receipt" && grep -qF "  \"sha256\": \"$expected\"," "$receipt" || return 1
  listed "$receipt" >"$work/listed"
  while IFS= read -r entry; do is_whole "$entry" || return 1; done <"$work/listed"
}

is_whole() {
  path=$(from_json "$(printf '%s' "$1" | sed 's/^{"path": "\(.*\)", "[a-z0-9]*": ".*"}$/\1/')")
  case $1 in
    *'", "sha256": "'*) [ -f "$path" ] && [ ! -h "$path" ] && [ "$(sha256_of "$path")" = "$(printf '%s' "$1" | sed 's/.*"sha256": "\([0-9a-f]*\)"}$/\1/')" ] ;;
    *) [ -h "$path" ] && [ "$(readlink "$path")" = "$(from_json "$(printf '%s' "$1" | sed 's/.*", "link": "\(.*\)"}$/\1/')")" ] ;;
  esac
}

uninstall() {
  read_receipt
  if [ ! -f "$receipt" ]; then
    say "$app is not installed: there is no $receipt"
    return
  fi
  work=$(mktemp -d "$\{TMPDIR:-/tmp}/$app-install.XXXXXX") || fail 4 "cannot make a folder below $\{TMPDIR:-/tmp}" 'Set TMPDIR to a folder of yours.'
  if [ "$dry_run" = yes ]; then
    say "Would remove $app $installed:"
    section files "$receipt"
    return
  fi
  [ -w "$data" ] || fail 4 "cannot write in $data" 'It is not yours, or what it lies on is read-only.'
  remove_from_profiles
  section folders "$receipt" | sed 's/^{"made": "\(.*\)"}$/\1/' | LC_ALL=C sort -r >"$work/made"
  cp "$receipt" "$work/receipt.json"
  remove_listed "$work/receipt.json" /dev/null
  rm -f "$receipt"
  rmdir "$data" 2>/dev/null || true
  while IFS= read -r path; do rmdir "$(from_json "$path")" 2>/dev/null || true; done <"$work/made"
  say "$app $installed removed"
}

# What one receipt lists and the other does not. What was changed since is not ours any more, but for what lies in our own folder.
remove_listed() {
  listed "$1" >"$\{stage:-$work}/listed"
  while IFS= read -r entry; do
    path=$(from_json "$(printf '%s' "$entry" | sed 's/^{"path": "\(.*\)", "[a-z0-9]*": ".*"}$/\1/')")
    if grep -qF "{\"path\": $(json "$path")," "$2"; then continue; fi
    case $path in
      "$data"/*)
        rm -f "$path"
        remove_empty "$(dirname "$path")"
        ;;
      *) if is_whole "$entry"; then rm -f "$path"; elif [ -e "$path" ]; then warn "$path was changed since, and stays"; fi ;;
    esac
  done <"$\{stage:-$work}/listed"
}

remove_empty() {
  empty=$1
  while [ "$empty" != "$data" ] && rmdir "$empty" 2>/dev/null; do empty=$(dirname "$empty"); done
}
`
