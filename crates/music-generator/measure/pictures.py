"""A picture of a piece, 1,400 pixels wide: spectrum, pitch classes, self-similarity, loudness of the stems, waveform.

What to look for: in the spectrum lines upwards at the drums, no line along the time axis (a whistle), no edge where all treble
ends; in the pitch classes 4 to 8 clear rows that change at bar lines; in the self-similarity squares on the diagonal (sections)
and stripes beside it (repeats); in the loudness of the stems entries and rests (form).
"""

import librosa
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from audio import RATE  # noqa: E402
from measures import NAMES, Features, novelty, self_similarity  # noqa: E402

COLOURS = ("tab:red", "tab:blue", "tab:green", "tab:orange", "tab:purple", "tab:brown")


def energy(stereo, seconds=1.0, rate=RATE):
    """The level in dBFS of each block of `seconds`."""
    length = int(seconds * rate)
    count = stereo.shape[1] // length
    power = (stereo[:, : count * length] ** 2).mean(axis=0).reshape(count, length).mean(axis=1)
    return 10.0 * np.log10(power + 1e-9)


def draw(path, title, stereo, stems=None):
    """Writes the picture. `stems` is a dictionary from the name of a stem to its sound."""
    features = Features(stereo)
    seconds = stereo.shape[1] / RATE
    figure = plt.figure(figsize=(14, 15), dpi=100, layout="constrained")
    grid = figure.add_gridspec(5, 2, height_ratios=(3, 2, 3, 2, 1.3))
    figure.suptitle(title)

    mono = stereo.mean(axis=0).astype(np.float32)
    mel = librosa.feature.melspectrogram(y=mono, sr=RATE, n_fft=4096, hop_length=1024, n_mels=160, fmax=20_000)
    axis = figure.add_subplot(grid[0, :])
    axis.imshow(librosa.power_to_db(mel, ref=np.max, top_db=90), origin="lower", aspect="auto", cmap="magma", extent=(0, seconds, 0, 160))
    marks = [60, 120, 250, 500, 1000, 2000, 4000, 8000, 16000]
    scale = librosa.mel_frequencies(n_mels=160, fmax=20_000)
    axis.set_yticks([np.interp(mark, scale, np.arange(160)) for mark in marks], [str(mark) for mark in marks])
    axis.set_ylabel("Hz (mel)")

    axis = figure.add_subplot(grid[1, :])
    axis.imshow(features.chroma, origin="lower", aspect="auto", cmap="viridis", extent=(0, seconds, -0.5, 11.5))
    axis.set_yticks(range(12), NAMES)
    axis.set_ylabel("pitch class")

    similarity = self_similarity(features)
    axis = figure.add_subplot(grid[2, 0])
    axis.imshow(similarity, origin="lower", cmap="coolwarm", vmin=-1, vmax=1, extent=(0, seconds, 0, seconds))
    axis.set_ylabel("self-similarity, s")
    axis = figure.add_subplot(grid[2, 1])
    curve = novelty(similarity)
    axis.plot(np.arange(len(curve)) * 2.0, curve)
    axis.axhline(0.25, color="grey", linewidth=0.8)
    axis.set_ylabel("novelty (peaks over .25 are changes)")
    axis.set_xlim(0, seconds)

    axis = figure.add_subplot(grid[3, :])
    lines = stems or {"all": stereo}
    for (name, sound), colour in zip(lines.items(), COLOURS):
        level = energy(sound)
        axis.plot(np.arange(len(level)) + 0.5, level, label=name, color=colour, linewidth=1.2)
    axis.set_ylim(-75, 0)
    axis.set_xlim(0, seconds)
    axis.set_ylabel("level, dBFS in 1 s")
    axis.legend(loc="lower right", ncols=6)

    axis = figure.add_subplot(grid[4, :])
    step = max(1, len(mono) // 2800)
    parts = mono[: len(mono) // step * step].reshape(-1, step)
    axis.fill_between(np.linspace(0, seconds, len(parts)), parts.min(axis=1), parts.max(axis=1), linewidth=0)
    axis.set_xlim(0, seconds)
    axis.set_ylim(-1, 1)
    axis.set_xlabel("s")
    axis.set_ylabel("waveform")

    figure.savefig(path)
    plt.close(figure)
