"""M22: whether the lead keeps to its raga.

`measure(score, ragas)` takes the tables of ragas.toml. Degrees are semitones above Sa. A step up is allowed from each degree of the ascent
to any later one, and where a phrase of the raga has it: Khamaj ascends with the natural Ni, and its phrase Dha ni Dha has the flat one.
"""

import pathlib
import tomllib

import numpy as np

import notes


def read(folder):
    """The ragas of a vocabulary folder, by name."""
    return tomllib.loads((pathlib.Path(folder) / "ragas.toml").read_text())["raga"]


def _classes(row):
    return {degree % 12 for degree in row}


def find(score, known):
    """The name of the raga whose degrees the score declares in most bars, and which its name contains if several have the same."""
    votes = {}
    for bar in score.bars:
        tonic = notes.tonic(bar["scale_name"])
        degrees = {(tone - tonic) % 12 for tone in bar["scale"]}
        for name, raga in known.items():
            if degrees == _classes([*raga["up"], *raga["down"], *sum(raga["phrases"], [])]):
                named = raga["name"].lower() in bar["scale_name"].lower()
                votes[name] = votes.get(name, 0.0) + 1.0 + named
    return max(votes, key=votes.get) if votes else None


def measure(score, known):
    """The measures of one piece with one raga."""
    name = find(score, known)
    if name is None:
        return {"M22": "no raga has the scale of the score"}
    raga = known[name]
    allowed = _classes([*raga["up"], *raga["down"], *sum(raga["phrases"], [])])
    lead = [
        (note["start"], note["length"], round(note["pitch"]) - notes.tonic(bar["scale_name"]))
        for bar, note in score.pitched(("lead",))
    ]
    lead.sort()
    spans = np.array([length for _, length, _ in lead])
    degrees = np.array([degree % 12 for _, _, degree in lead])
    rests = [a[0] + a[1] + 2.0 < b[0] for a, b in zip(lead, lead[1:])]
    pairs = [(a[2], b[2]) for (a, b), rest in zip(zip(lead, lead[1:]), rests) if not rest]
    up = [(a, b) for a, b in pairs if b > a]
    legal = _bigrams(raga["up"]) | _steps_of(raga["phrases"])
    home = {0, raga["vadi"] % 12, raga["samvadi"] % 12}
    quoted = _quoted([degree for _, _, degree in lead], raga["phrases"])
    return {
        "raga": name,
        "M22 share of forbidden degrees (0)": round(float(np.mean([degree not in allowed for degree in degrees])), 3),
        "M22 ascents by the row of the ascent (>= .97)": round(float(np.mean([(a % 12, b % 12) in legal for a, b in up])), 3) if up else None,
        "M22 time on vadi, samvadi and Sa (>= .45)": round(float(spans[[degree in home for degree in degrees]].sum() / spans.sum()), 3),
        "M22 steps inside a phrase of the raga (>= .30)": round(quoted, 3),
    }


def _bigrams(row):
    """Steps up that a row allows, as pitch classes: from each degree to the next one or to one after that."""
    row = sorted(set(row))
    steps = set()
    for index, degree in enumerate(row):
        steps |= {(degree % 12, other % 12) for other in row[index + 1 :]}
    return steps


def _steps_of(phrases):
    """The steps up in phrases, as pitch classes."""
    return {(a % 12, b % 12) for phrase in phrases for a, b in zip(phrase, phrase[1:]) if b > a}


def _quoted(degrees, phrases):
    """The share of the steps that are part of three notes in a row of a phrase, in any octave."""
    threes = {tuple(phrase[i : i + 3]) for phrase in phrases for i in range(len(phrase) - 2)}
    # Degrees are counted from the lowest Sa that a note can have.
    threes = {tuple(degree + 12 * octave for degree in three) for three in threes for octave in range(-2, 11)}
    inside = np.zeros(max(0, len(degrees) - 1), dtype=bool)
    for i in range(len(degrees) - 2):
        if tuple(degrees[i : i + 3]) in threes:
            inside[i : i + 2] = True
    return float(inside.mean()) if len(inside) else 0.0
