#!/usr/bin/env bash
# Runs the long checks. A missing tool is named, with the command that installs it. Fails when a step failed or was skipped.
#
#   scripts/proof.sh [STEP...]     runs all steps unless some are named
set -uo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
passed=() failed=() skipped=()

# step NAME 'REQUIREMENT' 'HOW TO INSTALL IT' COMMAND: REQUIREMENT is a command that succeeds when the tool is installed.
step() {
    local name=$1 requirement=$2 remedy=$3 command=$4 start=$SECONDS
    if [ ${#selected[@]} -gt 0 ] && [[ " ${selected[*]} " != *" $name "* ]]; then
        return
    fi
    echo "== $name"
    if ! bash -c "$requirement" >/dev/null 2>&1; then
        echo "== $name SKIPPED: $remedy"
        skipped+=("$name")
    elif timeout $limit bash -c "set -euo pipefail; $command"; then
        echo "== $name holds ($((SECONDS - start)) s)"
        passed+=("$name")
    else
        echo "== $name FAILED ($((SECONDS - start)) s)"
        failed+=("$name")
    fi
}

selected=("$@")
limit=3600
nightly='rustup +nightly component list --installed 2>/dev/null || rustup component list --installed --toolchain nightly'

step long-tests true '' \
    'cargo test --release --locked --workspace --exclude crowd-ipfs -- --ignored'
step ipfs 'test -n "$IPFS_TOOLS"' 'read crates/ipfs/tests/oracles/README.md, and set IPFS_TOOLS' \
    'cargo test --release --locked -p crowd-ipfs -- --ignored'
step ipfs-node 'test -n "$IPFS_NODE_API" && test -n "$IPFS_NODE_GATEWAY"' 'read crates/ipfs/tests/oracles/README.md, and start an IPFS node' \
    'cargo test --release --locked --workspace --features crowd-radio/aac --test ipfs_node -- --ignored --nocapture'
step radio 'command -v ffmpeg && command -v mpv && command -v gst-launch-1.0' \
    'apt-get install ffmpeg mpv gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav' \
    'for test in day clients stream generated generated_day; do
         cargo test --release --locked --workspace --features crowd-radio/aac --test $test -- --ignored
     done'
step radio-shared '"${XDG_CACHE_HOME:-$HOME/.cache}/crowd-engine/moto/bin/python" -c "import moto.server" && command -v ffmpeg' \
    'scripts/setup.sh test' \
    'cargo test --release --locked --workspace --features crowd-radio/aac --test shared -- --ignored --nocapture'
step radio-sources 'for program in liquidsoap shout ices2 ezstream gst-launch-1.0; do command -v $program || exit 1; done' \
    'apt-get install liquidsoap libshout-tools ices2 ezstream gstreamer1.0-tools gstreamer1.0-plugins-good' \
    'cargo test --release --locked --workspace --features crowd-radio/aac --test source_programs -- --ignored --test-threads 1'
step loom true '' \
    "RUSTFLAGS='--cfg loom' CARGO_TARGET_DIR='$target/loom' cargo test --locked --release -p crowd-engine --no-default-features --lib proof"
step miri "$nightly | grep -q '^miri'" 'rustup toolchain install nightly --component miri' \
    "CARGO_TARGET_DIR='$target/miri' cargo +nightly miri test --locked -p crowd-engine --no-default-features --lib rt::"
step realtime-sanitizer 'cargo +nightly --version' 'rustup toolchain install nightly' \
    "RUSTFLAGS='-Zsanitizer=realtime --cfg rtsan' CARGO_TARGET_DIR='$target/rtsan' cargo +nightly test --locked --release --target x86_64-unknown-linux-gnu -p crowd-engine --no-default-features --test promises"
arm='command -v aarch64-linux-gnu-gcc && { command -v qemu-aarch64-static || command -v qemu-aarch64; } && { rustup target list --installed | grep -q aarch64-unknown-linux-gnu; }'
get_arm='apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static; rustup target add aarch64-unknown-linux-gnu'
step aarch64 "$arm" "$get_arm" \
    "export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
     export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=\"\$(command -v qemu-aarch64-static || command -v qemu-aarch64) -L /usr/aarch64-linux-gnu\"
     cargo test --release --locked --target aarch64-unknown-linux-gnu -p crowd-engine --no-default-features --lib --tests"
step aarch64-cost "$arm" "$get_arm" scripts/arm_cost.sh
step cost 'valgrind --version' 'apt-get install valgrind' scripts/cost_gate.sh
# This takes hours when many files have changed. The list of files is in the script.
limit=36000
step mutants 'cargo mutants --version' 'cargo install cargo-mutants' scripts/mutants.sh
limit=3600
step fuzz 'cargo fuzz --version && cargo +nightly --version' \
    'cargo install cargo-fuzz; rustup toolchain install nightly' \
    "cd fuzz; for target in osc_datagram score media wav_round_trip rekordbox structure; do cargo +nightly fuzz run \$target -- -max_total_time=120 -timeout=10 -rss_limit_mb=2048; done"
step unit 'command -v systemd-analyze' 'apt-get install systemd' scripts/unit_check.sh
step licences 'cargo deny --version' 'cargo install cargo-deny' \
    'cargo deny --locked check licenses bans sources'

echo
echo "holds:   ${passed[*]-}"
echo "skipped: ${skipped[*]-}"
echo "failed:  ${failed[*]-}"
[ ${#failed[@]} -eq 0 ] && [ ${#skipped[@]} -eq 0 ]
