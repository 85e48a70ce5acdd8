#!/usr/bin/env bash
# Checks the units in packaging/ with systemd: every line is valid, and the exposure of each service is at most `exposure` (0 is fully
# sandboxed, 100 is not sandboxed).
set -euo pipefail
cd "$(dirname "$0")/.."

exposure=22
if ! command -v systemd-analyze >/dev/null; then
    echo "unit_check: there is no systemd-analyze here, so packaging/*.service were NOT checked: apt-get install systemd" >&2
    exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for unit in packaging/*.service; do
    name=$(basename "$unit" .service)
    # The program need not be installed at the path in the unit.
    sed "s,/usr/local/bin/$name,$(command -v true)," "$unit" >"$folder/$name.service"
    output=$(systemd-analyze verify "$folder/$name.service" 2>&1) || {
        echo "unit_check: $output" >&2
        exit 1
    }
    # systemd ignores a line that it does not know, and only prints a warning.
    if [ -n "$output" ]; then
        echo "unit_check: $output" >&2
        exit 1
    fi
    systemd-analyze security --offline=true --threshold=$exposure "$folder/$name.service" | tail -n 1
    # What a program makes needs a folder that can be written.
    grep -q "^StateDirectory=$name\$" "$unit"
done
# What plays stays in memory.
grep -q '^LimitMEMLOCK=infinity$' packaging/audio-server.service
