#!/usr/bin/env bash
# Builds the programs to be given to others: stripped, and beside each what a debugger needs, in a file that gdb, lldb and
# addr2line find by its name: audio-server and audio-server.debug.
#
#   scripts/release.sh [FOLDER]     out/release unless given; what is there is not replaced
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-out/release}
programs=(audio-server section-export enhance-server)

for name in "${programs[@]}"; do
    for file in "$folder/$name" "$folder/$name.debug"; do
        [ ! -e "$file" ] || { echo "release: $file is there already: give another folder, or move it" >&2; exit 1; }
    done
done
command -v objcopy >/dev/null || { echo "release: objcopy is missing: apt-get install binutils" >&2; exit 1; }

cargo build --locked --profile dist $(printf -- '--bin %s ' "${programs[@]}")
mkdir -p "$folder"
for name in "${programs[@]}"; do
    made="${CARGO_TARGET_DIR:-target}/dist/$name"
    objcopy --only-keep-debug --compress-debug-sections "$made" "$folder/$name.debug"
    objcopy --strip-all --add-gnu-debuglink="$folder/$name.debug" "$made" "$folder/$name"
    ls -lh "$folder/$name" "$folder/$name.debug" | awk '{ print $5, $9 }'
done
