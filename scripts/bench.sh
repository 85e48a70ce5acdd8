#!/usr/bin/env bash
# Measures cost and quality: instructions compared with the committed table, processor time compared with other mixers, the stretch
# methods and section-export compared with other programs, and times by criterion. The instructions are exact on any machine; the
# other measurements need an idle one.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/cost_gate.sh
target=${CARGO_TARGET_DIR:-target}
echo
"$target/release/peers"
echo
"$target/release/stretch_peers"
echo
library=$(mktemp -d)
trap 'rm -rf "$library"' EXIT
cargo build --release --locked -p section-export
cargo run --release --locked --quiet -p crowd-engine-examples --example dj_library -- "$library" >/dev/null
"$target/release/section_peers" "$library"
echo
cargo build --release --locked -p enhance-server
"$target/release/enhance_peers" "$library"/audio/*.wav
echo
cargo bench --locked -p crowd-engine-benches --bench block --bench denormals --bench library -- --quiet
