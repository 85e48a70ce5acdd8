"""Checks that what sounds is what the score declares: the share of the tonal energy in the declared pitches.

    key.py BINARY [--style lofi] [--seeds 1,2,3] [--seconds 120]

The stems bass, harmony and lead are added (drums, noises and drone are not tonal or not in the score). A constant-Q transform of 60
bins an octave from C2 to B6, A = 440 Hz; each bin belongs to the nearest semitone (+-50 cents). For each bar the energy in the
pitch classes of its scale and of its borrowed chord tones is divided by all energy.

Short and low notes are blurred by the transform, which is no fault of the music: so the notes of the score are also played with pure
tones, each stem as strong as its own, and the share divided by that of the pure tones must be at least .95. A wrong note would be in
both: so every note must have a declared pitch. The partials 5, 7 and 11 of a tone are in the share: a bright sound has a lower one
with the same notes.
"""

import argparse
import sys
import tempfile

import librosa
import numpy as np

import audio
import render

LEAST = 0.95
TONAL = ("bass", "harmony", "lead")
RISE, FALL = 0.01, 0.05
"""Seconds in which a tone of the reference begins and ends."""


def tones(score, frames):
    """The stems of the score with pure tones, as loud as the instruments: velocity to the power of 1.5."""
    stems = {name: np.zeros(frames) for name in TONAL}
    for bar, note in score.pitched(TONAL):
        begin = bar["at"] + (note["start"] - bar["start"]) * bar["beat"] + note["late_ms"] / 1000.0
        first, count = max(0, int(begin * audio.RATE)), int((note["length"] * bar["beat"] + FALL) * audio.RATE)
        room = min(count, frames - first)
        if room <= 0:
            continue
        time = np.arange(count) / audio.RATE
        hertz = 440.0 * 2.0 ** ((note["pitch"] - 69.0) / 12.0)
        tone = np.sin(2.0 * np.pi * hertz * time)
        tone *= np.clip(time / RISE, 0.0, 1.0) * np.clip((time[-1] - time) / FALL, 0.0, 1.0)
        stems[note["stem"]][first : first + room] += (note["velocity"] ** 1.5 * tone)[:room]
    return stems


def pure_share(stems, score):
    """The share of the notes of a score with pure tones; each stem has the power of the rendered one."""
    frames = min(stem.shape[1] for stem in stems.values())
    total = np.zeros(frames)
    for name, tone in tones(score, frames).items():
        total += tone * np.sqrt((stems[name][:, :frames] ** 2).mean() / ((tone**2).mean() + 1e-20))
    return share(np.stack([total, total]), score)[0]


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
    missed = 0
    for seed in arguments.seeds.split(","):
        with tempfile.TemporaryDirectory() as folder:
            _, score, stems = render.run(
                arguments.binary, folder, arguments.seconds, stems=True, style=arguments.style, seed=seed
            )
        tonal = sum(stems[name] for name in TONAL)
        value, bars = share(tonal, score)
        pure = pure_share(stems, score)
        declared = score.summary()["share of notes in scale or borrowed (1)"]
        missed += value < LEAST * pure or declared < 1.0
        single = {name: share(stems[name], score)[0] for name in TONAL}
        low = sorted(range(len(bars)), key=bars.__getitem__)[:3]
        print(f"seed {seed}: {value:.4f}, pure tones {pure:.4f}, ratio {value / pure:.4f} (>= {LEAST}), declared notes {declared:.4f} (1);"
              f" {({n: round(v, 4) for n, v in single.items()})};"
              f" lowest bars {[(bar, round(bars[bar], 3)) for bar in low]}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
