"""Checks that what sounds is what the score declares: the share of the tonal energy in the declared pitches.

    key.py BINARY [--style lofi] [--seeds 1,2,3] [--seconds 120]

The stems bass, harmony and lead are added (drums, noises and drone are not tonal or not in the score). A constant-Q transform of 60
bins an octave from C2 to B6, A = 440 Hz; each bin belongs to the nearest semitone (+-50 cents). For each bar the energy in the
pitch classes of its scale and of its borrowed chord tones is divided by all energy. At least .95 is asked for. The partials 5, 7
and 11 of a tone are in the sum too: a bright sound has a lower share with the same notes.
"""

import argparse
import sys
import tempfile

import librosa
import numpy as np

import audio
import render

LEAST = 0.95


def share(stereo, score):
    """The share of all bars together, and the share of each bar."""
    mono = librosa.resample(stereo.mean(axis=0), orig_sr=audio.RATE, target_sr=audio.FEATURE_RATE)
    hop = 1024
    bins = librosa.cqt(
        mono, sr=audio.FEATURE_RATE, hop_length=hop, fmin=librosa.note_to_hz("C2"), n_bins=300, bins_per_octave=60, tuning=0.0
    )
    power = np.abs(bins) ** 2
    # A bin's semitone: bins -2 to 2 around each centre.
    semitone = ((np.arange(300) + 2) // 5) % 12
    classes = np.stack([power[semitone == pitch].sum(axis=0) for pitch in range(12)])
    good, total, bars = 0.0, 0.0, []
    for bar in score.bars:
        first, last = (int(time * audio.FEATURE_RATE / hop) for time in (bar["at"], bar["at"] + bar["seconds"]))
        energy = classes[:, first:last].sum(axis=1)
        inside = energy[sorted({*bar["scale"], *bar["borrowed"]})].sum()
        good, total = good + inside, total + energy.sum()
        if energy.sum() > 0:
            bars.append(float(inside / energy.sum()))
    return float(good / (total + 1e-20)), bars


def main():
    parser = argparse.ArgumentParser(description="Checks the tonal energy in the declared pitches.")
    parser.add_argument("binary")
    parser.add_argument("--style", default="lofi")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--seconds", type=int, default=120)
    arguments = parser.parse_args()
    worst = 1.0
    for seed in arguments.seeds.split(","):
        with tempfile.TemporaryDirectory() as folder:
            _, score, stems = render.run(
                arguments.binary, folder, arguments.seconds, stems=True, style=arguments.style, seed=seed
            )
        tonal = sum(stems[name] for name in ("bass", "harmony", "lead"))
        value, bars = share(tonal, score)
        single = {name: share(stems[name], score)[0] for name in ("bass", "harmony", "lead")}
        worst = min(worst, value)
        low = sorted(range(len(bars)), key=bars.__getitem__)[:3]
        print(f"seed {seed}: {value:.4f} (>= {LEAST}); {({n: round(v, 4) for n, v in single.items()})};"
              f" lowest bars {[(bar, round(bars[bar], 3)) for bar in low]}", flush=True)
    return 0 if worst >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
