"""Measures of a piece of music, from its sound alone.

Each function says its formula and where it comes from. The names M1, M2 ... are those of the table in README.md. All measures of
rhythm, pitch and form use mono sound of 22,050 Hz (`Features`); all measures of level use stereo sound of 44,100 Hz.
"""

import librosa
import numpy as np
import scipy.signal

from audio import FEATURE_RATE, RATE, loudness

HOP = 512
FRAMES_PER_SECOND = FEATURE_RATE / HOP
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
BANDS = ((20, 60), (60, 250), (250, 2_000), (2_000, 6_000), (6_000, 20_000))


class Features:
    """What several measures share: the onset strength, the onsets, timbre and pitch classes, one column each 512 frames."""

    def __init__(self, stereo):
        self.stereo = np.asarray(stereo, dtype=np.float64)
        self.seconds = self.stereo.shape[1] / RATE
        mono = self.stereo.mean(axis=0)
        self.mono = librosa.resample(mono, orig_sr=RATE, target_sr=FEATURE_RATE).astype(np.float32)
        sound = {"y": self.mono, "sr": FEATURE_RATE}
        self.silent = float(np.abs(mono).max(initial=0.0)) < 1e-5
        self.onset = librosa.onset.onset_strength(**sound, hop_length=HOP)
        self.onset_times = librosa.onset.onset_detect(onset_envelope=self.onset, sr=FEATURE_RATE, hop_length=HOP, units="time")
        self.tuning = 0.0 if self.silent else librosa.estimate_tuning(**sound)
        self.timbre = librosa.feature.mfcc(**sound, n_mfcc=13, hop_length=HOP)[1:13]
        self.chroma = librosa.feature.chroma_cqt(**sound, hop_length=HOP, tuning=self.tuning)


def onsets_per_second(features):
    """Onsets (librosa onset_detect) divided by the length in seconds."""
    return len(features.onset_times) / features.seconds


def periodicity(features):
    """M1. The autocorrelation of the onset strength minus its mean, divided by its value at lag 0: the largest at 0.2 to 2 s.

    1 is a clock, 0 has no pulse. (Onset strength: librosa, hop 512 at 22,050 Hz; biased autocorrelation.)
    """
    onset = features.onset - features.onset.mean()
    count = len(onset)
    power = np.abs(np.fft.rfft(onset, 2 * count)) ** 2
    correlation = np.fft.irfft(power)[:count]
    first, last = int(np.ceil(0.2 * FRAMES_PER_SECOND)), int(2.0 * FRAMES_PER_SECOND)
    return float((correlation[first : last + 1] / (correlation[0] + 1e-12)).max(initial=0.0))


def interval_entropy(features):
    """M2. The entropy, in bits, of the intervals between onsets, counted in bins of a quarter of an octave.

    Below 1.3 is a metronome, above 3.7 random. Shannon's formula.
    """
    intervals = np.diff(features.onset_times)
    intervals = intervals[intervals > 0.0]
    if len(intervals) == 0:
        return 0.0
    _, counts = np.unique(np.floor(np.log2(intervals) * 4.0), return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum())


def pitch_energy(features):
    """The power of each pitch class, C first: a constant-Q transform of 60 bins an octave from C2 to B6, tuned to the piece.

    Only the bin at the centre of a semitone and one bin to each side count (+-30 cents): a transform of 12 bins an octave reads
    a third too low.
    """
    lowest = librosa.note_to_hz("C2")
    bins = librosa.cqt(
        features.mono, sr=FEATURE_RATE, hop_length=2048, fmin=lowest, n_bins=300, bins_per_octave=60, tuning=features.tuning
    )
    power = (np.abs(bins) ** 2).mean(axis=1)
    centres = np.array([power[max(0, 5 * i - 1) : 5 * i + 2].sum() for i in range(60)])
    return centres.reshape(5, 12).sum(axis=0)


def in_key(features, scale=None):
    """M3. The share of `pitch_energy` in a scale: the one given as pitch classes, or the best major or minor scale.

    Returns the share and the name of the scale.
    """
    energy = pitch_energy(features)
    energy = energy / (energy.sum() + 1e-20)
    if scale is not None:
        return float(energy[list(scale)].sum()), "declared"
    best = (0.0, "")
    for tonic in range(12):
        for mode, degrees in (("major", MAJOR), ("minor", MINOR)):
            share = float(sum(energy[(tonic + degree) % 12] for degree in degrees))
            best = max(best, (share, f"{NAMES[tonic]} {mode}"))
    return best


def chroma_change(features):
    """How much the harmony moves: 1 minus the cosine between the mean chroma of neighbouring seconds, the median of the piece."""
    means = _blocks(features.chroma, 1.0)
    means = means / (np.linalg.norm(means, axis=0) + 1e-12)
    if means.shape[1] < 2:
        return 0.0
    return float(np.median(1.0 - (means[:, 1:] * means[:, :-1]).sum(axis=0)))


def chroma_entropy(features):
    """M4, from the sound. The entropy in bits of the mean chroma of 8 s, the mean of the piece; 3.2 to 3.55 is usual."""
    means = _blocks(features.chroma, 8.0)
    share = means / (means.sum(axis=0) + 1e-12)
    return float((-(share * np.log2(share + 1e-12)).sum(axis=0)).mean()) if share.size else 0.0


