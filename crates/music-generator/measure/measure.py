"""Measures pieces of music against the ranges of a style.

    measure.py --style lofi FILE... [--stems DIR] [--notes notes.json] [--bpm N] [--json] [--picture DIR] [--whole]

Prints a table: measure, value, range, pass, and the same measure of real pieces. The exit code is 1 when a gate fails.
"""

import argparse
import json
import pathlib
import sys

import numpy as np

import audio
import gates
import notes as score
import piece
import references
import sound
import stems as stem_table


def windows_of(stereo, whole):
    """The windows that are measured: 90 s from the middle, or all of the piece in windows of 90 s."""
    return audio.windows(stereo) if whole else [audio.middle(stereo)]


def row(name, value, limits, real):
    """One line of the table."""
    low, high = limits
    text = f"{low:g} to {high:g}" if np.isfinite(low) and np.isfinite(high) else (f"<= {high:g}" if np.isfinite(high) else f">= {low:g}")
    mark = "ok" if gates.inside(value, limits) else "MISS"
    return f"  {name:18} {value:9.3f}  {text:>16}  {mark:5} {real}"


def read_stems(folder):
    """The files drums.wav, bass.wav ... of a folder."""
    return {name: audio.read(path) for name in stem_table.NAMES for path in sorted(pathlib.Path(folder).glob(f"{name}.wav"))}


def report(path, arguments):
    """Measures one file and prints its table. Returns (passed, dictionary)."""
    style = arguments.style
    stereo = audio.read(path)
    known = score.read(arguments.notes) if arguments.notes else None
    bpm = arguments.bpm or (known.bpm if known else None)
    stems = read_stems(arguments.stems) if arguments.stems else None
    results = [piece.measure(window) for window in windows_of(stereo, arguments.whole)]
    median = {name: float(np.median([r[name] for r in results])) for name, value in results[0].items() if isinstance(value, (int, float))}
    if stems and "texture" in stems:
        # Crackle and drops of rain are clicks on purpose.
        dry = stereo - audio.fit(stems["texture"], stereo.shape[1])
        median["clicks"], median["breaks"] = len(sound.clicks(dry)), len(sound.breaks(dry))
    passed = [gates.passes(result, style) for result in results]
    ok = np.mean(passed) >= 0.8
    lines = [f"{path}", f" gate of {style}: {sum(passed)} of {len(passed)} windows pass"]
    groups = (("music", gates.GATES[style]), ("sound", gates.SOUND[style]), ("common", gates.COMMON))
    for title, gate in groups:
        lines.append(f" {title}")
        lines += [row(name, median[name], limits, references.text(style, name)) for name, limits in gate.items()]
    keys = ", ".join(f"{result['key']} {result['in_key']:.2f}" for result in results)
    whole = audio.loudness(stereo)
    lines.append(f" key and share in key: {keys}; whole piece {whole['lufs']:.1f} LUFS, LRA {whole['lra']:.1f} LU")
    wrong = {number: gates.misses(result, gates.GATES[style]) for number, result in enumerate(results)}
    lines.append(" misses of each window: " + "; ".join(f"{number + 1}: {', '.join(names) or 'none'}" for number, names in wrong.items()))
    extra = {}
    if bpm:
        features = piece.measures.Features(audio.middle(stereo, 60.0))
        extra["tempo"] = sound.tempo(features, bpm)
        beats = known.beats_per_bar if known else 4.0
        extra["passages"] = sound.equal_passages(stereo, beats * 60.0 / bpm)
        lines.append(f" tempo {bpm:g}: Ellis, aubio {extra['tempo']}")
        lines.append(f" passages of 4 bars: {extra['passages']} (largest <= .98, no equal bars)")
    if known:
        extra["score"] = known.summary()
        lines.append(" score " + json.dumps(extra["score"]))
    if stems:
        text, extra["stems"] = stem_table.table(stems, stereo, style)
        lines += text
        if known and "drums" in stems:
            hits = {name: stem_table.hit_likeness(stems["drums"], known, name) for name in ("Kick", "Snare", "HatClosed")}
            lines.append(f" successive hits of one drum, correlation (< .995): {hits}")
            extra["hits"] = hits
    if arguments.picture:
        import pictures

        folder = pathlib.Path(arguments.picture)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / (pathlib.Path(path).stem + ".png")
        pictures.draw(target, f"{pathlib.Path(path).name} ({style})", stereo, stems)
        lines.append(f" picture: {target}")
    if not arguments.json:
        print("\n".join(lines), flush=True)
    return ok, {"file": str(path), "passed": bool(ok), "windows": results, "median": median, **extra}


def main():
    parser = argparse.ArgumentParser(description="Measures pieces of music against the ranges of a style.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--style", required=True, choices=gates.STYLES)
    parser.add_argument("--stems", help="folder with drums.wav, bass.wav, harmony.wav, lead.wav, texture.wav")
    parser.add_argument("--notes", help="the score, as music-generator writes it")
    parser.add_argument("--bpm", type=float, help="the tempo, if there is no score")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--picture", metavar="DIR", help="write a PNG of each piece")
    parser.add_argument("--whole", action="store_true", help="measure windows of 90 s over the whole piece")
    arguments = parser.parse_args()
    results = [report(path, arguments) for path in arguments.files]
    if arguments.json:
        print(json.dumps([result for _, result in results], indent=1))
    return 0 if all(ok for ok, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
