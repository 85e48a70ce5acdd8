#!/usr/bin/env bash
# Counts the instructions of one block on a 64-bit ARM machine (Raspberry Pi 3 to 5) under qemu: four decks at 118/120 through their
# equalisers and the limiter, 1,024 frames. It does not measure time, for which qemu is not suitable.
set -euo pipefail
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
cargo build --release --locked --quiet --target $target -p crowd-engine-benches --no-default-features --bin block_cost
program=${CARGO_TARGET_DIR:-target}/$target/release/block_cost
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64)

# qemu lists every block of code once, when it translates it, and logs its address each time it runs. The number of instructions is
# the sum of the lengths of the blocks that were run.
count() {
    "$qemu" -L /usr/aarch64-linux-gnu -d in_asm,exec,nochain -D /dev/stdout "$program" run "$1" "$2" | awk '
        /^IN:/ { start = ""; next }
        /^0x/ { pc = substr($1, 3, length($1) - 3); sub(/^0+/, "", pc); if (start == "") start = pc; length_of[start]++; next }
        /^Trace/ { split($0, field, "/"); pc = field[2]; sub(/^0+/, "", pc); total += length_of[pc] }
        END { printf "%d\n", total }'
}

for case in "${@:-playback_rate@118/4-decks/eq/1024}"; do
    few=$(count "$case" 1)
    more=$(count "$case" 3)
    echo "$case: $(((more - few) / 2)) guest instructions a block on aarch64"
done
