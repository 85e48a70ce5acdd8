#!/usr/bin/env bash
# Builds the programs for distribution: stripped, each with a second file for debuggers, which gdb, lldb and addr2line find by its
# name: audio-server and audio-server.debug.
#
#   scripts/release.sh [FOLDER]     the default is out/release; existing files are not replaced
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-out/release}
programs=(audio-server section-export enhance-server)

for name in "${programs[@]}"; do
    for file in "$folder/$name" "$folder/$name.debug"; do
        [ ! -e "$file" ] || { echo "release: $file exists already: give another folder, or move it" >&2; exit 1; }
    done
done
command -v objcopy >/dev/null || { echo "release: objcopy is missing: apt-get install binutils" >&2; exit 1; }

cargo build --locked --profile dist $(printf -- '--bin %s ' "${programs[@]}")
mkdir -p "$folder"
for name in "${programs[@]}"; do
    built="${CARGO_TARGET_DIR:-target}/dist/$name"
    objcopy --only-keep-debug --compress-debug-sections "$built" "$folder/$name.debug"
    objcopy --strip-all --add-gnu-debuglink="$folder/$name.debug" "$built" "$folder/$name"
    ls -lh "$folder/$name" "$folder/$name.debug" | awk '{ print $5, $9 }'
done
