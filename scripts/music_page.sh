#!/usr/bin/env bash
# Writes a page with a minute of each style of music-generator, with pictures: OUT/index.html.
#   scripts/music_page.sh [OUT=out/music]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-out/music}
seed=${SEED:-7}
mkdir -p "$out"
cargo build --release --locked --quiet -p music-generator
generator="${CARGO_TARGET_DIR:-target}/release/music-generator"

{
    echo '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    echo '<title>music-generator: the styles</title>'
    echo '<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}img,audio{width:100%}</style>'
    echo "<h1>music-generator: a minute of each style</h1><p>Rendered by scripts/music_page.sh, seed $seed.</p>"
} >"$out/index.html.new"
for style in lofi indian-lofi ambient cinematic house piano; do
    "$generator" render --quiet --overwrite --style "$style" --seed "$seed" --seconds 60 --picture "$out/$style.png" "$out/$style.opus"
    echo "<h2>$style</h2><audio controls src=\"$style.opus\"></audio><img src=\"$style.png\" alt=\"waveform, chords, form and density of $style\">" >>"$out/index.html.new"
done
mv "$out/index.html.new" "$out/index.html"
echo "$out/index.html"
