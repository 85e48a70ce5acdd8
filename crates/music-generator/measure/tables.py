"""The measures of the notes, of harmony, of timing and of drum hits, for each style and seed.

    tables.py BINARY [--styles lofi,house] [--seeds 1,2] [--seconds 180] [--vocabulary FOLDER]

M4 to M6, M10 to M14, M20, M23, and M22 for the Indian style when the folder of the vocabulary is given.
"""

import argparse
import sys
import tempfile

import heard
import hits
import ragas
import render
import sound
import tension


def main():
    parser = argparse.ArgumentParser(description="Prints the measures of the notes.")
    parser.add_argument("binary")
    parser.add_argument("--styles", default=",".join(heard.STYLES))
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--vocabulary")
    arguments = parser.parse_args()
    for style in arguments.styles.split(","):
        for seed in arguments.seeds.split(","):
            with tempfile.TemporaryDirectory() as folder:
                stereo, score, stems = render.run(
                    arguments.binary, folder, arguments.seconds, stems=True, style=style, seed=seed
                )
            bar = score.bars[0]["seconds"]
            rows = score.summary() | tension.tension(score) | tension.chords(score)
            rows["M10 passages of 4 bars"] = sound.equal_passages(stereo, bar)
            rows["M20 notes, mean ms, deviation ms, correlation"] = hits.microtiming(score, style in ("piano", "cinematic"))
            rows["M23 likeness of hits (< .995)"] = hits.likeness(stems["drums"], score)
            if style == "indian-lofi" and arguments.vocabulary:
                rows |= ragas.measure(score, ragas.read(arguments.vocabulary))
            print(f"{style}, seed {seed}")
            for name, value in rows.items():
                print(f"  {name}: {round(value, 3) if isinstance(value, float) else value}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
