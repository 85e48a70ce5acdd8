"""All measures of one window of music as a flat dictionary."""

import measures
import sound


def measure(stereo, scale=None):
    """The measures of `stereo` (2, frames at 44,100 Hz). `scale`: the declared pitch classes, if known."""
    features = measures.Features(stereo)
    similarity = measures.self_similarity(features)
    shares, slope = measures.bands(stereo)
    key_share, key_name = measures.in_key(features, scale)
    levels = measures.levels(stereo)
    width = sound.stereo_width(stereo)
    found = sound.clicks(stereo)
    small = sound.breaks(stereo)
    values = {
        "periodicity": measures.periodicity(features),
        "interval_entropy": measures.interval_entropy(features),
        "repetition": measures.repetition(similarity),
        "onset_similarity": measures.onset_similarity(features),
        "novelty_peaks": measures.novelty_peaks(similarity),
        "chroma_change": measures.chroma_change(features),
        "onsets_per_second": measures.onsets_per_second(features),
        "in_key": key_share,
        "key": key_name,
        "chroma_entropy": measures.chroma_entropy(features),
        "20-60 Hz": shares[0],
        "60-250 Hz": shares[1],
        "250-2k Hz": shares[2],
        "2k-6k Hz": shares[3],
        "6k-20k Hz": shares[4],
        "slope": slope,
        "centroid": measures.centroid(features),
    }
    values |= levels | width
    values["clicks"] = len(found)
    values["breaks"] = len(small)
    values["click_times"] = [*found[:10], *small[:10]]
    values["constant_part"] = sound.constant_part(stereo)
    return values
