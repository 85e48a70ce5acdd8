"""A table of the stems: loudness beside its target, spectrum, width, dynamics, faults; and how alike the hits of one drum are."""

import librosa
import numpy as np

import audio
import gates
import measures
import sound

NAMES = ("drums", "bass", "harmony", "lead", "texture")


def describe(stereo, full, rate=audio.RATE):
    """Measures of one stem. `full` is the loudness of the mix in LUFS."""
    level = audio.loudness(stereo, rate)
    shares, _ = measures.bands(stereo, rate)
    mono = librosa.resample(stereo.mean(axis=0), orig_sr=rate, target_sr=audio.FEATURE_RATE).astype(np.float32)
    centroids = librosa.feature.spectral_centroid(y=mono, sr=audio.FEATURE_RATE)[0]
    power = librosa.feature.rms(y=mono)[0]
    loud = power > power.max(initial=0.0) * 0.03
    blocks = _levels(stereo, rate)
    sounding = blocks[blocks > -60.0]
    return {
        "relative": level["lufs"] - full,
        "lra": level["lra"],
        "crest": measures.crest(stereo),
        "bands": shares,
        "centroid": float(np.average(centroids[loud], weights=power[loud])) if loud.any() else 0.0,
        "side_mid": sound.stereo_width(stereo, rate)["side_mid"],
        "present": float((blocks > -60.0).mean()) if len(blocks) else 0.0,
        "spread": float(np.percentile(sounding, 90) - np.percentile(sounding, 10)) if len(sounding) else 0.0,
        "breaks": sound.breaks(stereo, rate),
        "clicks": sound.clicks(stereo, rate),
    }


def _levels(stereo, rate, seconds=3.0):
    """The level of blocks of 3 s, in dBFS."""
    length = int(seconds * rate)
    power = [(stereo[:, i : i + length] ** 2).mean() for i in range(0, stereo.shape[1] - length + 1, length)]
    return 10.0 * np.log10(np.array(power) + 1e-12)


def hit_likeness(drums, score, instrument, rate=audio.RATE, delay=0.0):
    """M23. The median of the largest cross-correlation of successive hits of one drum that no other drum touches; below .995.

    Needs the stem of the drums and the score. Returns None when fewer than 4 hits stand alone for 90 ms.
    """
    hits = sorted(
        (bar["at"] + (note["start"] - bar["start"]) * bar["beat"] + note["late_ms"] / 1000.0, note["instrument"])
        for bar in score.bars
        for note in bar["notes"]
        if note["stem"] == "drums"
    )
    times = np.array([time for time, _ in hits])
    length = int(0.09 * rate)
    parts = []
    for index, (time, name) in enumerate(hits):
        alone = (index == 0 or time - times[index - 1] > 0.12) and (index + 1 == len(hits) or times[index + 1] - time > 0.1)
        at = int((time + delay - 0.005) * rate)
        if name == instrument and alone and at >= 0 and at + length < drums.shape[1]:
            part = drums[:, at : at + length].mean(axis=0)
            if np.abs(part).max() > 1e-4:
                parts.append(np.fft.rfft(part / np.linalg.norm(part), 2 * length))
    if len(parts) < 4:
        return None
    return float(np.median([np.fft.irfft(a * np.conj(b)).max() for a, b in zip(parts, parts[1:])]))


def table(stems, stereo, style):
    """Lines of text, and the numbers."""
    full = audio.loudness(stereo)["lufs"]
    lines = [" stem       LU (target)   LRA  crest  spread present  centroid  side/mid  20-60 60-250 250-2k 2k-6k 6k-20k  clicks breaks"]
    found = {}
    for name in NAMES:
        if name not in stems:
            continue
        values = found[name] = describe(stems[name], full)
        target = gates.STEMS[style].get(name)
        wrong = target is not None and not abs(values["relative"] - target) <= gates.STEM_TOLERANCE
        lines.append(
            f" {name:8} {values['relative']:6.1f} ({'-' if target is None else target}){' MISS' if wrong else '':5} {values['lra']:5.1f}"
            f" {values['crest']:6.1f} {values['spread']:7.1f} {values['present']:7.2f} {values['centroid']:9.0f} {values['side_mid']:9.1f}  "
            + " ".join(f"{share:6.1f}" for share in values["bands"])
            + f"  {len(values['clicks']):5} {len(values['breaks']):5}"
        )
        faults = [*values["clicks"][:5], *values["breaks"][:5]]
        if faults:
            lines.append("          at " + ", ".join(f"{time:.4f}" for time in faults) + " s")
    return lines, found
