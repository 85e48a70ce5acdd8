"""Checks that density and brightness move the sound one way: seven steps from 0 to 1.

    steps.py BINARY [--style lofi] [--seeds 1,2,3] [--seconds 90]

Density: onsets a second must rise at each step. Brightness: the spectral centroid must rise at each step. The mean of the seeds
must rise strictly; a single seed may fall by 3 % at a step, because an onset detector counts two close onsets as one.
"""

import argparse
import sys
import tempfile

import numpy as np

import heard
import render

STEPS = [round(step / 6.0, 3) for step in range(7)]
SLACK = 0.03


def values(arguments, name, measure):
    """A row for each seed: the measure at each step. At 24,000 Hz: no measure sees more."""
    rows = []
    for seed in arguments.seeds.split(","):
        row = []
        for step in STEPS:
            with tempfile.TemporaryDirectory() as folder:
                stereo, _, _ = render.run(
                    arguments.binary, folder, arguments.seconds, style=arguments.style, seed=seed, sample_rate=24_000, **{name: step}
                )
            row.append(heard.rhythm_and_colour(stereo)[measure])
        print(f"  {name}, seed {seed}: " + " ".join(f"{value:.2f}" for value in row), flush=True)
        rows.append(row)
    return np.array(rows)


def rises(rows):
    """Whether the mean rises strictly and no seed falls by more than the slack."""
    mean = rows.mean(axis=0)
    return bool((np.diff(mean) > 0).all() and (rows[:, 1:] >= rows[:, :-1] * (1.0 - SLACK)).all())


def main():
    parser = argparse.ArgumentParser(description="Checks that density and brightness move the sound one way.")
    parser.add_argument("binary")
    parser.add_argument("--style", default="lofi")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--seconds", type=int, default=90)
    arguments = parser.parse_args()
    results = []
    for name, measure in (("density", 0), ("brightness", 2)):
        rows = values(arguments, name, measure)
        results.append(rises(rows))
        print(f"{name}: mean {np.round(rows.mean(axis=0), 2).tolist()} {'ok' if results[-1] else 'MISS'}", flush=True)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
