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


def windows_of(stereo, whole):
    """The windows that are measured: 90 s from the middle, or all of the piece in windows of 90 s."""
    return audio.windows(stereo) if whole else [audio.middle(stereo)]


def row(name, value, limits, real):
    """One line of the table."""
    low, high = limits
    text = f"{low:g} to {high:g}" if np.isfinite(low) and np.isfinite(high) else (f"<= {high:g}" if np.isfinite(high) else f">= {low:g}")
    mark = "ok" if gates.inside(value, limits) else "MISS"
    return f"  {name:18} {value:9.3f}  {text:>16}  {mark:5} {real}"


def stem_levels(folder, whole):
    """The loudness of each stem minus that of the mix, in LU, for the files drums.wav, bass.wav ... in a folder."""
    full = audio.loudness(whole)["lufs"]
    found = {}
    for name in ("drums", "bass", "harmony", "lead", "texture"):
        files = sorted(pathlib.Path(folder).glob(f"*{name}*.wav"))
        if files:
            found[name] = audio.read(files[0])
    return found, {name: audio.loudness(stereo)["lufs"] - full for name, stereo in found.items()}


def report(path, arguments):
    """Measures one file and prints its table. Returns (passed, dictionary)."""
    style = arguments.style
    stereo = audio.read(path)
    known = score.read(arguments.notes) if arguments.notes else None
    bpm = arguments.bpm or (known.bpm if known else None)
    results = [piece.measure(window) for window in windows_of(stereo, arguments.whole)]
    median = {name: float(np.median([r[name] for r in results])) for name, value in results[0].items() if isinstance(value, (int, float))}
    passed = [gates.passes(result, style) for result in results]
    ok = np.mean(passed) >= 0.8
    lines = [f"{path}", f" gate of {style}: {sum(passed)} of {len(passed)} windows pass"]
    groups = (("music", gates.GATES[style]), ("sound", gates.SOUND[style]), ("common", gates.COMMON))
    for title, gate in groups:
        lines.append(f" {title}")
        lines += [row(name, median[name], limits, references.text(style, name)) for name, limits in gate.items()]
    times = [round(time, 3) for time in results[0]["click_times"]]
    lines.append(f" key: {results[0]['key']}, in key {median['in_key']:.3f}; LRA {median['lra']:.1f} LU; click times {times}")
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
    stems = None
    if arguments.stems:
        stems, relative = stem_levels(arguments.stems, stereo)
        extra["stems"] = relative
        lines.append(" stems, LU relative to the mix")
        for name, value in relative.items():
            if name in gates.STEMS[style]:
                target = gates.STEMS[style][name]
                lines.append(row(name, value, (target - gates.STEM_TOLERANCE, target + gates.STEM_TOLERANCE), ""))
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
