#!/usr/bin/env bash
# Checks packaging/audio-server.service with systemd: every line is valid, and the exposure of the service is at most `exposure` (0 is
# fully sandboxed, 100 is not sandboxed).
set -euo pipefail
cd "$(dirname "$0")/.."

exposure=22
unit=packaging/audio-server.service
if ! command -v systemd-analyze >/dev/null; then
    echo "unit_check: there is no systemd-analyze here, so $unit was NOT checked: apt-get install systemd" >&2
    exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The program need not be installed at the path in the unit.
sed "s,/usr/local/bin/audio-server,$(command -v true)," "$unit" >"$folder/audio-server.service"
output=$(systemd-analyze verify "$folder/audio-server.service" 2>&1) || {
    echo "unit_check: $output" >&2
    exit 1
}
# systemd ignores a line that it does not know, and only prints a warning.
if [ -n "$output" ]; then
    echo "unit_check: $output" >&2
    exit 1
fi
systemd-analyze security --offline=true --threshold=$exposure "$folder/audio-server.service" | tail -n 1
# Recordings need a folder that can be written, and locked memory.
grep -q '^StateDirectory=audio-server$' "$unit"
grep -q '^LimitMEMLOCK=infinity$' "$unit"
