"""The range of each measure for each style, and the balance of the stems.

A window of 90 s passes a gate when at most one measure is outside its range. The ranges were set on real pieces and on five clips
that are not music (bad_clips.py): see references.md.
"""

ENDLESS = float("inf")

GATES = {
    "lofi": {
        "periodicity": (0.35, 0.75),
        "interval_entropy": (1.6, 3.0),
        "repetition": (0.25, 0.65),
        "onset_similarity": (0.3, 0.88),
        "novelty_peaks": (2.0, 5.0),
        "chroma_change": (0.03, 0.16),
        "lra": (1.5, 7.0),
    },
    "ambient": {
        "periodicity": (-ENDLESS, 0.8),
        "interval_entropy": (1.8, 4.0),
        "repetition": (0.1, 0.6),
        "novelty_peaks": (0.5, 5.0),
        "chroma_change": (0.005, 0.12),
        "lra": (1.5, 6.0),
        "onsets_per_second": (0.2, 6.0),
    },
    "cinematic": {
        "periodicity": (-ENDLESS, 0.65),
        "interval_entropy": (2.2, 4.0),
        "repetition": (0.08, 0.45),
        "onset_similarity": (0.15, 0.75),
        "novelty_peaks": (3.0, 6.0),
        "chroma_change": (0.04, 0.16),
        "lra": (3.5, 8.0),
    },
    "house": {
        "periodicity": (0.55, 0.85),
        "interval_entropy": (1.75, 2.8),
        "repetition": (0.3, 0.72),
        "onset_similarity": (0.5, 0.9),
        "novelty_peaks": (2.0, 5.0),
        "chroma_change": (0.006, 0.05),
        "lra": (2.0, 6.0),
    },
    "piano": {
        "periodicity": (0.3, 0.7),
        "interval_entropy": (1.8, 3.4),
        "repetition": (0.08, 0.4),
        "novelty_peaks": (2.5, 5.5),
        "chroma_change": (0.06, 0.22),
        "lra": (2.5, 6.5),
    },
}
GATES["indian-lofi"] = GATES["lofi"] | {"chroma_change": (0.015, 0.16)}

SOUND = {
    # The share of five bands in decibels, the slope in decibels an octave, the centroid in hertz: the quartiles of the real pieces,
    # widened by 2 dB and 15 %. Width, crest and loudness range: the targets of the mix of each style.
    "lofi": {
        "20-60 Hz": (-13.6, -5.0), "60-250 Hz": (-7.2, -0.6), "250-2k Hz": (-9.0, 0.0), "2k-6k Hz": (-21.4, -11.5),
        "6k-20k Hz": (-27.7, -11.9), "slope": (-7.1, -4.0), "centroid": (817, 2743), "side_mid": (-16, -8), "crest": (13, 17),
    },
    "ambient": {
        "20-60 Hz": (-27.5, -7.4), "60-250 Hz": (-5.5, -0.2), "250-2k Hz": (-6.9, -0.6), "2k-6k Hz": (-23.0, -14.2),
        "6k-20k Hz": (-35.5, -21.7), "slope": (-8.1, -4.9), "centroid": (990, 1806), "side_mid": (-7, -2), "crest": (11, 16),
    },
    "cinematic": {
        "20-60 Hz": (-28.9, -12.7), "60-250 Hz": (-9.4, -2.9), "250-2k Hz": (-4.1, 0.0), "2k-6k Hz": (-20.1, -12.6),
        "6k-20k Hz": (-41.5, -21.4), "slope": (-7.8, -4.3), "centroid": (832, 1879), "side_mid": (-6, -1.5), "crest": (14, 18),
    },
    "house": {
        "20-60 Hz": (-8.5, -1.5), "60-250 Hz": (-7.2, -0.8), "250-2k Hz": (-10.3, -3.4), "2k-6k Hz": (-18.1, -12.4),
        "6k-20k Hz": (-25.1, -15.0), "slope": (-6.4, -4.1), "centroid": (1317, 2510), "side_mid": (-14, -6), "crest": (9.5, 14),
    },
    "piano": {
        "20-60 Hz": (-37.0, -31.7), "60-250 Hz": (-9.2, -3.9), "250-2k Hz": (-3.7, 0.0), "2k-6k Hz": (-13.3, -9.2),
        "6k-20k Hz": (-31.7, -26.6), "slope": (-5.4, -3.9), "centroid": (1300, 1883), "side_mid": (-10, -3), "crest": (15, 20),
    },
}
SOUND["indian-lofi"] = SOUND["lofi"] | {"side_mid": (-14, -7), "crest": (14, 18)}

COMMON = {
    # What holds for all styles.
    "lufs": (-19.0, -17.0),
    "true_peak": (-ENDLESS, -1.0),
    "mono_loss": (-ENDLESS, 3.0),
    "correlation_low": (0.9, 1.0),
    "narrow_seconds": (0.0, 0.05),
    "clicks": (0, 0),
    "breaks": (0, 0),
    "constant_part": (-ENDLESS, -70.0),
}

STEMS = {
    # The loudness of each stem relative to the whole mix, in LU.
    "lofi": {"drums": -5, "bass": -6, "harmony": -7, "lead": -9, "texture": -24},
    "indian-lofi": {"drums": -7, "bass": -8, "harmony": -9, "lead": -6, "texture": -24},
    "ambient": {"drums": -25, "bass": -9, "harmony": -3, "lead": -9, "texture": -14},
    "cinematic": {"drums": -9, "bass": -8, "harmony": -4, "lead": -6, "texture": -22},
    "house": {"drums": -3, "bass": -5, "harmony": -9, "lead": -11, "texture": -20},
    "piano": {"harmony": -2, "texture": -26},
}
STEM_TOLERANCE = 3.0
"""How far a stem may be from its target, in LU."""

STYLES = tuple(GATES)
ALLOWED_MISSES = 1


def inside(value, limits):
    """Whether a value is inside its range; a value that is not a number is not."""
    low, high = limits
    return low <= value <= high


def misses(values, gate):
    """The measures of `gate` whose value is outside the range."""
    return [name for name, limits in gate.items() if not inside(values[name], limits)]


def passes(values, style):
    """Whether a window of music passes the gate of a style."""
    return len(misses(values, GATES[style])) <= ALLOWED_MISSES
