"""Checks that each word of the vocabulary moves the sound as its entry says, against `neutral` with the same seed.

    prompts.py BINARY VOCABULARY_FOLDER [--style lofi] [--seed 1] [--seconds 40] [--words sad,happy]

An entry has `moves`: what the word must change, with its sign. Each of them has a measure of the sound or of the score:

    bpm         the tempo of the score, in per cent
    density     onsets a second of the sound
    brightness  the centroid of the sound
    arousal     tempo in per cent plus onsets a second in per cent plus centroid in per cent
    valence     the brightness of the mode: the sum of the degrees of the scale above its tonic
    register    the mean pitch of the harmony and the lead
    reverb      the level after the end of notes is not measured: skipped
    swing, meter, mode, style, instrument, raga   read from the score
    louder, quieter, mutes   the loudness of the stem relative to the mix
    noise       the loudness of the stem texture
    medium      the share of the treble (high-cut), side over mid (mono)

The exit code is 1 when a word moves the other way or not at all.
"""

import argparse
import pathlib
import sys
import tempfile
import tomllib

import numpy as np

import audio
import measures
import notes
import render
import sound

NUMBERS = ("bpm", "density", "brightness", "arousal", "valence", "register")


def entries(folder):
    """word -> moves, of all files of the vocabulary."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.toml")):
        for group in tomllib.loads(path.read_text()).values():
            if isinstance(group, dict):
                for word, entry in group.items():
                    if isinstance(entry, dict) and "moves" in entry:
                        found[word] = entry["moves"]
    return found


def observe(binary, prompt, arguments):
    """All measures of one rendering."""
    with tempfile.TemporaryDirectory() as folder:
        stereo, score, stems = render.run(
            binary, folder, arguments.seconds, stems=True, seed=arguments.seed, prompt=prompt, style=arguments.style
        )
    features = measures.Features(stereo)
    pitches = [note["pitch"] for _, note in score.pitched(("harmony", "lead"))]
    full = audio.loudness(stereo)["lufs"]
    shares, _ = measures.bands(stereo)
    bar = score.bars[len(score.bars) // 2]
    tonic = notes.tonic(bar["scale_name"])
    return {
        "bpm": score.bpm,
        "density": measures.onsets_per_second(features),
        "brightness": measures.centroid(features),
        "valence": float(sum((degree - tonic) % 12 for degree in bar["scale"])) / max(1, len(bar["scale"])),
        "register": float(np.mean(pitches)) if pitches else 0.0,
        "treble": shares[4],
        "side_mid": sound.stereo_width(stereo)["side_mid"],
        "stems": {name: audio.loudness(part)["lufs"] - full for name, part in stems.items()},
        "mode": bar["scale_name"],
        "meter": score.beats_per_bar,
        "instruments": sorted({note["instrument"] for each in score.bars for note in each["notes"]}),
    }


def moved(name, wanted, base, value):
    """(passed or None when it is not measured, text)."""
    if name == "arousal":
        parts = [value[key] / max(base[key], 1e-9) - 1.0 for key in ("bpm", "density", "brightness")]
        return sum(parts) * wanted > 0.0, f"{100 * sum(parts):+.0f} %"
    if name in NUMBERS:
        change = value[name] - base[name]
        return change * wanted > 0.0, f"{base[name]:.3g} -> {value[name]:.3g}"
    if name in ("louder", "noise"):
        stem = "texture" if name == "noise" else wanted
        change = value["stems"].get(stem, -90.0) - base["stems"].get(stem, -90.0)
        return change > 0.3, f"{stem} {change:+.1f} LU"
    if name == "quieter":
        change = value["stems"].get(wanted, -90.0) - base["stems"].get(wanted, -90.0)
        return change < -0.3, f"{wanted} {change:+.1f} LU"
    if name == "mutes":
        level = value["stems"].get(wanted, -90.0)
        return not level > -60.0, f"{wanted} {level:.0f} LU"
    if name == "medium" and wanted == "high-cut":
        return value["treble"] < base["treble"], f"treble {base['treble']:.1f} -> {value['treble']:.1f} dB"
    if name == "medium" and wanted == "mono":
        return value["side_mid"] < -40.0, f"side/mid {value['side_mid']:.0f} dB"
    if name == "mode":
        return str(wanted) in value["mode"].lower(), value["mode"]
    if name == "meter":
        return abs(value["meter"] - wanted) < 0.01, f"{value['meter']:g}"
    if name == "instrument":
        plain = str(wanted).replace("-", "").lower()
        return plain in [each.lower() for each in value["instruments"]], str(wanted)
    return None, "not measured"


def main():
    parser = argparse.ArgumentParser(description="Checks that each word of the vocabulary moves the sound.")
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--style", default=None)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--words", help="only these, with commas between them")
    arguments = parser.parse_args()
    words = entries(arguments.folder)
    if arguments.words:
        words = {word: words[word] for word in arguments.words.split(",")}
    base = observe(arguments.binary, "neutral", arguments)
    counts = {True: 0, False: 0, None: 0}
    for word, moves in words.items():
        value = observe(arguments.binary, word.replace("-", " "), arguments)
        for name, wanted in moves.items():
            ok, text = moved(name, wanted, base, value)
            counts[ok] += 1
            print(f"{word:16} {name:11} {wanted!s:>12}  {text:28} {'' if ok is None else 'ok' if ok else 'MISS'}", flush=True)
    print(f"{counts[True]} moves as declared, {counts[False]} not, {counts[None]} not measured")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
