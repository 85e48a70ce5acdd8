"""Microtiming from the notes (M20), and how alike the hits of a drum are (M23).

`microtiming(score)` gives for each voice: notes, mean in milliseconds behind the grid, deviation, correlation of neighbours.
"""

import collections

import numpy as np

import stems


def microtiming(score, slow=False):
    """M20. The notes on the grid of eighths, which no swing moves; of a chord its first note. `slow` removes what all voices share:
    a tempo that breathes, as the mean of the lateness within two beats."""
    voices = collections.defaultdict(dict)
    for bar in score.bars:
        for note in bar["notes"]:
            step = (note["start"] - bar["start"]) * 2.0
            if abs(step - round(step)) < 1e-3:
                key = (note["stem"], note["instrument"])
                known = voices[key].get(note["start"], np.inf)
                voices[key][note["start"]] = min(known, note["late_ms"])
    if slow:
        every = sorted((start, late) for notes in voices.values() for start, late in notes.items())
        starts, lates = map(np.array, zip(*every))
        for notes in voices.values():
            for start in notes:
                notes[start] -= lates[np.abs(starts - start) <= 2.0].mean()
    table = {}
    for (stem, instrument), notes in sorted(voices.items()):
        late = np.array([notes[start] for start in sorted(notes)])
        if len(late) >= 16:
            centred = late - late.mean()
            power = (centred**2).sum()
            lag = float((centred[1:] * centred[:-1]).sum() / power) if power > 1e-9 else 0.0
            table[f"{stem} {instrument}"] = (len(late), round(float(late.mean()), 1), round(float(late.std()), 1), round(lag, 2))
    return table


def likeness(drums, score):
    """M23 of each drum: the median correlation of successive hits; below .995."""
    names = {note["instrument"] for bar in score.bars for note in bar["notes"] if note["stem"] == "drums"}
    values = {name: stems.hit_likeness(drums, score, name) for name in sorted(names)}
    return {name: round(value, 4) for name, value in values.items() if value is not None}
