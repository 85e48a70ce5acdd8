"""Measures of the sound as a signal: width, clicks, pumping, equal passages, tempo, and drift over an hour."""

import librosa
import numpy as np
import scipy.signal

from audio import FEATURE_RATE, RATE
from measures import HOP, Features, bands, centroid, interval_entropy, repetition, self_similarity


def _decibel(power):
    return float(10.0 * np.log10(power + 1e-20))


def stereo_width(stereo, rate=RATE):
    """M17. Side over mid in decibels, the correlation of the channels (all, and below 120 Hz), and what a mono sum loses.

    mid = (L + R) / 2, side = (L - R) / 2. `narrow_seconds` is the share of blocks of 1 s with a correlation of .1 or less;
    `mono_loss` compares the power of the mono sum with that of the stereo sound, 0 dB is nothing lost, 3 dB is uncorrelated.
    """
    left, right = stereo
    mid, side = (left + right) / 2.0, (left - right) / 2.0
    low = scipy.signal.sosfilt(scipy.signal.butter(4, 120.0, "low", fs=rate, output="sos"), stereo, axis=1)
    blocks = [_correlation(left[i : i + rate], right[i : i + rate]) for i in range(0, len(left) - rate + 1, rate)]
    return {
        "side_mid": _decibel((side**2).mean()) - _decibel((mid**2).mean()),
        "correlation": _correlation(left, right),
        "correlation_low": _correlation(*low),
        "narrow_seconds": float(np.mean(np.array(blocks) <= 0.1)) if blocks else 0.0,
        "mono_loss": _decibel((left**2 + right**2).mean() / 2.0) - _decibel((mid**2).mean()),
    }


def _correlation(left, right):
    """Correlation without removing the mean; 1 for silence."""
    power = np.sqrt((left**2).sum() * (right**2).sum())
    return float((left * right).sum() / power) if power > 1e-12 else 1.0


