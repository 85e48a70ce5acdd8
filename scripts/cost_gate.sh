#!/usr/bin/env bash
# Fails when a block costs more instructions than in benches/cost.txt. With --update the table is rewritten.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1-} in
'') mode=gate ;;
--update) mode=update ;;
*)
    echo "cost_gate: unknown argument '$1': give nothing or --update" >&2
    exit 2
    ;;
esac
cargo build --profile bench --locked -p crowd-engine-benches --no-default-features --bin block_cost
"${CARGO_TARGET_DIR:-target}/release/block_cost" "$mode" benches/cost.txt
