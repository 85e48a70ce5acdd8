"""The score that `music-generator render --json` writes: bars, scales, notes; and the measures that need notes."""

import json
import pathlib

import numpy as np

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def tonic(scale_name):
    """The pitch class of the tonic in the name of a scale, as in `Bb dorian`."""
    word = scale_name.split()[0]
    return (LETTERS[word[0].upper()] + word.count("#") - word[1:].count("b")) % 12


class Score:
    """Bars with their place in seconds: `start`, `seconds`, `bpm`, `section`, `scale` (pitch classes), `borrowed`, `notes`."""

    def __init__(self, data):
        self.bars = []
        at = 0.0
        for bar in data["bars"]:
            beat = 60.0 / bar["bpm"]
            seconds = bar["length"] * beat
            borrowed = sorted({tone for chord in bar["chords"] for tone in chord["borrowed"]})
            notes = [note for note in bar["notes"] if note["from_density"] <= data.get("density", 1.0)]
            self.bars.append(bar | {"at": at, "seconds": seconds, "beat": beat, "borrowed": borrowed, "notes": notes})
            at += seconds
        self.bpm = float(np.median([bar["bpm"] for bar in self.bars]))
        self.beats_per_bar = float(np.median([bar["length"] for bar in self.bars]))

    def pitched(self, stems=("bass", "harmony", "lead")):
        """(bar, note) of all notes with a pitch."""
        return [(bar, note) for bar in self.bars for note in bar["notes"] if note["stem"] in stems]

    def summary(self):
        """Measures of the notes; the names are those of README.md."""
        pairs = self.pitched()
        classes = [round(note["pitch"]) % 12 for _, note in pairs]
        inside = [round(note["pitch"]) % 12 in bar["scale"] for bar, note in pairs]
        declared = [round(note["pitch"]) % 12 in [*bar["scale"], *bar["borrowed"]] for bar, note in pairs]
        lead = sorted((note["start"], note["start"] + note["length"], note["pitch"]) for _, note in self.pitched(("lead",)))
        keys = np.round([pitch for _, _, pitch in lead])
        steps = np.abs(np.diff(keys)) if len(keys) > 1 else np.zeros(1)
        return {
            "M4 pitch-class entropy, bits, 4 bars (2.2 to 2.9)": self._entropy(4),
            "M5 share of notes in the scale (.95)": float(np.mean(inside)) if inside else 1.0,
            "share of notes in scale or borrowed (1)": float(np.mean(declared)) if declared else 1.0,
            "M6 groove consistency of drums (.80 to .95)": self.groove(("drums",)),
            "M14 rests of the lead (.35 to .60)": self._rests(lead),
            "M14 repeat, step, third, fourth-fifth, larger": [
                float(np.mean((steps >= low) & (steps <= high))) for low, high in ((0, 0), (1, 2), (3, 4), (5, 7), (8, 99))
            ],
            "M14 range of the lead, semitones": float(np.ptp(keys)) if len(keys) else 0.0,
            "notes a bar": {s: round(self._count(s) / len(self.bars), 2) for s in ("drums", "bass", "harmony", "lead", "texture")},
            "equal passages of 4 bars": self.equal_passages(),
            "velocity deviation": {s: self._velocity(s) for s in ("drums", "bass", "harmony", "lead")},
            "sections": self.sections(),
            "notes": len(classes),
        }

    def _entropy(self, size):
        values = []
        for first in range(0, len(self.bars) - size + 1, size):
            group = self.bars[first : first + size]
            pitched = [note for bar in group for note in bar["notes"] if note["stem"] in ("bass", "harmony", "lead")]
            counts = np.bincount([round(note["pitch"]) % 12 for note in pitched], minlength=12)
            if counts.sum():
                share = counts[counts > 0] / counts.sum()
                values.append(float(-(share * np.log2(share)).sum()))
        return float(np.mean(values)) if values else 0.0

    def groove(self, stems):
        """M6. 1 minus the mean share of the 16 steps at which neighbouring bars differ; only bars with notes of these stems."""
        grids = []
        for bar in self.bars:
            grid = np.zeros(16, dtype=bool)
            for note in bar["notes"]:
                if note["stem"] in stems:
                    grid[min(15, int((note["start"] - bar["start"]) / bar["length"] * 16 + 1e-6))] = True
            grids.append(grid)
        pairs = [np.mean(a != b) for a, b in zip(grids, grids[1:]) if a.any() and b.any()]
        return float(1.0 - np.mean(pairs)) if pairs else 0.0

    def _rests(self, lead):
        if not lead:
            return 1.0
        grid = np.zeros(int(self.bars[-1]["start"] + self.bars[-1]["length"] + 1) * 8, dtype=bool)
        for start, end, _ in lead:
            grid[int(start * 8) : int(np.ceil(end * 8))] = True
        return float(1.0 - grid.mean())

    def _count(self, stem):
        return sum(note["stem"] == stem for bar in self.bars for note in bar["notes"])

    def _velocity(self, stem):
        values = [note["velocity"] for bar in self.bars for note in bar["notes"] if note["stem"] == stem]
        return round(float(np.std(values)), 3) if values else 0.0

    def equal_passages(self, bars=4):
        """M10 on notes: for each stem, passages of four bars with the same notes as an earlier one."""
        result = {}
        for stem in ("drums", "bass", "harmony", "lead"):
            contents = []
            for bar in self.bars:
                notes = [n for n in bar["notes"] if n["stem"] == stem]
                contents.append(tuple(sorted((round((n["start"] - bar["start"]) * 12), round(n["pitch"]), n["instrument"]) for n in notes)))
            seen, equal = set(), 0
            for first in range(len(contents) - bars + 1):
                window = tuple(contents[first : first + bars])
                if sum(not content for content in window) > 1:
                    continue
                equal += window in seen
                seen.add(window)
            result[stem] = equal
        return result

    def sections(self):
        """The sections as text: name, number of bars, scale."""
        parts = []
        for bar in self.bars:
            key = (bar["section"], bar["scale_name"])
            if parts and parts[-1][0] == key:
                parts[-1][1] += 1
            else:
                parts.append([key, 1])
        return ", ".join(f"{name} {count} ({scale})" for (name, scale), count in parts)


def read(path):
    """Reads a score."""
    return Score(json.loads(pathlib.Path(path).read_text()))
