"""Reading audio files, and the loudness that ffmpeg measures."""

import re
import subprocess

import numpy as np

RATE = 44_100
"""The sample rate of all measures of level, width and clicks, in hertz."""

FEATURE_RATE = 22_050
"""The sample rate of all measures of rhythm, pitch and form, in hertz."""


def read(path, rate=RATE):
    """All of a file as an array of (2, frames); a mono file has two equal channels. Needs ffmpeg."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-ac", "2", "-ar", str(rate), "-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(data, dtype="<f4").reshape(-1, 2).T.astype(np.float64)


def write(path, stereo, rate=RATE):
    """Writes (2, frames) as a WAV file of 32-bit floating point."""
    import soundfile

    soundfile.write(str(path), np.asarray(stereo).T, rate, subtype="FLOAT")


def fit(stereo, frames):
    """The first `frames`, with silence after the end."""
    return np.pad(stereo[:, :frames], ((0, 0), (0, max(0, frames - stereo.shape[1]))))


def middle(stereo, seconds=90.0, rate=RATE):
    """The middle `seconds` of the piece; all of it when it is shorter."""
    frames = int(seconds * rate)
    spare = stereo.shape[1] - frames
    return stereo if spare <= 0 else stereo[:, spare // 2 : spare // 2 + frames]


def windows(stereo, seconds=90.0, rate=RATE):
    """Windows of `seconds` that follow each other, spread over the whole piece; one when it is shorter than two of them."""
    frames = int(seconds * rate)
    count = stereo.shape[1] // frames
    if count < 2:
        return [middle(stereo, seconds, rate)]
    step = (stereo.shape[1] - frames) // (count - 1)
    return [stereo[:, i * step : i * step + frames] for i in range(count)]


def loudness(stereo, rate=RATE, peaks=False):
    """Loudness by EBU R 128 (ffmpeg's filter ebur128).

    Returns a dictionary: `lufs` integrated, `lra` loudness range in LU, `true_peak` in dBTP (only with `peaks`; it
    takes most of the time), and `short_term`, the loudness of 3 s every 100 ms, in LUFS.
    """
    command = ["ffmpeg", "-v", "info", "-nostats", "-f", "f32le", "-ac", "2", "-ar", str(rate), "-i", "-"]
    command += ["-af", "ebur128=peak=true" if peaks else "ebur128", "-f", "null", "-"]
    data = np.ascontiguousarray(stereo.T, dtype="<f4").tobytes()
    text = subprocess.run(command, check=True, input=data, capture_output=True).stderr.decode(errors="replace")
    short = [float(value) for value in re.findall(r"S:\s*(-?[\d.]+|-inf)\s", text)]
    summary = text[text.rfind("Summary:") :]

    def last(pattern):
        found = re.search(pattern, summary)
        return float(found.group(1)) if found else float("nan")

    return {
        "lufs": last(r"I:\s*(-?[\d.]+|-inf) LUFS"),
        "lra": last(r"LRA:\s*(-?[\d.]+|-inf) LU"),
        "true_peak": last(r"Peak:\s*(-?[\d.]+|-inf) dBFS"),
        "short_term": np.array([value for value in short if value > -119.0]),
    }
