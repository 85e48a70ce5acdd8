#!/usr/bin/env bash
# Changes the code in small ways, one at a time (cargo-mutants), and lists the changes that no test detects.
#
#   scripts/mutants.sh             of the files below, those that changed since the last tag; all when there is no tag
#   scripts/mutants.sh all         all of the files below
#   scripts/mutants.sh FILE...     these of them
#
# Changes that are known to have no effect are in .cargo/mutants.toml, with reasons. Fails when another change is missed.
set -euo pipefail
cd "$(dirname "$0")/.."

groups=()
# group PACKAGE-AND-FEATURES TESTS FILES: the tests are those that cover the files.
group() { groups+=("$1|$2|$3"); }
engine='-p crowd-engine --no-default-features'
group "$engine" '--lib --test=dsp_limiter --test=denormals --test=no_alloc' '
    crates/engine/src/dsp/eq.rs
    crates/engine/src/dsp/eq/phase_in.rs
    crates/engine/src/dsp/limiter.rs'
group "$engine" '--lib --test=commands --test=keylock --test=mixing --test=promises --test=quality --test=voices --test=file_edges --test=align --test=denormals --test=stretch_worker --test=no_alloc' '
    crates/engine/src/audio/mixer.rs
    crates/engine/src/types/crossfade_law.rs
    crates/engine/src/audio/mixer/tone.rs
    crates/engine/src/audio/deck/voice.rs
    crates/engine/src/audio/clock.rs
    crates/engine/src/tempo/grid.rs
    crates/engine/src/tempo/movement.rs
    crates/engine/src/rt/return_queue.rs
    crates/engine/src/audio/status_words.rs'
group "$engine --features decode" '--lib --test=stream --test=stream_underruns --test=stream_memory --test=stream_files' '
    crates/engine/src/feed/read_plan.rs
    crates/engine/src/feed/feeder.rs'
group '-p crowd-media' '--lib --test=wav --test=reader --test=formats --test=downmix --test=hostile --test=damaged --test=frame_positions --test=memory' '
    crates/media/src/decode/reader.rs
    crates/media/src/encode/wav.rs'

# selected FILE: succeeds when the file is to be changed.
case ${1-} in
    '')
        tag=$(git describe --tags --abbrev=0 2>/dev/null || true)
        changed=$(if [ -n "$tag" ]; then git diff --name-only "$tag"; fi)
        selected() { [ -z "$tag" ] || grep -qxF "$1" <<<"$changed"; }
        ;;
    all) selected() { true; } ;;
    *)
        named=("$@")
        for file in "${named[@]}"; do
            printf '%s\n' "${groups[@]}" | grep -qF " $file" || { echo "mutants: $file is not in the list of $0" >&2; exit 2; }
        done
        selected() { printf '%s\n' "${named[@]}" | grep -qxF "$1"; }
        ;;
esac

out=${CARGO_TARGET_DIR:-target}/mutants-report
rm -rf "$out"
number=0
for line in "${groups[@]}"; do
    IFS='|' read -r -d '' package tests files <<<"$line" || true
    number=$((number + 1)) arguments=()
    for file in $files; do
        [ -f "$file" ] || { echo "mutants: $file does not exist: correct the list in $0" >&2; exit 2; }
        if selected "$file"; then arguments+=(-f "$file"); fi
    done
    [ ${#arguments[@]} -gt 0 ] || continue
    mkdir -p "$out/$number"
    status=0
    # The tests are arguments of cargo itself, so that no other tests are built.
    # shellcheck disable=SC2086 # split into words on purpose
    cargo mutants $package --profile mutants --baseline skip --timeout 120 -o "$out/$number" "${arguments[@]}" \
        $(printf -- '--cargo-arg=%s ' $tests) || status=$?
    # 2: some changes were missed; 3: some made a test run forever, which counts as detected.
    [[ $status =~ ^[023]$ ]] || exit 1
done

report() { cat "$out"/*/mutants.out/"$1".txt 2>/dev/null || true; }
for outcome in caught timeout unviable missed; do
    echo "$outcome: $(report $outcome | wc -l)"
done
report missed
[ -z "$(report missed)" ]
