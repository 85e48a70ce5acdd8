#!/usr/bin/env bash
# Checks that the engine without features, and its dependencies, compile for Windows, macOS and WebAssembly. No tests run there.
# The standard libraries of these targets are installed with rustup.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=(x86_64-pc-windows-msvc aarch64-apple-darwin wasm32-unknown-unknown)
for target in "${targets[@]}"; do
    if ! rustc --print target-libdir --target "$target" | xargs test -d; then
        command -v rustup >/dev/null || {
            echo "portable_check: rustup is needed to get the standard library of $target: https://rustup.rs" >&2
            exit 1
        }
        rustup target add "$target"
    fi
    cargo check --locked -p crowd-engine --no-default-features --target "$target"
done
