#!/usr/bin/env bash
# Renders 20 s of each style of music-generator, with a picture of three minutes of it, and writes a page to hear and see them:
#
#   scripts/music_page.sh FOLDER [SEED]
#
# The files of an earlier run are replaced.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -lt 1 ]; then
    echo "music_page: give the folder of the page: scripts/music_page.sh out/music" >&2
    exit 2
fi
folder=$1
seed=${2:-1}
generator=${CARGO_TARGET_DIR:-target}/release/music-generator
cargo build --release --locked -p music-generator
mkdir -p "$folder"

# The sound begins after the introduction.
length=180
from=70

page=$folder/.index.html.part
cat >"$page" <<'HTML'
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>music-generator: the six styles</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem; color: #222; background: #fff; }
  section { margin: 2rem 0; }
  h2 { margin: 0 0 .3rem; }
  img, audio { width: 100%; display: block; margin: .5rem 0; }
  pre { background: #f2f2f2; padding: .6rem; overflow-x: auto; }
  @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818; } pre { background: #262626; } }
</style>
<h1>The six styles</h1>
<p>20 seconds of each, and a picture of three minutes: waveform, form, chords, density and tempo.</p>
HTML

# add STYLE HEADING
add() {
    local style=$1 heading=$2 arguments=()
    arguments=(render --style "$style" --seed "$seed" --seconds "$length")
    "$generator" "${arguments[@]}" --quiet --overwrite --picture "$folder/$style.png"
    "$generator" render --style "$style" --seed "$seed" --seconds $((from + 20)) --from "$from" --quiet --overwrite "$folder/$style.opus"
    cat >>"$page" <<HTML
<section>
<h2>$heading</h2>
<audio controls preload="metadata" src="$style.opus"></audio>
<a href="$style.png"><img src="$style.png" alt="Waveform, form, chords, density and tempo of three minutes of $heading"></a>
<pre>music-generator ${arguments[*]} $style.flac</pre>
</section>
HTML
    echo "$folder/$style.opus"
}

add lofi "Lofi hip-hop"
add indian-lofi "Indian lofi"
add ambient "Ambient"
add cinematic "Cinematic"
add house "House"
add piano "Piano"
echo "</html>" >>"$page"
mv "$page" "$folder/index.html"
echo "$folder/index.html"
