"""Measures of harmony from the notes: tension (M11), roughness (M12), voice leading (M13).

`python tension.py notes.json` prints them. The notes are those of `music-generator render --json`.
"""

import itertools
import json
import sys

import numpy as np
import scipy.optimize

import notes

RISE = np.sqrt(2.0 / 15.0)
"""How far a fifth rises in the spiral array when its radius is 1 (Chew 2000)."""
WEIGHTS = (0.536, 0.274, 0.19)
"""Of root, fifth and third of a triad, and of the three triads of a key (Chew 2000)."""


def place(fifths):
    """The place of a pitch in the spiral array; `fifths` counts fifths from the tonic."""
    return np.array([np.sin(fifths * np.pi / 2.0), np.cos(fifths * np.pi / 2.0), fifths * RISE])


def fifths_of(pitch_class, tonic):
    """The steps on the line of fifths from the tonic, -5 to 6: the usual spelling."""
    return (((pitch_class - tonic) * 7 + 5) % 12) - 5


def key_centre(minor):
    """The centre of a key whose tonic is at 0."""

    def triad(root, third):
        return WEIGHTS[0] * place(root) + WEIGHTS[1] * place(root + 1) + WEIGHTS[2] * place(root + third)

    third = -3 if minor else 4
    return WEIGHTS[0] * triad(0, third) + WEIGHTS[1] * triad(1, 4) + WEIGHTS[2] * triad(-1, third)


def clouds(score, stems=("bass", "harmony", "lead")):
    """Of each chord: bar, chord, and the places of its notes, weighted by how long they sound in it."""
    every = sorted(((note["start"], note["start"] + note["length"], note["pitch"]) for _, note in score.pitched(stems)))
    for bar in score.bars:
        tonic = notes.tonic(bar["scale_name"])
        for chord in bar["chords"]:
            start, end = chord["start"], chord["start"] + chord["length"]
            weights = {}
            for first, last, pitch in every:
                if first >= end:
                    break
                span = min(last, end) - max(first, start)
                if span > 0.05:
                    steps = fifths_of(round(pitch) % 12, tonic)
                    weights[steps] = weights.get(steps, 0.0) + span
            if weights:
                yield bar, chord, weights


def tension(score):
    """M11 (Herremans & Chew 2016): diameter of the cloud, momentum from cloud to cloud, tensile strain against the key.

    `falls` is the share of the cadences, chords on the tonic at the start of a fourth bar, at which the strain is lower than before.
    """
    rows, falls = [], []
    before = None
    for bar, chord, weights in clouds(score):
        points = np.stack([place(steps) for steps in weights])
        centre = np.average(points, axis=0, weights=list(weights.values()))
        diameter = max((np.linalg.norm(a - b) for a, b in itertools.combinations(points, 2)), default=0.0)
        tonic = notes.tonic(bar["scale_name"])
        minor = (tonic + 3) % 12 in bar["scale"]
        strain = np.linalg.norm(centre - key_centre(minor))
        moved = np.linalg.norm(centre - before[0]) if before is not None else 0.0
        rows.append((bar["number"], diameter, moved, strain))
        at_phrase = bar["number"] % 4 == 0 and abs(chord["start"] - bar["start"]) < 1e-6
        if before is not None and at_phrase and chord["root"] == tonic and before[2] != (chord["root"], bar["scale_name"]):
            falls.append(strain < before[1])
        before = (centre, strain, (chord["root"], bar["scale_name"]))
    values = np.array(rows)
    spreads = []
    for first in range(0, int(values[-1, 0]) - 7, 8):
        part = values[(values[:, 0] >= first) & (values[:, 0] < first + 8)]
        spreads.append(part[:, 1:].std(axis=0))
    mean, spread = values[:, 1:].mean(axis=0), np.array(spreads).min(axis=0) if spreads else np.zeros(3)
    return {
        "M11 diameter, momentum, strain": np.round(mean, 2).tolist(),
        "M11 least deviation of them over 8 bars (> 0)": np.round(spread, 3).tolist(),
        "M11 strain falls at cadences (>= .70)": (round(float(np.mean(falls)), 2), len(falls)) if falls else None,
    }


