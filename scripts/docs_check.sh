#!/usr/bin/env bash
# Fails when an address of audio-server is missing in docs/audio-server.md, or a page names a flag that its program does not have.
# The argument is the folder of the programs.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=${1:-${CARGO_TARGET_DIR:-target}/debug}
wrong=0
while read -r address; do
    if ! grep -qF "\`$address\`" docs/audio-server.md; then
        echo "docs_check: docs/audio-server.md does not name $address" >&2
        wrong=1
    fi
done < <("$programs/audio-server" addresses | grep -o '^/[^ ]*')

# flags PROGRAM HELP PAGE...: checks that every flag in `code` on the pages is in the program's help.
flags() {
    local program=$1 help=$2 flag
    shift 2
    for flag in $(sed -n 's/`/\n/gp' "$@" | grep -oE '(^|[ [])--[a-z][a-z0-9_-]*' | tr -d ' [' | sort -u); do
        if ! grep -qE -- "$flag([ ,]|$)" <<<"$help"; then
            echo "docs_check: $* names $flag, which $program does not have" >&2
            wrong=1
        fi
    done
}
# Some pages also show commands of cargo, with these flags, and of a benchmark.
cargo=' --release --example --bench --bin --features --no-default-features '
gaps=' --running '
flags audio-server "$("$programs/audio-server" --help)$cargo$gaps" docs/audio-server.md docs/raspberry-pi.md
tests=' --test --ignored --include-ignored --nocapture '
flags section-export "$("$programs/section-export" --help; "$programs/section-export" inspect --help)$cargo" \
    docs/section-export.md
flags enhance-server "$(for command in '' render analyse; do "$programs/enhance-server" $command --help; done)$cargo$tests" \
    docs/enhance-server.md
flags music-generator "$(for command in render play explain providers; do "$programs/music-generator" $command --help; done)$cargo$tests" \
    docs/music-generator.md docs/music-provider.md docs/music-styles.md
flags crowd-radio "$(for command in setup run stream schedule health check demo; do "$programs/crowd-radio" $command --help; done)$cargo$tests" docs/crowd-radio.md
# It names a flag of music-generator.
flags live-music "$(for command in story plan; do "$programs/live-music" $command --help; done)$cargo --replay " docs/live-music.md
exit $wrong
