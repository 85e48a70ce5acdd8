#!/usr/bin/env bash
# Fails when docs/audio-server.md lacks an address that the program has, or the pages name a flag that it has not.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-${CARGO_TARGET_DIR:-target}/debug/audio-server}
page=docs/audio-server.md
wrong=0
while read -r address; do
    if ! grep -qF "\`$address\`" "$page"; then
        echo "docs_check: $page does not name $address" >&2
        wrong=1
    fi
done < <("$program" addresses | grep -o '^/[^ ]*')

help=$("$program" --help)
for flag in $(sed -n 's/`/\n/gp' "$page" docs/raspberry-pi.md | grep -oE '(^|[ [])--[a-z_-]+' | tr -d ' [' | sort -u); do
    if ! grep -qE -- "$flag([ ,]|$)" <<<"$help"; then
        echo "docs_check: the pages name $flag, the program does not know it" >&2
        wrong=1
    fi
done
exit $wrong
