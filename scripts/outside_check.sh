#!/usr/bin/env bash
# Whether a program outside of this repository can use the published crates: crowd-media and crowd-engine are packaged and unpacked,
# a new project depends on them as packaged, and every Rust example of the READMEs is a program of it that is built and run.
# The output "device" becomes "null", as a test machine has no sound card.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT

cargo package --locked --allow-dirty --no-verify --quiet -p crowd-media -p crowd-engine
mkdir -p "$project/src/bin" "$project/packages"
for crate in crowd-media crowd-engine; do
    tar -xzf "$target/package/$crate-$version.crate" -C "$project/packages"
done

cat >"$project/Cargo.toml" <<MANIFEST
[package]
name = "outside"
version = "0.0.0"
edition = "2024"
[dependencies]
crowd-engine = "$version"
crowd-media = "$version"
[patch.crates-io]
crowd-engine = { path = "packages/crowd-engine-$version" }
crowd-media = { path = "packages/crowd-media-$version" }
[workspace]
[profile.dev]
opt-level = 1
debug = false
[profile.dev.package.crowd-engine]
opt-level = 3
MANIFEST
cp Cargo.lock "$project/"

# What the examples read.
ffmpeg -v error -f lavfi -i sine=440:duration=20:sample_rate=44100 -ac 2 "$project/music.flac"
ffmpeg -v error -i "$project/music.flac" "$project/track.mp3"

# program NAME: the code on standard input, in a main function unless it has one.
program() {
    local code
    code=$(sed -e 's/^# //' -e 's/^#$//' -e 's/"device"/"null"/')
    if grep -q '^fn main' <<<"$code"; then
        echo "$code"
    else
        printf '%s\n' '#![allow(unused_imports, unused_variables, unused_mut)]' 'use crowd_engine::*;' 'use std::time::Duration;' \
            'fn main() -> Result<(), Box<dyn std::error::Error>> {' 'let samples = vec![0.25; 88_200];' "$code" 'Ok(()) }'
    fi >"$project/src/bin/$1.rs"
}

count=0
for page in "$root/README.md" "$project/packages/crowd-media-$version/README.md" "$project/packages/crowd-engine-$version/README.md"; do
    blocks=$(grep -cE '^```rust' "$page")
    for n in $(seq 1 "$blocks"); do
        count=$((count + 1))
        awk -v n="$n" '/^```/ { inside = 0 } inside { print } /^```rust/ && ++seen == n { inside = 1 }' "$page" | program "example_$count"
    done
done
[ "$count" -ge 5 ] || {
    echo "outside_check: only $count examples were found in the READMEs" >&2
    exit 1
}

cd "$project"
export CARGO_TARGET_DIR="$target/outside"
cargo build --bins
for n in $(seq 1 "$count"); do
    timeout 120 "$CARGO_TARGET_DIR/debug/example_$n" || {
        echo "outside_check: example $n of the READMEs failed:" >&2
        cat "src/bin/example_$n.rs" >&2
        exit 1
    }
done
echo "$count examples of the READMEs were built outside of the repository and ran"