def roughness(pitches, partials=6, decay=0.88):
    """The roughness of sounding tones: all pairs of partials (Sethares 1993)."""
    tones = [(440.0 * 2 ** ((pitch - 69) / 12) * k, decay ** (k - 1)) for pitch in pitches for k in range(1, partials + 1)]
    frequency, level = map(np.array, zip(*tones))
    low = np.minimum.outer(frequency, frequency)
    apart = np.abs(np.subtract.outer(frequency, frequency)) * 0.24 / (0.0207 * low + 18.96)
    pairs = np.minimum.outer(level, level) * 5.0 * (np.exp(-3.51 * apart) - np.exp(-5.75 * apart))
    return float(np.triu(pairs, 1).sum())


def voicings(score):
    """The chords as they sound: of each change of the chord, the pitches of the harmony that begin in its first beat, else in all of
    it, of the instrument with the most of them; and the lowest pitch of the bass."""
    found, last = [], None
    for bar in score.bars:
        for chord in bar["chords"]:
            if chord["name"] == last:
                continue
            start, end = chord["start"], chord["start"] + chord["length"]
            sounding = [n for n in bar["notes"] if n["stem"] == "harmony" and start - 0.1 <= n["start"] < end]
            groups = {}
            for note in sounding:
                groups.setdefault(note["instrument"], []).append(note)
            voicing = []
            for group in groups.values():
                first = min(n["start"] for n in group)
                block = sorted({round(n["pitch"]) for n in group if n["start"] < first + 0.3})
                voicing = max(voicing, block, key=len)
            low = [round(n["pitch"]) for n in bar["notes"] if n["stem"] == "bass" and start - 0.1 <= n["start"] < end]
            if len(voicing) >= 3:
                found.append((voicing, low[0] if low else None))
                last = chord["name"]
    return found


def chords(score):
    """M12 and M13."""
    found = voicings(score)
    if len(found) < 4:
        return {"M12, M13": "fewer than 4 chords of three voices"}
    usual = roughness([60, 64, 67, 71])
    rough = [roughness(voicing) / usual for voicing, _ in found]
    low = sum(
        any(a < 43.35 and 0.5 < b - a < 6.5 for a, b in itertools.combinations(sorted(group), 2)) for group in _moments(score)
    )
    moves, leaps, parallels = [], [], []
    for (a, bass_a), (b, bass_b) in zip(found, found[1:]):
        cost = np.abs(np.subtract.outer(a, b))
        rows, columns = scipy.optimize.linear_sum_assignment(cost)
        moves.append(cost[rows, columns].sum())
        leaps.append(abs(b[-1] - a[-1]) > 5)
        if bass_a is not None and bass_b is not None and bass_a != bass_b:
            pairs = [(x, b[np.abs(np.array(b) - x).argmin()]) for x in a]
            parallels.append(any((x - bass_a) % 12 in (0, 7) and (x - bass_a) == (y - bass_b) and x != y for x, y in pairs))
    return {
        "M12 roughness, root maj7 at C4 = 1 (<= 1.3)": round(float(np.mean(rough)), 2),
        "M12 moments with an interval below a fifth under 100 Hz (0)": low,
        "M13 semitones a change (<= 6)": round(float(np.mean(moves)), 1),
        "M13 parallel perfects with the bass (< .05)": round(float(np.mean(parallels)), 3) if parallels else None,
        "M13 leaps of the top voice over 5 semitones (< .08)": round(float(np.mean(leaps)), 3),
        "chords": len(found),
    }


def _moments(score):
    """The pitches that sound at each half beat."""
    every = [(n["start"], n["start"] + n["length"], n["pitch"]) for _, n in score.pitched(("bass", "harmony"))]
    end = max(last for _, last, _ in every)
    for at in np.arange(0.25, end, 0.5):
        yield [pitch for first, last, pitch in every if first <= at < last]


if __name__ == "__main__":
    for file in sys.argv[1:]:
        piece = notes.read(file)
        print(json.dumps(tension(piece) | chords(piece), indent=1))
