# shellcheck shell=bash
# What run, test and bench share: packages, phases with their time, builds. Sourced, never run.
# Talk goes to stderr, so that stdout stays the program's own.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C.UTF-8
logs=build/logs
mkdir -p "$logs"

say() { printf '%s\n' "$*" >&2; }
stop() {
  say "$@"
  exit 1
}

# phase NAME COMMAND...: runs it with its output in a log (on a terminal: on the screen) and prints one line with its
# duration. When it fails, the end of the log is shown, from the first error of a build on.
phase() {
  local name=$1 log started=$SECONDS status=0
  log="$logs/${name//[^a-z0-9-]/_}.log"
  shift
  if [[ -t 2 ]]; then
    say "-- $name"
    "$@" >&2 || status=$?
  else
    "$@" 9>&2 >"$log" 2>&1 || status=$?
    if ((status != 0)); then
      if grep -q '^FAILED: ' "$log"; then sed -n '/^FAILED: /,$p' "$log"; else tail -n 60 "$log"; fi | head -n 80 >&2 || true
    fi
  fi
  if ((status != 0)); then
    say "-- $name: failed after $((SECONDS - started)) s"
    return "$status"
  fi
  say "-- $name: $((SECONDS - started)) s"
}

# packages_of SECTION...: the names listed under these sections of packages.txt.
packages_of() {
  local section wanted=" $* " line on=no
  while read -r line; do
    case $line in
      '' | '#'*) ;;
      '['*']')
        section=${line#[}
        if [[ $wanted == *" ${section%]} "* ]]; then on=yes; else on=no; fi
        ;;
      *) if [[ $on == yes ]]; then printf '%s\n' "$line"; fi ;;
    esac
  done <script/packages.txt
}

missing_packages() {
  local name
  for name in $(packages_of "$@"); do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || printf '%s\n' "$name"
  done
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -q "$@" </dev/null; }

# need_packages SECTION...: installs what is missing, and only that. Nothing is ever removed to make room.
need_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "-- packages: this is not Debian; the names in script/packages.txt are Debian 12's, please provide the same yourself"
    return
  fi
  local missing removed
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then return; fi
  if ((EUID != 0)); then
    stop "missing packages, and only root may install them. Run this, then try again:" \
      $'\n'"  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  fi
  phase "package lists" apt update
  removed=$(apt install -s --no-install-recommends "${missing[@]}" 2>/dev/null | awk '$1 == "Remv" {print $2}' | xargs)
  if [[ -n $removed ]]; then
    stop "${#missing[@]} packages are missing, and installing them would remove: $removed"$'\n'"They conflict (Debian's" \
      "unversioned libboost-dev is Boost 1.74; this builds against 1.81). Nothing was changed. If you can spare them, run" \
      "this, then try again:"$'\n'"  apt-get remove $removed"
  fi
  phase "packages" apt install -y --no-remove --no-install-recommends "${missing[@]}"
}

# jobs GIB: how many compilers fit, one per core and GIB gibibytes of free memory each.
jobs() {
  local cores free_kib
  cores=$(nproc)
  free_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  awk -v cores="$cores" -v free="$free_kib" -v each="$1" 'BEGIN {
    fit = int(free / 1048576 / each)
    print fit < 1 ? 1 : fit < cores ? fit : cores
  }'
}

# build PRESET JOBS [TARGET...]: ninja, with its status line on a terminal, else a line per tenth of the way.
build() {
  local preset=$1 jobs=$2
  shift 2
  local command=(cmake --build --preset "$preset" --parallel "$jobs")
  if (($# > 0)); then command+=(--target "$@"); fi
  if [[ -t 2 ]]; then
    phase "build $preset" "${command[@]}"
  else
    phase "build $preset" tenths "${command[@]}"
  fi
}

# Passes a build's lines on and tells on fd 9, once per tenth, how far it is.
tenths() {
  "$@" | {
    local line said=0 tenth
    while IFS= read -r line; do
      printf '%s\n' "$line"
      if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] && ((BASH_REMATCH[2] > 20)); then
        tenth=$((10 * BASH_REMATCH[1] / BASH_REMATCH[2]))
        if ((tenth > said)); then
          said=$tenth
          printf '   %s of %s\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&9
        fi
      fi
    done
  }
}

# run_tests PRESET [CTEST OPTION...]: ctest, then the tests that had to skip something, then ctest's summary.
run_tests() {
  local preset=$1 log="$logs/ctest-$1.log" directory status=0 line skipped
  shift
  ctest --preset "$preset" --parallel "$(nproc)" --test-output-size-passed 65536 --no-tests=error "$@" 2>&1 | {
    while IFS= read -r line; do
      if [[ $line =~ ^[0-9]+%\ tests\ passed ]]; then break; fi
      printf '%s\n' "$line"
    done
    printf '%s\n' "$line" >"$log"
    cat >>"$log"
  } || status=$?
  directory=build/$preset
  if [[ $preset == peers ]]; then directory=build/dev; fi
  skipped=$(grep -hE '^SKIPPED: ' "$directory/Testing/Temporary/LastTest.log" 2>/dev/null | sort | uniq -c || true)
  if [[ -n $skipped ]]; then printf 'skipped, by times:\n%s\n\n' "$skipped"; fi
  cat "$log"
  return "$status"
}
