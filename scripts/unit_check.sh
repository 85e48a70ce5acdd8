#!/usr/bin/env bash
# Has systemd check packaging/audio-server.service: that it understands every line, and that the service is shut in at least as
# well as this number says (0 is shut, 100 open).
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
# The program need not be installed where the unit has it.
sed "s,/usr/local/bin/audio-server,$(command -v true)," "$unit" >"$folder/audio-server.service"
told=$(systemd-analyze verify "$folder/audio-server.service" 2>&1) || {
    echo "unit_check: $told" >&2
    exit 1
}
# A line that systemd does not know is ignored, and only told.
if [ -n "$told" ]; then
    echo "unit_check: $told" >&2
    exit 1
fi
systemd-analyze security --offline=true --threshold=$exposure "$folder/audio-server.service" | tail -n 1
# What pages and unit promise of recordings: a place that may be written.
grep -q '^StateDirectory=audio-server$' "$unit"
grep -q '^LimitMEMLOCK=infinity$' "$unit"