def clicks(stereo, rate=RATE):
    """M18. The times in seconds of clicks: steps from one frame to the next that stand alone.

    A step counts when it is over 8 times the 99.9th percentile of all steps and over 8 times the median of the largest steps of
    the 12 half milliseconds around it: drums have many large steps in a row, a click has one.
    """
    found = []
    half = max(1, rate // 2000)
    for channel in stereo:
        step = np.abs(np.diff(channel))
        limit = max(8.0 * np.percentile(step, 99.9), 1e-4)
        last = -rate
        for at in np.flatnonzero(step > limit):
            if at - last < rate // 1000:
                continue
            last = at
            around = step[max(0, at - 6 * half) : at + 7 * half]
            parts = [around[i : i + half].max() for i in range(0, len(around) - half + 1, half)]
            if step[at] > 8.0 * np.median(parts):
                found.append(at / rate)
    return sorted(found)


def constant_part(stereo):
    """M18. The mean of the signal (DC), in dBFS; below -70 is right."""
    return float(20.0 * np.log10(np.abs(stereo.mean(axis=1)).max() + 1e-12))


def pumping(stem, beat, rate=RATE):
    """M18. How deep the level of a stem moves with the beat, in decibels: the mean level over the phase of a beat, top to bottom.

    For stems without drums, such as harmony: side-chain compression of 2 to 4 dB is a style, over 9 dB is a fault.
    """
    length = rate // 100
    power = (stem**2).mean(axis=0)
    power = power[: len(power) // length * length].reshape(-1, length).mean(axis=1)
    phase = ((np.arange(len(power)) * 0.01 / beat) % 1.0 * 16).astype(int)
    means = [power[phase == part].mean() for part in range(16) if (phase == part).any()]
    return _decibel(max(means)) - _decibel(min(means))


def equal_passages(stereo, bar, bars=4, rate=RATE):
    """M10. How alike passages of four bars are: the largest correlation of their log-mel spectra (50 bands), and equal bars.

    `bar` is the length of a bar in seconds. Above .98 is a loop. A bar is equal to another when all its frames are.
    """
    mono = stereo.mean(axis=0)
    spectrum = librosa.feature.melspectrogram(y=mono.astype(np.float32), sr=rate, n_fft=2048, hop_length=1024, n_mels=50)
    spectrum = np.log10(spectrum + 1e-8)
    # The long-term spectrum is the same everywhere: without it, what is left is the music.
    spectrum -= spectrum.mean(axis=1, keepdims=True)
    columns = int(bars * bar * rate / 1024)
    starts = np.arange(0.0, mono.shape[0] / rate - bars * bar, bar)
    if len(starts) < bars + 1:
        return {"largest": 0.0, "pair": (0.0, 0.0), "equal_bars": 0}
    parts = np.stack([spectrum[:, int(s * rate / 1024) :][:, :columns].ravel() for s in starts])
    parts = parts - parts.mean(axis=1, keepdims=True)
    parts /= np.linalg.norm(parts, axis=1, keepdims=True) + 1e-9
    alike = parts @ parts.T
    alike[np.abs(np.subtract.outer(np.arange(len(starts)), np.arange(len(starts)))) < bars] = -1.0
    first, second = np.unravel_index(alike.argmax(), alike.shape)
    return {
        "largest": float(alike.max()),
        "pair": (float(starts[first]), float(starts[second])),
        "equal_bars": _equal_bars(mono, bar, rate),
    }


def _equal_bars(mono, bar, rate):
    """The number of bars that occur before, frame by frame; the bars may begin a frame early or late."""
    length = int(bar * rate) - 4
    count = int(len(mono) / rate / bar) - 1
    seen, equal = {}, 0
    for number in range(count):
        start = int(number * bar * rate)
        keys = [mono[start + shift : start + shift + length].tobytes() for shift in (1, 2, 3)]
        loud = np.abs(mono[start : start + length]).max(initial=0.0) > 1e-5
        equal += int(loud and any(hash(key) in seen for key in keys))
        seen.update((hash(key), number) for key in keys)
    return equal


def tempo(features, nominal):
    """M19. The tempo in quarter notes a minute, by librosa's beat tracker and by aubio, each folded to the octave of `nominal`.

    The beats are counted, not the intervals: (beats - 1) / (last - first). librosa needs the nominal tempo as a prior, or it answers
    117 to 123 for music without a pulse. Returns (librosa, aubio); aubio is None when it is not installed.
    """
    _, beats = librosa.beat.beat_track(
        onset_envelope=features.onset, sr=FEATURE_RATE, hop_length=HOP, start_bpm=nominal, units="time"
    )
    return _fold(_slope(beats), nominal), _fold(_aubio(features.mono), nominal)


def _slope(beats):
    """Beats a minute: the slope of a straight line through the beats, without the intervals that are no single beat."""
    if len(beats) < 4:
        return None
    usual = np.median(np.diff(beats))
    numbers = np.concatenate([[0.0], np.cumsum(np.maximum(1.0, np.round(np.diff(beats) / usual)))])
    return 60.0 / np.polyfit(numbers, beats, 1)[0]


def _aubio(mono):
    try:
        import aubio
    except ImportError:
        return None
    tracker = aubio.tempo("default", 1024, HOP, FEATURE_RATE)
    beats = []
    for start in range(0, len(mono) - HOP + 1, HOP):
        if tracker(mono[start : start + HOP].astype(np.float32)):
            beats.append(tracker.get_last_s())
    return _slope(np.array(beats))


def _fold(value, nominal):
    """Multiplies by the power of two, or by 3 or 2/3, that comes nearest to the nominal tempo."""
    if value is None:
        return None
    candidates = [value * factor for factor in (0.25, 0.5, 2 / 3, 1.0, 1.5, 2.0, 4.0)]
    return float(min(candidates, key=lambda bpm: abs(np.log(bpm / nominal))))


def stationarity(stereo, minutes=1.0, rate=RATE):
    """M21. M2, M7 and centroid and bands (M15) of each minute, and the trend of each as a share of its range.

    The trend is the rise of a straight line over the whole piece, divided by the largest minus the smallest value; its sign tells
    the direction. Near 0 nothing drifts. With few minutes a large trend is chance: use it for 20 minutes or more.
    """
    length = int(minutes * 60 * rate)
    rows = []
    for start in range(0, stereo.shape[1] - length + 1, length):
        part = stereo[:, start : start + length]
        features = Features(part)
        shares, _ = bands(part, rate)
        rows.append([interval_entropy(features), repetition(self_similarity(features)), centroid(features), *shares])
    values = np.array(rows)
    names = ["M2", "M7", "centroid", "20-60", "60-250", "250-2k", "2k-6k", "6k-20k"]
    result = {}
    for name, column in zip(names, values.T):
        span = column.max() - column.min()
        rise = np.polyfit(np.arange(len(column)), column, 1)[0] * (len(column) - 1) if len(column) > 2 else 0.0
        result[name] = {"values": column.tolist(), "trend": float(rise / span) if span > 0 else 0.0}
    return result
