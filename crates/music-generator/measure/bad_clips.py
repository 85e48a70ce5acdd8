"""Five clips that are not music, to test the tests: each must fail every gate.

    bad_clips.py FOLDER    writes them as WAV files
"""

import pathlib
import sys

import numpy as np

from audio import RATE, write

SECONDS = 90.0
SCALE = (0, 2, 3, 5, 7, 8, 10)


def _tone(note, seconds, level=0.2):
    """A plucked tone with four partials, in the key of a MIDI note number."""
    time = np.arange(int(seconds * RATE)) / RATE
    hertz = 440.0 * 2.0 ** ((note - 69) / 12)
    partials = sum(np.sin(2 * np.pi * hertz * k * time) / k**1.5 for k in (1, 2, 3, 4))
    attack = np.minimum(time / 0.005, 1.0)
    release = np.minimum((seconds - time) / 0.01, 1.0)
    return level * partials * attack * release * np.exp(-time / 0.35)


def _place(events, seconds=SECONDS):
    """The sum of (start in seconds, sound) as stereo."""
    out = np.zeros(int(seconds * RATE) + RATE)
    for start, sound in events:
        at = int(start * RATE)
        sound = sound[: max(0, len(out) - at)]
        out[at : at + len(sound)] += sound
    out = out[: int(seconds * RATE)]
    return np.stack([out, out])


def random_scale(seed=1):
    """Random notes of a minor scale on every 8th note at 90 quarter notes a minute."""
    dice = np.random.default_rng(seed)
    step = 60.0 / 90.0 / 2.0
    notes = [57 + SCALE[dice.integers(7)] + 12 * dice.integers(2) for _ in range(int(SECONDS / step))]
    return _place((i * step, _tone(note, step)) for i, note in enumerate(notes))


def exact_loop(seed=2):
    """Two bars of drums, bass and chords that repeat exactly, at 120 quarter notes a minute."""
    dice = np.random.default_rng(seed)
    step = 0.125
    events = []
    for bar, chord in enumerate(((45, 57, 60, 64), (41, 57, 60, 65))):
        for i in range(16):
            start = (bar * 16 + i) * step
            time = np.arange(int(0.1 * RATE)) / RATE
            if i % 4 == 0:
                events.append((start, 0.6 * np.sin(2 * np.pi * 55 * time) * np.exp(-time / 0.05)))
            if i % 2 == 0:
                events.append((start, 0.1 * dice.standard_normal(len(time)) * np.exp(-time / 0.02)))
            if i % 8 == 0:
                events += [(start, _tone(note, 8 * step, 0.12)) for note in chord]
    loop = _place(events, 4.0)
    return np.tile(loop, (1, int(SECONDS / 4.0) + 1))[:, : int(SECONDS * RATE)]


def random_chromatic(seed=3):
    """Random notes of all twelve at random times, 4 a second on average."""
    dice = np.random.default_rng(seed)
    starts = np.sort(dice.uniform(0, SECONDS - 1, int(4 * SECONDS)))
    return _place((start, _tone(dice.integers(40, 90), dice.uniform(0.1, 0.8), 0.15)) for start in starts)


def static_sines(_seed=4):
    """Three sines that do not change: 220, 330 and 440 Hz."""
    time = np.arange(int(SECONDS * RATE)) / RATE
    out = 0.1 * sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 330.0, 440.0))
    return np.stack([out, out])


def arpeggio(_seed=5):
    """A minor chord as an arpeggio of 16th notes at 120 quarter notes a minute, without end."""
    notes = (57, 60, 64, 69)
    return _place((i * 0.125, _tone(notes[i % 4], 0.125)) for i in range(int(SECONDS / 0.125)))


CLIPS = {
    "random notes of a scale on 8ths": random_scale,
    "exact loop of 2 bars": exact_loop,
    "random notes of all twelve": random_chromatic,
    "three static sines": static_sines,
    "arpeggio of 16ths": arpeggio,
}

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in CLIPS.items():
        write(folder / (name.replace(" ", "-") + ".wav"), make())
