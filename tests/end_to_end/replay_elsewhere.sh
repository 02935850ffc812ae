#!/bin/bash
# Decisions made by one build are derived again, byte for byte, by others: a release build with gcc and one with clang.
#   replay_elsewhere.sh BINARY SOURCE_DIRECTORY
set -euo pipefail
binary=$1
source=$2
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

# Six decisions: every strategy we ship, several estimates, and one that holds.
cat >"$here/config.yaml" <<'YAML'
portfolio: {tickers: [SPY, QQQ, VTI, VXUS, BND], classes: {BND: bond}, investor: {age: 35}}
provider: {use: simulated, seed: 8}
constraints: {max_weight: 40%}
rebalance: {cash_buffer: $250, min_trade: $100}
log: {level: error}
YAML
cd "$here"
decide() { "$binary" run "$@" >/dev/null 2>&1 || true; }
decide --as-of 2026-11-20 --set strategy.use=max_sharpe --set strategy.glide_path=true
decide --as-of 2026-11-19 --set strategy.use=max_sharpe --set strategy.risk_model=ledoit_wolf
decide --as-of 2026-11-18 --set strategy.use=min_variance --set strategy.risk_model=oas --set strategy.lookback_days=500
decide --as-of 2026-11-17 --set strategy.use=min_variance --set strategy.risk_model=ewma
decide --as-of 2026-11-16 --set strategy.use=equal_weight
decide --as-of 2026-11-13 --set constraints.groups='["equity <= 10%"]'
count=$(find data/decisions -name '*.json' | wc -l)
if ((count != 6)); then
  echo "made $count decisions, not 6"
  exit 1
fi

builder() {
  local name=$1
  shift
  local log="$here/$name.log"
  if ! { cmake -S "$source" --preset release -B "$source/build/$name" -DREBALANCER_TESTS=OFF "$@" &&
    cmake --build "$source/build/$name"; } >"$log" 2>&1; then
    tail -n 40 "$log"
    exit 1
  fi
}
builder replay-gcc
builder replay-clang -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_C_COMPILER=clang-19 -DREBALANCER_WERROR=OFF

failed=0
for program in "$binary" "$source/build/replay-gcc/bin/rebalancer" "$source/build/replay-clang/bin/rebalancer"; do
  for decision in data/decisions/*.json; do
    if ! last=$("$program" replay --quiet "$decision" | tail -n 1) || [[ $last != identical:* ]]; then
      echo "$program: $decision: $last"
      failed=1
    fi
  done
  "$program" verify data/decisions | tail -n 1
  "$program" version | head -n 1
done
exit "$failed"
