"""Checks the tempo of the sound: within 1 % of what was asked for, by two beat trackers, each folded to the octave.

    tempo.py BINARY [--style lofi] [--tempos 70,85,96,120,126] [--seconds 90]

The last 60 s count: an intro without drums has no clear pulse. A tempo passes when one of the two trackers is within 1 %; both are printed. Trackers err on real music too, so the score is read
as well: its tempo must be the one that was asked for.
"""

import argparse
import sys
import tempfile

import audio
import measures
import render
import sound

TOLERANCE = 0.01


def main():
    parser = argparse.ArgumentParser(description="Checks the tempo of the sound.")
    parser.add_argument("binary")
    parser.add_argument("--style", default="lofi")
    parser.add_argument("--tempos", default="70,85,96,120,126")
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--seed", default="1")
    arguments = parser.parse_args()
    failed = 0
    for bpm in map(float, arguments.tempos.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            stereo, score, _ = render.run(
                arguments.binary, folder, arguments.seconds, style=arguments.style, seed=arguments.seed, bpm=bpm
            )
        found = sound.tempo(measures.Features(stereo[:, -60 * audio.RATE :]), bpm)
        errors = [None if value is None else abs(value / bpm - 1.0) for value in found]
        ok = abs(score.bpm / bpm - 1.0) < 1e-3 and any(error is not None and error <= TOLERANCE for error in errors)
        failed += not ok
        words = ["none" if value is None else f"{value:.2f} ({100 * error:.2f} %)" for value, error in zip(found, errors)]
        print(f"{bpm:g}: score {score.bpm:g}, Ellis {words[0]}, aubio {words[1]} {'ok' if ok else 'MISS'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
