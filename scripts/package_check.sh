#!/usr/bin/env bash
# Checks that each package has its licences and uses no file outside of itself: the output of `cargo package` is unpacked, and its
# tests, examples and sources are searched for paths that lead out of the package.
#
#   scripts/package_check.sh            unpacks and searches; takes seconds
#   scripts/package_check.sh test       also builds the unpacked crowd-media and crowd-engine, and runs their tests
set -euo pipefail
cd "$(dirname "$0")/.."
crates=(crowd-cli crowd-media crowd-store crowd-engine crowd-mastering crowd-library crowd-web crowd-streaming crowd-ipfs music-generator audio-server section-export enhance-server crowd-radio live-music)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
die() {
    echo "package_check: $*" >&2
    exit 1
}

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
target=${CARGO_TARGET_DIR:-target}
cargo package --locked --allow-dirty --no-verify --quiet $(printf -- '-p %s ' "${crates[@]}")
for crate in "${crates[@]}"; do
    tar -xzf "$target/package/$crate-$version.crate" -C "$folder"
    inside="$folder/$crate-$version"
    for licence in LICENSE-MIT LICENSE-APACHE; do
        cmp -s "$licence" "$inside/$licence" || die "$crate has no $licence of the workspace's text"
    done
    for field in description license repository keywords categories; do
        grep -q "^$field = " "$inside/Cargo.toml" || die "$crate has no $field"
    done
    case $crate in
    crowd-media | crowd-engine)
        # Paths with three times "../" lead out of the package.
        (cd "$inside" && grep -rnE '(join\(|concat!\(.*|include_(str|bytes)!\()"[^"]*\.\./\.\./\.\.' --include=*.rs .) &&
            die "$crate reads files outside of itself"
        (cd "$inside" && grep -rnE 'CARGO_MANIFEST_DIR.*\.\./' --include=*.rs .) && die "$crate reads files outside of itself"
        ;;
    esac
done
echo "${#crates[@]} packages: licences, descriptions and files are complete"

if [ "${1:-}" = test ]; then
    cat >"$folder/Cargo.toml" <<MANIFEST
[workspace]
resolver = "3"
members = ["crowd-media-$version", "crowd-engine-$version"]
[patch.crates-io]
crowd-media = { path = "crowd-media-$version" }
crowd-engine = { path = "crowd-engine-$version" }
[profile.dev]
opt-level = 1
debug = "line-tables-only"
[profile.dev.package."*"]
opt-level = 3
[profile.dev.package.crowd-engine]
opt-level = 3
MANIFEST
    cp Cargo.lock "$folder/"
    (cd "$folder" && CARGO_TARGET_DIR="${PACKAGE_TARGET:-$folder/target}" cargo test -p crowd-media -p crowd-engine)
fi
