#!/usr/bin/env bash
# Checks that libraries and programs compile with the oldest supported Rust (`rust-version` in Cargo.toml), with the locked
# dependencies. The toolchain is installed with rustup.
set -euo pipefail
cd "$(dirname "$0")/.."
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! command -v rustup >/dev/null; then
    echo "msrv: rustup is needed to get Rust $oldest: https://rustup.rs" >&2
    exit 1
fi
rustup run "$oldest" rustc --version 2>/dev/null || rustup toolchain install "$oldest" --profile minimal --no-self-update
# A separate directory, because another compiler would replace the builds in the usual one.
target=${CARGO_TARGET_DIR:-target}
CARGO_TARGET_DIR="$target/msrv" cargo "+$oldest" check --workspace --locked
