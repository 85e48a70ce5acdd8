"""Measures every style over many seeds and densities.

    styles.py BINARY [--style lofi]... [--seeds 1-20] [--densities 0.2,0.5,0.8] [--seconds 180] [--jobs N] [--json FILE]

Renders each combination, measures all windows of 90 s against the gate of the style, and the loudness of windows of 60 s that begin
every 20 s. A style passes when 80 % of its windows pass and the median of every measure is inside its range. The exit code is 1 when
a style fails.
"""

import argparse
import concurrent.futures
import json
import pathlib
import sys
import tempfile

import numpy as np

import audio
import gates
import piece
import render


def numbers(text):
    """The seeds of a text such as `1-20` or `3,5`."""
    parts = [part.partition("-") for part in text.split(",")]
    return [seed for low, _, high in parts for seed in range(int(low), int(high or low) + 1)]


def minute_levels(stereo, step=20.0):
    """The loudness in LUFS of all windows of 60 s that begin every `step` seconds."""
    frames, step = int(60 * audio.RATE), int(step * audio.RATE)
    starts = range(0, max(1, stereo.shape[1] - frames + 1), step)
    return [audio.loudness(stereo[:, start : start + frames])["lufs"] for start in starts]


def measure(job):
    """Renders and measures one combination of style, seed and density."""
    binary, style, seed, density, seconds = job
    with tempfile.TemporaryDirectory() as folder:
        stereo, score, _ = render.run(binary, folder, seconds, style=style, seed=seed, density=density)
        windows = [piece.measure(window) for window in audio.windows(stereo)]
        return {
            "style": style,
            "seed": seed,
            "density": density,
            "windows": windows,
            "misses": [gates.misses(window, gates.GATES[style]) for window in windows],
            "minutes": minute_levels(stereo),
            "true_peak": audio.loudness(stereo, peaks=True)["true_peak"],
            "score": score.summary(),
        }


def table(style, results):
    """The lines of the report about one style, and whether it passes."""
    windows = [window for result in results for window in result["windows"]]
    missed = [names for result in results for names in result["misses"]]
    passed = sum(len(names) <= gates.ALLOWED_MISSES for names in missed)
    ok = passed >= 0.8 * len(windows)
    lines = [f"{style}: {passed} of {len(windows)} windows pass"]
    for title, gate in (("music", gates.GATES[style]), ("sound", gates.SOUND[style])):
        for name, limits in gate.items():
            values = np.array([window[name] for window in windows])
            inside = sum(gates.inside(value, limits) for value in values)
            q1, median, q3 = np.percentile(values, [25, 50, 75])
            good = gates.inside(median, limits)
            ok &= good or title != "music"
            lines.append(
                f"  {title:5} {name:18} {limits[0]:7g} to {limits[1]:7g}   min {values.min():8.3f}  quartiles {q1:8.3f} {median:8.3f} {q3:8.3f}"
                f"  max {values.max():8.3f}   {inside:3} of {len(values)} inside {'' if good else 'MEDIAN OUTSIDE'}"
            )
    minutes = np.array([level for result in results for level in result["minutes"]])
    within = np.mean(np.abs(minutes + 18.0) <= 1.0)
    peak = max(result["true_peak"] for result in results)
    lines.append(f"  loudness of a minute: {minutes.min():.1f} to {minutes.max():.1f} LUFS, median {np.median(minutes):.1f}, {within:.0%} within -18 +-1")
    lines.append(f"  largest true peak {peak:.1f} dBTP")
    for result in results:
        texts = [", ".join(names) or "none" for names in result["misses"]]
        lines.append(f"  seed {result['seed']} density {result['density']}: misses " + "; ".join(texts) + f"; {np.mean(result['minutes']):.1f} LUFS")
    return lines, ok


def main():
    parser = argparse.ArgumentParser(description="Measures every style over many seeds and densities.")
    parser.add_argument("binary", type=pathlib.Path, help="the program music-generator")
    parser.add_argument("--style", action="append", choices=gates.STYLES, help="a style; all of them when left out")
    parser.add_argument("--seeds", type=numbers, default=numbers("1-20"), help="for example 1-20 or 3,5")
    parser.add_argument("--densities", default="0.2,0.5,0.8", help="for example 0.2,0.5,0.8")
    parser.add_argument("--seconds", type=int, default=180, help="the length of each piece")
    parser.add_argument("--jobs", type=int, default=1, help="how many pieces are measured at once")
    parser.add_argument("--json", type=pathlib.Path, help="write all values to this file")
    arguments = parser.parse_args()
    densities = [float(text) for text in arguments.densities.split(",")]
    everything, good = [], True
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        for style in arguments.style or gates.STYLES:
            jobs = [(arguments.binary, style, seed, density, arguments.seconds) for seed in arguments.seeds for density in densities]
            results = []
            for result in pool.map(measure, jobs):
                results.append(result)
                print(f"{style}: {len(results)} of {len(jobs)}", end="\r", file=sys.stderr, flush=True)
            lines, ok = table(style, results)
            print("\n".join(lines), flush=True)
            everything += results
            good &= ok
    if arguments.json:
        arguments.json.write_text(json.dumps(everything, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
