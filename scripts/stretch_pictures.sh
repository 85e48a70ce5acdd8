#!/usr/bin/env bash
# Draws docs/stretch-chord.png and docs/stretch-drums.png: spectrograms of a chord and of a drum break through every
# method and every program that is installed. Needs sox and ffmpeg (scripts/setup.sh bench).
#
#   scripts/stretch_pictures.sh [SPEED]      1.083 is the default
set -euo pipefail
cd "$(dirname "$0")/.."

speed=${1:-1.083}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo build --release --locked --quiet -p crowd-engine-benches --bin stretch_peers
"${CARGO_TARGET_DIR:-target}/release/stretch_peers" --speeds "$speed" --keep "$folder" >/dev/null

over() { awk "BEGIN { printf \"%.5f\", $1 / $2 }"; }

# picture SIGNAL FROM SECONDS RATE BINS: spectrograms of SECONDS of the source, and of the same music in each stretched version, up to
# half of RATE. The STFT frames are twice as long as there are BINS.
picture() {
    local signal=$1 from=$2 seconds=$3 rate=$4 bins=$5 inputs=() filters='' all='' layout='' n=0 name file at
    for name in source {playback_rate,wsola,hq,soundtouch,rubberband-r2,rubberband-r3,sox-tempo,ffmpeg-atempo}-"$speed"; do
        file=$folder/$signal-$name.wav at=$speed
        [ "$name" != source ] || file=$folder/$signal.wav at=1
        [ -e "$file" ] || continue
        sox "$file" -n remix 1,2 rate -h "$rate" trim "$(over "$from" "$at")" "$(over "$seconds" "$at")" \
            spectrogram -r -x 330 -y "$((bins + 1))" -z 72 -w Hann -o "$folder/$signal-$n.png"
        inputs+=(-i "$folder/$signal-$n.png")
        filters+="[$n]scale=330:240:flags=area,pad=334:268:2:26:color=white,"
        filters+="drawtext=text='${name%-"$speed"}':x=6:y=20-ascent:fontsize=17:fontcolor=black[v$n];"
        all+="[v$n]"
        layout+="|$((n % 3 * 334))_$((n / 3 * 268))"
        n=$((n + 1))
    done
    ffmpeg -v error -y "${inputs[@]}" -filter_complex \
        "$filters${all}xstack=inputs=$n:layout=${layout#|}:fill=white,split[a][b];[a]palettegen=max_colors=40[p];[b][p]paletteuse=dither=none" \
        -frames:v 1 "docs/stretch-$signal.png"
}

picture chord 8 2 8000 512
picture drums 3.8 0.7 32000 128
