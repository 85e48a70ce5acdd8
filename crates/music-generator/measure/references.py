"""Real pieces to compare with.

    references.py add GROUP FILE...    measures pieces and adds them to references.json (GROUP: downtempo, ambient, ...)
    references.py table                writes the tables of references.md from references.json
    references.py check                counts the pieces that pass the gate of their style, and the misses of the bad clips

A piece is measured in its middle 90 s. references.json holds only numbers, no music.
"""

import json
import pathlib
import sys

import numpy as np

import audio
import bad_clips
import gates
import piece

FILE = pathlib.Path(__file__).with_name("references.json")
GROUPS = {
    "lofi": "downtempo", "indian-lofi": "downtempo", "ambient": "ambient", "cinematic": "cinematic", "house": "electronic",
    "piano": "piano",
}
SHOWN = {
    "downtempo": ("rybky07", "peace2"),
    "ambient": ("ambient4", "waves"),
    "cinematic": ("journeys_end", "nunc_dimittis"),
    "electronic": ("tt1", "automat"),
    "piano": ("polonaise_op1n1", "polonaise_op1n2"),
}
COLUMNS = (
    "periodicity", "interval_entropy", "repetition", "onset_similarity", "novelty_peaks", "chroma_change", "onsets_per_second", "in_key",
    "20-60 Hz", "60-250 Hz", "250-2k Hz", "2k-6k Hz", "6k-20k Hz", "slope", "centroid", "side_mid", "correlation", "lufs", "lra", "crest",
)


def load():
    """All measured pieces: group -> name -> measures."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


_loaded = load()


def text(style, name):
    """The values of one measure in two real pieces, for the table of measure.py."""
    pieces = _loaded.get(GROUPS[style], {})
    shown = [(piece_name, pieces[piece_name]) for piece_name in SHOWN[GROUPS[style]] if piece_name in pieces]
    return ", ".join(f"{piece_name} {values[name]:.3g}" for piece_name, values in shown if name in values)


def add(group, files):
    """Measures pieces and writes them to the file."""
    data = load()
    for path in files:
        values = piece.measure(audio.middle(audio.read(path)))
        values.pop("click_times")
        kept = {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}
        data.setdefault(group, {})[pathlib.Path(path).stem] = kept
        FILE.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")
        print(group, pathlib.Path(path).stem, flush=True)


def quartiles(pieces, name):
    """First quartile, median and third quartile of a measure, as text."""
    values = [values[name] for values in pieces.values()]
    if name in ("side_mid", "correlation"):
        # Pieces that are mono say nothing about width.
        values = [v[name] for v in pieces.values() if v["side_mid"] > -60.0] or values
    return " ".join(f"{value:.3g}" for value in np.percentile(values, (25, 50, 75)))


def tables():
    """The tables of references.md."""
    data = load()
    lines = ["| measure | " + " | ".join(f"{group} ({len(pieces)})" for group, pieces in data.items()) + " |"]
    lines.append("|---" * (1 + len(data)) + "|")
    lines += [f"| {name} | " + " | ".join(quartiles(pieces, name) for pieces in data.values()) + " |" for name in COLUMNS]
    for group, pieces in data.items():
        lines += ["", f"### {group}", "", "| piece | " + " | ".join(COLUMNS) + " |", "|---" * (1 + len(COLUMNS)) + "|"]
        for name, values in pieces.items():
            lines.append(f"| {name} | " + " | ".join(f"{values[column]:.3g}" for column in COLUMNS) + " |")
    return "\n".join(lines)


def write_tables():
    """Replaces what follows the heading Measures in references.md."""
    page = FILE.with_suffix(".md")
    mark = "## Measures"
    page.write_text(page.read_text().split(mark)[0] + mark + "\n\n" + tables() + "\n")


def check():
    """Prints how many real pieces pass, and fails when a bad clip does."""
    data = load()
    for style, group in GROUPS.items():
        pieces = data.get(group, {})
        good = [name for name, values in pieces.items() if gates.passes(values, style)]
        print(f"{style}: {len(good)} of {len(pieces)} real pieces pass ({group})")
    escaped = 0
    for name, make in bad_clips.CLIPS.items():
        values = piece.measure(make())
        counts = {style: len(gates.misses(values, gate)) for style, gate in gates.GATES.items()}
        escaped += sum(count <= gates.ALLOWED_MISSES for count in counts.values())
        print(f"bad clip, {name}: misses {counts}", flush=True)
    return 1 if escaped else 0


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "add":
        add(sys.argv[2], sys.argv[3:])
    elif sys.argv[1:] == ["table"]:
        write_tables()
    elif sys.argv[1:] == ["check"]:
        sys.exit(check())
    else:
        sys.exit(__doc__)
