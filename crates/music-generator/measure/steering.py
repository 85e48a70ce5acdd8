"""Checks that a change is heard within one beat, and without a click.

    steering.py BINARY [--styles lofi,house] [--seeds 1,2] [--at 16.3]

Two sessions with the same seed, one of them with a change at a frame that is no beat: a replay of a log. For each kind of change the
time from the change to the first sample that differs is printed, and to the first difference above -60 dBFS, both in beats. The
first must lie within one beat and the delay of the output. Clicks (M18, `sound.clicks` and `sound.breaks`) from the change to four
beats later must be those of the session without the change, at most.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import audio
import heard
import notes
import sound

RATE = 44_100
DELAY = 0.05
"""The delay of tape and limiter, and a margin, in seconds."""
PROMPTS = [{"text": "rain", "weight": 0.3}, {"text": "neutral", "weight": 1.0}]
CHANGES = {
    "prompt weight": {"prompts": [{"text": "rain", "weight": 1.0}, {"text": "neutral", "weight": 0.3}]},
    "density up": {"config": {"density": 0.9}},
    "density down": {"config": {"density": 0.1}},
    "brightness up": {"config": {"brightness": 0.9}},
    "brightness down": {"config": {"brightness": 0.1}},
    "mute drums": {"config": {"muted": [True, False, False, False, False]}},
    "mute bass": {"config": {"muted": [False, True, False, False, False]}},
    "mute harmony": {"config": {"muted": [False, False, True, False, False]}},
    "mute lead": {"config": {"muted": [False, False, False, True, False]}},
}


def render(binary, folder, style, seed, seconds, changes):
    """Renders a log; returns the stems, which are exact, and the score."""
    log = folder / "log.jsonl"
    command = [str(binary), "render", "--quiet", "--overwrite", "--json", str(folder / "notes.json")]
    subprocess.run([*command, "--seconds", "1", "--style", style, "--seed", seed, "--sample-rate", str(RATE), "--log", str(log)], check=True)
    head = json.loads(log.read_text().splitlines()[0])
    head["start"]["prompts"] = PROMPTS
    end = {"frame": int(seconds * RATE), "end": True}
    log.write_text("".join(json.dumps(line) + "\n" for line in [head, *changes, end]))
    subprocess.run([*command, "--replay", str(log), "--stems", str(folder / "stems")], check=True)
    stems = {path.stem: audio.read(path) for path in (folder / "stems").glob("*.wav")}
    return stems, notes.read(folder / "notes.json")


def faults(stereo, start, end):
    """The clicks in a part of the sound; the limits come from the whole sound."""
    return [time for time in [*sound.clicks(stereo), *sound.breaks(stereo)] if start <= time <= end]


def main():
    parser = argparse.ArgumentParser(description="Checks that a change is heard within one beat, without a click.")
    parser.add_argument("binary")
    parser.add_argument("--styles", default=",".join(heard.STYLES))
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--at", type=float, default=16.3)
    arguments = parser.parse_args()
    failed = 0
    for style in arguments.styles.split(","):
        for seed in arguments.seeds.split(","):
            failed += check(arguments, style, seed)
    print(f"{failed} failed")
    return 1 if failed else 0


def check(arguments, style, seed):
    """The number of changes that are late or click."""
    failed = 0
    frame = int(arguments.at * RATE)
    seconds = arguments.at + 6.0
    with tempfile.TemporaryDirectory() as folder:
        base, score = render(arguments.binary, pathlib.Path(folder), style, seed, seconds, [])
    plain = sum(base.values())
    beat = 60.0 / score.bpm
    for name, change in CHANGES.items():
        with tempfile.TemporaryDirectory() as folder:
            stems, _ = render(arguments.binary, pathlib.Path(folder), style, seed, seconds, [{"frame": frame} | change])
        mix = sum(stems.values())
        difference = np.abs(mix - plain).max(axis=0)
        first, heard_at = (np.flatnonzero(difference > limit) for limit in (0.0, 1e-3))
        early = len(first) > 0 and first[0] < frame
        times = [(at[0] - frame) / RATE if len(at) else None for at in (first, heard_at)]
        silent = name.startswith("mute") and np.abs(base[name.split()[1]][:, frame : frame + int(2 * beat * RATE)]).max() < 1e-3
        start, end = arguments.at, arguments.at + 4 * beat
        extra = [time for time in faults(mix, start, end) if not any(abs(time - other) < 0.002 for other in faults(plain, start, end))]
        late = times[0] is None or times[0] > beat + DELAY
        ok = not early and not extra and (silent or not late)
        failed += not ok
        words = ["never" if time is None else f"{time / beat:.2f}" for time in times]
        print(
            f"{style:12} seed {seed} {name:16} first difference after {words[0]:>5} beats, above -60 dBFS after {words[1]:>5};"
            f" clicks {[round(time, 3) for time in extra]}{' (the stem rests)' if silent else ''} {'ok' if ok else 'MISS'}",
            flush=True,
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
