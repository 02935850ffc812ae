#!/bin/bash
# usage: install_and_build.sh BUILD_DIRECTORY SOURCE_DIRECTORY
# Installs the build, builds two plugins outside the tree against the installed SDK (C++ and plain C), drops them into a
# folder and uses them through the installed program.
set -euo pipefail
build=$1 source=$2
here=$source/tests/end_to_end/out_of_tree
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; echo "failed: $*"; exit 1; }; }
expect() {  # expect WANTED ACTUAL
  [[ $2 == *"$1"* ]] || { printf 'wanted: %s\ngot:    %s\n' "$1" "$2"; exit 1; }
}

quietly cmake --install "$build" --prefix "$prefix"
for language in cpp c; do
  cp -r "$here/$language" "$work/$language"
  quietly cmake -S "$work/$language" -B "$work/$language/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix"
  quietly cmake --build "$work/$language/build"
done

# Nothing but the one symbol leaves a plugin.
for file in "$work"/cpp/build/inverse_price.so "$work"/c/build/first_only.so; do
  expect "rebalancer_plugin" "$(nm -D --defined-only "$file" | awk '{print $3}' | tr '\n' ' ')"
  [[ $(nm -D --defined-only "$file" | grep -c ' [BDRT] ') == 1 ]] || { nm -D --defined-only "$file"; exit 1; }
  quietly "$work/cpp/build/conforms" "$file"
done

user=$work/user
mkdir -p "$user/plugins"
cp "$work"/cpp/build/inverse_price.so "$work"/c/build/first_only.so "$user/plugins/"
cd "$user"
printf 'date,AAA,BBB\n2026-01-05,100,300\n2026-01-06,100,300\n2026-01-07,110,300\n2026-01-08,100,300\n' >prices.csv
rebalancer=$prefix/bin/rebalancer

expect "inverse_price.so: ok, strategy inverse_price 1.2.3: Cheap shares get more." \
  "$("$rebalancer" plugins check plugins/inverse_price.so)"
expect "first_only.so: ok, strategy first_only 0.9.0: All of it in the first symbol." \
  "$("$rebalancer" plugins check plugins/first_only.so)"
expect "power: 1" "$("$rebalancer" plugins schema inverse_price)"
list=$("$rebalancer" plugins list)
expect "inverse_price" "$list"
expect "first_only" "$list"
expect "max_sharpe" "$list"

weights() { "$rebalancer" optimize --prices prices.csv --json "$@" | sed 's/.*"weights":\({[^}]*}\).*/\1/'; }
expect '{"AAA":0.75,"BBB":0.25}' "$(weights --strategy inverse_price)"
expect '{"AAA":0.9,"BBB":0.1' "$(weights --strategy inverse_price --param power=2)"
expect '{"AAA":1,"BBB":0}' "$(weights --strategy first_only)"

status=0
said=$("$rebalancer" optimize --prices prices.csv --strategy first_only --max-weight 0.6 2>&1) || status=$?
expect "first_only: no symbol may have all of it" "$said"
expect "5" "$status"
status=0
said=$("$rebalancer" optimize --prices prices.csv --strategy inverse_price --param power=9 2>&1) || status=$?
expect "power: is 9, must be at most 4" "$said"
[[ $status != 0 ]]

test -f "$prefix/share/rebalancer/config.yaml"
test -f "$prefix/include/rebalancer/plugin.h"
echo "installed, built outside the tree, dropped in, used"
