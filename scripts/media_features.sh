#!/usr/bin/env bash
# Checks that crowd-media compiles without warnings with no feature, with each feature alone, and with all features.
set -euo pipefail
cd "$(dirname "$0")/.."
features=$(sed -n '/^\[features\]/,/^\[dependencies\]/ s/^\([a-z0-9-]*\) = .*/\1/p' crates/media/Cargo.toml)
for feature in "" $features; do
    echo "crowd-media: ${feature:-no feature}"
    cargo clippy --quiet --locked -p crowd-media --no-default-features --features "$feature" -- -D warnings
done
cargo clippy --quiet --locked -p crowd-media --all-features -- -D warnings
