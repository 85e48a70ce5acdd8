"""Runs the generator for the tests of this folder."""

import pathlib
import subprocess

import audio
import notes


def notes_of(binary, folder, seconds=60, **options):
    """The score alone, which takes a hundredth of the time."""
    path = pathlib.Path(folder) / "notes.json"
    command = [str(binary), "render", "--quiet", "--seconds", str(seconds), "--json", str(path)]
    for name, value in options.items():
        if value is not None:
            command += ["--" + name.replace("_", "-"), str(value)]
    subprocess.run(command, check=True)
    return notes.read(path)


def run(binary, folder, seconds=60, stems=False, wanted=None, **options):
    """Renders into `folder` and returns (stereo at 44,100 Hz, score, stems).

    `options` become options of the command line: `bpm=70` is `--bpm 70`. `stems` asks for a dictionary of the five stems,
    or of those in `wanted`.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mix, score = folder / "mix.wav", folder / "notes.json"
    command = [str(binary), "render", "--quiet", "--seconds", str(seconds), "--json", str(score)]
    for name, value in options.items():
        if value is not None:
            command += ["--" + name.replace("_", "-"), str(value)]
    if stems:
        command += ["--stems", str(folder / "stems")]
    subprocess.run([*command, str(mix)], check=True)
    parts = {}
    if stems:
        parts = {path.stem: audio.read(path) for path in sorted((folder / "stems").glob("*.wav")) if wanted is None or path.stem in wanted}
    return audio.read(mix), notes.read(score), parts