def self_similarity(features, seconds=2.0):
    """M7. The cosine between all blocks of 2 s of MFCC 2 to 13 and chroma; each row is first scaled to mean 0 and deviation 1."""
    rows = np.vstack([features.timbre, features.chroma])
    rows = (rows - rows.mean(axis=1, keepdims=True)) / (rows.std(axis=1, keepdims=True) + 1e-6)
    blocks = _blocks(rows, seconds)
    blocks = blocks / (np.linalg.norm(blocks, axis=0) + 1e-12)
    return blocks.T @ blocks


def repetition(similarity):
    """M7. The largest mean of a diagonal of the self-similarity, at distances of 2 blocks (4 s) to half the piece.

    Above .75 is a loop, below .12 nothing comes back.
    """
    count = len(similarity)
    return float(max((np.diag(similarity, lag).mean() for lag in range(2, count // 2 + 1)), default=0.0))


def onset_similarity(features, seconds=8.0):
    """How alike the rhythms of neighbouring windows of 8 s are: the largest cross-correlation of their onset strength, the median."""
    length = int(seconds * FRAMES_PER_SECOND)
    parts = [features.onset[i : i + length] for i in range(0, len(features.onset) - length + 1, length)]
    spectra = []
    for part in parts:
        part = part - part.mean()
        spectra.append(np.fft.rfft(part / (np.linalg.norm(part) + 1e-9), 2 * length))
    peaks = [np.fft.irfft(a * np.conj(b)).max() for a, b in zip(spectra, spectra[1:])]
    return float(np.median(peaks)) if peaks else 0.0


def novelty(similarity, reach=4):
    """M8. Foote's novelty (2000): a checkerboard of 2 x `reach` blocks moved along the diagonal of the self-similarity, -1 to 1."""
    sign = np.sign(np.arange(-reach, reach) + 0.5)
    board = np.outer(sign, sign) / (4.0 * reach * reach)
    padded = np.pad(similarity, reach, mode="edge")
    size = 2 * reach
    return np.array([(board * padded[i : i + size, i : i + size]).sum() for i in range(len(padded) - size + 1)])


def novelty_peaks(similarity, least=0.25, block=2.0):
    """M8. Peaks of the novelty of at least `least`, in a minute: changes of section. 2 to 5 is usual, 0 has no form."""
    curve = np.concatenate([[-9.0], novelty(similarity), [-9.0]])
    peaks, _ = scipy.signal.find_peaks(curve, height=least)
    return 60.0 * len(peaks) / (block * max(1, len(similarity)))


def bands(stereo, rate=RATE):
    """M15. The share of five bands of the power, in decibels; the slope from 100 Hz to 8 kHz in decibels an octave.

    Welch's spectrum of both channels, windows of 8,192. The slope is a straight line through the mean density of thirds of an
    octave. White noise has slope 0, pink noise -3.
    """
    frequency, density = scipy.signal.welch(stereo, rate, nperseg=8192, axis=1)
    density = density.sum(axis=0) + 1e-20
    total = density[(frequency >= 20) & (frequency < 20_000)].sum()
    shares = [10.0 * np.log10(density[(frequency >= low) & (frequency < high)].sum() / total + 1e-12) for low, high in BANDS]
    centres = 100.0 * 2.0 ** (np.arange(0, 20) / 3.0)
    centres = centres[centres <= 8_000.0]
    thirds = [density[(frequency >= c * 2 ** (-1 / 6)) & (frequency < c * 2 ** (1 / 6))].mean() for c in centres]
    slope = np.polyfit(np.log2(centres), 10.0 * np.log10(thirds), 1)[0]
    return [float(share) for share in shares], float(slope)


def centroid(features):
    """M15. The median of librosa's spectral centroid over all frames, in hertz, of mono sound of 22,050 Hz (nothing above 11 kHz)."""
    values = librosa.feature.spectral_centroid(y=features.mono, sr=FEATURE_RATE, hop_length=HOP)[0]
    return float(np.median(values)) if values.size else 0.0


def crest(stereo):
    """The peak over the root mean square, in decibels."""
    return float(20.0 * np.log10((np.abs(stereo).max() + 1e-12) / (np.sqrt((stereo**2).mean()) + 1e-12)))


def levels(stereo, rate=RATE):
    """M16. Loudness by EBU R 128, crest, and the distance between the quietest and the loudest tenth of the short-term loudness."""
    result = loudness(stereo, rate, peaks=True)
    short = result.pop("short_term")[30:]
    result["short_term_spread"] = float(np.percentile(short, 90) - np.percentile(short, 10)) if len(short) else 0.0
    result["crest"] = crest(stereo)
    return result


def _blocks(rows, seconds):
    """The means of `rows` over blocks of `seconds`; the last block may be shorter."""
    length = int(round(seconds * FRAMES_PER_SECOND))
    columns = [rows[:, i : i + length].mean(axis=1) for i in range(0, rows.shape[1], length) if rows.shape[1] - i >= length // 4]
    return np.stack(columns, axis=1) if columns else np.zeros((rows.shape[0], 0))
