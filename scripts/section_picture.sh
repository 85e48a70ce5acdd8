#!/usr/bin/env bash
# Draws docs/section-export.png: the chart of an excerpt from the library of the example dj_library. Needs ffmpeg
# (scripts/setup.sh bench) to reduce its colours.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo build --release --locked --quiet -p section-export
cargo run --release --locked --quiet -p crowd-engine-examples --example dj_library -- "$folder" >/dev/null
"${CARGO_TARGET_DIR:-target}/release/section-export" --quiet --bpm 122 --snap downbeat --audio-dir "$folder/audio" \
    --rekordbox-xml "$folder/rekordbox.xml" --parts-dir "$folder/parts" --pictures "$folder" "$folder/struct" >/dev/null

ffmpeg -v error -y -i "$folder/Live Drummer_sectioned.png" -vf \
    'split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse=dither=none' -frames:v 1 docs/section-export.png
