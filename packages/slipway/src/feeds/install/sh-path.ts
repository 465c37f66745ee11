// install.sh: the PATH, in the profile of the user's shell, between two marks.
import { script } from './text.ts'

export const shPath = script`
add_to_path() {
  case ":$PATH:" in
    *":$bin:"*)
      found=$(command -v "$command_name" 2>/dev/null)
      [ -z "$found" ] || [ "$found" = "$bin/$command_name" ] || warn "another $command_name comes first in your PATH: $found"
      return
      ;;
  esac
  find_profile
  if [ "$edit_path" = yes ] && write_profile; then
    say "Open a new terminal to use it, or run: $line_for_path"
  else
    say "$bin is not in your PATH. Add this to $profile: $line_for_path"
  fi
}

find_profile() {
  line_for_path="export PATH=$(quoted "$bin"):\"\$PATH\""
  case $\{SHELL:-} in
    */zsh) profile=$\{ZDOTDIR:-$HOME}/.zshrc ;;
    */bash) if [ "$(uname -s)" = Darwin ]; then profile=$HOME/.bash_profile; else profile=$HOME/.bashrc; fi ;;
    */fish)
      profile=$\{XDG_CONFIG_HOME:-$HOME/.config}/fish/conf.d/$app.fish
      line_for_path="fish_add_path --path $(printf "'%s'" "$(printf '%s' "$bin" | sed "s/[\\\\']/\\\\&/g")")"
      ;;
    *) profile=$HOME/.profile ;;
  esac
}

# One word of a shell.
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

write_profile() {
  if [ -f "$profile" ] && grep -qxF "$line_for_path" "$profile"; then return 0; fi
  profile_made=false
  [ -e "$profile" ] || profile_made=true
  mkdir -p "$(dirname "$profile")" 2>/dev/null || return 1
  line_end=''
  if [ -s "$profile" ] && [ -n "$(tail -c 1 "$profile")" ]; then
    line_end='
'
  fi
  {
    printf '%s# >>> %s install >>>\n%s\n# <<< %s install <<<\n' "$line_end" "$app" "$line_for_path" "$app"
  } 2>/dev/null >>"$profile" || return 1
  entry="{\"profile\": $(json "$profile"), \"made\": $profile_made}"
  grep -qF "{\"profile\": $(json "$profile")," "$receipt" || note_profile
}

note_profile() {
  joint=''
  [ -z "$(section profiles "$receipt")" ] || joint=,
  entry=$entry awk -v joint="$joint" '{ print } /^  "profiles": \[$/ { print "    " ENVIRON["entry"] joint }' "$receipt" >"$work/receipt.json" &&
    cp "$work/receipt.json" "$receipt.new" && mv -f "$receipt.new" "$receipt"
}

remove_from_profiles() {
  section profiles "$receipt" >"$work/profiles"
  while IFS= read -r entry; do
    path=$(from_json "$(printf '%s' "$entry" | sed 's/^{"profile": "\(.*\)", "made": [a-z]*}$/\1/')")
    [ -f "$path" ] || continue
    sed "/^# >>> $app install >>>\$/,/^# <<< $app install <<<\$/d" "$path" >"$work/profile"
    case $entry in
      *'"made": true}') if [ ! -s "$work/profile" ]; then rm -f "$path"; continue; fi ;;
    esac
    # Written through, so that a profile that is a link stays one.
    cat "$work/profile" >"$path" || warn "cannot write $path: take the lines of $app out of it"
  done <"$work/profiles"
}
`
