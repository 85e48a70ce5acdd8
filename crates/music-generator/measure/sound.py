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
    """M18. The times in seconds of clicks: steps from one frame to the next over 8 times the 99.9th percentile of all steps."""
    found = []
    for channel in stereo:
        step = np.abs(np.diff(channel))
        limit = max(8.0 * np.percentile(step, 99.9), 1e-4)
        found += _apart(np.flatnonzero(step > limit), rate)
    return sorted(found)


def breaks(stereo, rate=RATE, ratio=30.0):
    """M18. The times in seconds of small clicks: frames whose third difference stands alone.

    The third difference removes what is smooth. A frame counts when its third difference is over `ratio` times the root mean square
    of those 1 to 5 ms before and of those 1 to 5 ms after, and over -60 dBFS: the start of a drum of noise is followed by more of
    the same, a break is not. The start of a note counts only when its first step is over 4 times the steps that follow: notes may
    begin with a bend, not with a jump.
    """
    found = []
    near, far = rate // 1000, rate // 200
    for channel in stereo:
        first, third = np.diff(channel), np.diff(channel, 3)
        sums = np.concatenate([[0.0], np.cumsum(third**2)])
        steps = np.concatenate([[0.0], np.cumsum(first**2)])
        for at in np.flatnonzero(np.abs(third) > 1e-3):
            if at < far or at + far >= len(third):
                continue
            before = (sums[at - near] - sums[at - far]) / (far - near)
            after = (sums[at + far] - sums[at + near]) / (far - near)
            if third[at] ** 2 <= ratio * ratio * max(before, after):
                continue
            slope_before = (steps[at - near] - steps[at - far]) / (far - near)
            slope_after = (steps[at + far] - steps[at + near]) / (far - near)
            jump = np.abs(first[at : at + 4]).max() ** 2
            if slope_after < 16.0 * slope_before or jump > 16.0 * slope_after:
                found.append(at)
    return sorted(_apart(np.array(sorted(found), dtype=int), rate))


def _apart(frames, rate):
    """The times of frames that are at least 1 ms after the one before."""
    if len(frames) == 0:
        return []
    keep = np.concatenate([[True], np.diff(frames) > rate // 1000])
    return [float(at) / rate for at in frames[keep]]


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
    """M19. The tempo in quarter notes a minute, by two beat trackers, each folded to the octave of `nominal`.

    The first is Ellis' tracker (2007), the method of librosa's beat_track, with the nominal tempo as its period: without a prior it
    answers 117 to 123 for music without a pulse. The second is aubio, without a prior; it is None when aubio is not installed. A
    straight line through the beats gives the tempo, so single wrong beats do not matter.
    """
    return _fold(_slope(_ellis(features.onset, nominal)), nominal), _fold(_slope(_aubio(features.mono)), nominal)


def _ellis(onset, nominal, tightness=100.0):
    """Beats in seconds: the path that maximises onset strength minus the squared log deviation from the period."""
    rate = FEATURE_RATE / HOP
    period = 60.0 / nominal * rate
    # A finer grid of frames: the period at 126 is 20.5 frames, and whole frames would decide the tempo.
    fine = 4
    strength = np.interp(np.arange(len(onset) * fine) / fine, np.arange(len(onset)), onset / (onset.std() + 1e-9))
    period *= fine
    width = np.arange(-int(period), int(period) + 1)
    local = np.convolve(strength, np.exp(-0.5 * (width * 32.0 / period) ** 2), mode="same")
    lags = np.arange(int(period / 2), int(period * 2) + 1)
    cost = -tightness * np.log(lags / period) ** 2
    score, back = local.copy(), np.full(len(local), -1)
    for at in range(lags[-1], len(local)):
        options = score[at - lags] + cost
        best = int(options.argmax())
        score[at] += options[best]
        back[at] = at - lags[best]
    at = len(local) - int(period) + int(score[-int(period) :].argmax())
    beats = []
    while at >= 0:
        beats.append(at)
        at = back[at]
    return np.array(beats[::-1]) / fine / rate


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
        return np.zeros(0)
    tracker = aubio.tempo("default", 1024, HOP, FEATURE_RATE)
    beats = []
    for start in range(0, len(mono) - HOP + 1, HOP):
        if tracker(mono[start : start + HOP].astype(np.float32)):
            beats.append(tracker.get_last_s())
    return np.array(beats)


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
