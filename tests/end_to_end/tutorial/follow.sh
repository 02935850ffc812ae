#!/bin/bash
# usage: follow.sh BUILD_DIRECTORY TUTORIAL.md
# Does what the tutorial says, as a reader would. A fenced block with a title is written to that file; a block `sh` is
# typed into one shell; a block `output` after it is what must be read then, where a line may end or begin in "..." for
# anything, and a line "..." stands for any lines. Without an `output` every command must succeed.
set -euo pipefail
build=$(cd "$1" && pwd) tutorial=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/blocks" "$work/home/portfolio" "$work/source/build"
ln -s "$build" "$work/source/build/release"

# One file per block, numbered, named by what it is.
awk -v to="$work/blocks" '
  /^```/ && inside { inside = 0; close(out); next }
  /^```/ {
    inside = 1; ++number
    language = substr($1, 4); title = ""
    if (match($0, /title="[^"]*"/)) title = substr($0, RSTART + 7, RLENGTH - 8)
    kind = title != "" ? "file" : (language == "sh" || language == "output" ? language : "other")
    out = sprintf("%s/%03d.%s", to, number, kind)
    printf "" > out
    if (title != "") print title > (out ".title")
    next
  }
  inside { print > out }
' "$tutorial"

# Does the text of file $1 fit the pattern of file $2?
fits() {
  awk '
    function escaped(text) { gsub(/[][\\.^$*+?(){}|]/, "\\\\&", text); return text }
    { sub(/[ \t]+$/, "") }
    NR == FNR { pattern[++wanted] = $0; next }
    { line[++got] = $0 }
    function fits_line(text, wish,   head, tail) {
      head = wish ~ /^\.\.\./; if (head) wish = substr(wish, 4)
      tail = wish ~ /\.\.\.$/; if (tail) wish = substr(wish, 1, length(wish) - 3)
      return text ~ ((head ? "" : "^") escaped(wish) (tail ? "" : "$"))
    }
    END {
      at = 1
      for (i = 1; i <= wanted; ++i) {
        if (pattern[i] == "...") { skipping = 1; continue }
        while (skipping && at <= got && !fits_line(line[at], pattern[i])) ++at
        skipping = 0
        if (at > got || !fits_line(line[at], pattern[i])) { print "wanted: " pattern[i]; exit 1 }
        ++at
      }
      if (at <= got && !skipping) { print "not wanted: " line[at]; exit 1 }
    }' "$2" "$1"
}

export HOME=$work/home NO_COLOR=1 LC_ALL=C.UTF-8
unset COLUMNS
cd "$work/source"
files=0 commands=0 outputs=0
for block in "$work"/blocks/*; do
  case $block in
    *.title) continue ;;
    *.file)
      name=$HOME/portfolio/$(cat "$block.title")
      mkdir -p "$(dirname "$name")"
      cp "$block" "$name"
      files=$((files + 1))
      ;;
    *.sh)
      number=$(basename "$block" .sh)
      next=$work/blocks/$(printf %03d $((10#$number + 1))).output
      commands=$((commands + 1))
      if [[ -f $next ]]; then
        set +e
        # shellcheck source=/dev/null
        source "$block" >"$work/said" 2>&1
        set -e
        outputs=$((outputs + 1))
        fits "$work/said" "$next" || {
          printf 'after:\n%s\nread:\n%s\n' "$(cat "$block")" "$(cat "$work/said")"
          exit 1
        }
      else
        # shellcheck source=/dev/null
        source "$block" >"$work/said" 2>&1 || { cat "$block" "$work/said"; exit 1; }
      fi
      ;;
  esac
done
# An extractor that finds nothing would be content with everything.
((files >= 7 && commands >= 7 && outputs >= 6)) || { echo "only $files files, $commands commands, $outputs outputs"; exit 1; }
echo "followed the tutorial: $files files, $commands blocks of commands, $outputs outputs"
