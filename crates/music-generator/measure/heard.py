"""What a rendering sounds like, in the numbers that words of the vocabulary move.

`observe` renders a prompt; `observe_part` renders `neutral` with one property of a word and nothing else of it, for properties that
other properties of the word would hide: the room, the temperature, wow and bits.
"""

import collections
import hashlib
import json
import pathlib
import subprocess
import tempfile

import librosa
import numpy as np

import audio
import measures
import notes
import render
import sound

STYLES = ("lofi", "indian-lofi", "ambient", "cinematic", "house", "piano")
HOP = measures.HOP


def explain(binary, prompt, style=None):
    """The target of a prompt, as numbers and names."""
    command = [str(binary), "explain", "--json", "--prompt", prompt]
    command += ["--style", style] if style else []
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["target"]


def observe(binary, prompt, arguments, style=None, need=()):
    """The numbers of one rendering: of the notes, and of the `sound`, the `levels` of the stems and the `medium` when they are needed.

    Without a need for the treble the sample rate is 24,000 Hz: rhythm and centroid do not see more, and it takes half the time.
    """
    options = {"seconds": arguments.seconds, "seed": arguments.seed, "prompt": prompt, "style": style}
    with tempfile.TemporaryDirectory() as folder:
        if need:
            rate = 48_000 if "medium" in need else 24_000
            stereo, score, parts = render.run(binary, folder, stems=True, wanted=None if "levels" in need else ("texture",), sample_rate=rate, **options)
        else:
            stereo, score, parts = None, render.notes_of(binary, folder, **options), {}
    return _notes(score) | (_sound(stereo, parts, need) if need else {})


def _sound(stereo, parts, need):
    """The numbers of the sound; its colour without noises, which have a colour of their own."""
    onsets, centroid, _ = rhythm_and_colour(stereo - audio.fit(parts["texture"], stereo.shape[1]))
    values = {"onsets": onsets, "centroid": centroid}
    if "levels" in need:
        values["stems"] = {name: level(part) - level(stereo) for name, part in parts.items()}
    if "medium" in need:
        values |= {"bands": measures.bands(stereo)[0], "side_mid": sound.stereo_width(stereo)["side_mid"]}
    return values


def _notes(score):
    """The numbers of the score."""
    bar = score.bars[len(score.bars) // 2]
    tonic = notes.tonic(bar["scale_name"])
    beats = score.bars[-1]["start"] + score.bars[-1]["length"]
    pitches = [note["pitch"] for _, note in score.pitched(("lead",))] or [note["pitch"] for _, note in score.pitched(("harmony",))]
    counts = collections.Counter(note["instrument"] for each in score.bars for note in each["notes"])
    return {
        "bpm": score.bpm,
        "notes_per_beat": sum(counts.values()) / beats,
        "mode_brightness": float(np.mean([_brightness(each) for each in score.bars])),
        "degrees": sorted((tone - tonic) % 12 for tone in bar["scale"]),
        "mode": bar["scale_name"].split(None, 1)[-1],
        "register": float(np.mean(pitches)) if pitches else 0.0,
        "meter": score.beats_per_bar,
        "swing": swing(score),
        "instruments": dict(counts),
        "velocity": float(np.percentile([note["velocity"] for each in score.bars for note in each["notes"]] or [0.5], 75)),
        "digest": hashlib.sha256(json.dumps([each["notes"] for each in score.bars]).encode()).hexdigest(),
    }


def _brightness(bar):
    """The mean of the degrees of the scale above its tonic, in semitones: a brighter mode has higher ones."""
    tonic = notes.tonic(bar["scale_name"])
    return sum((tone - tonic) % 12 for tone in bar["scale"]) / len(bar["scale"])


def rhythm_and_colour(stereo):
    """Onsets a second as in measures.py, the centroid of the mean spectrum in hertz, in which loud moments count more, and the median
    of the centroids of all frames, which is M15."""
    mono = librosa.resample(stereo.mean(axis=0), orig_sr=audio.RATE, target_sr=audio.FEATURE_RATE, res_type="soxr_mq")
    mono = mono.astype(np.float32)
    spectrum = np.abs(librosa.stft(mono, n_fft=2048, hop_length=HOP))
    mel = librosa.feature.melspectrogram(S=spectrum**2, sr=audio.FEATURE_RATE)
    strength = librosa.onset.onset_strength(S=librosa.power_to_db(mel), sr=audio.FEATURE_RATE, hop_length=HOP)
    times = librosa.onset.onset_detect(onset_envelope=strength, sr=audio.FEATURE_RATE, hop_length=HOP, units="time")
    mean = spectrum.mean(axis=1)
    centroid = (np.arange(len(mean)) * mean).sum() / (mean.sum() + 1e-12) * audio.FEATURE_RATE / 2048
    frames = librosa.feature.spectral_centroid(S=spectrum, sr=audio.FEATURE_RATE)[0]
    return len(times) * audio.FEATURE_RATE / len(mono), float(centroid), float(np.median(frames))


def swing(score):
    """The place of the off-beat sixteenths in their eighths: the median over notes at an odd sixteenth, against those of their voice
    that are not, 0.5 is straight."""
    late = collections.defaultdict(lambda: ([], []))
    for bar in score.bars:
        for note in bar["notes"]:
            step = (note["start"] - bar["start"]) * 4.0
            if abs(step - round(step)) < 1e-3:
                late[note["instrument"]][round(step) % 2].append((note["late_ms"], bar["beat"]))
    places = []
    for even, odd in late.values():
        if len(even) >= 4 and len(odd) >= 4:
            base = np.median([ms for ms, _ in even])
            places += [0.5 + (ms - base) / (500.0 * beat) for ms, beat in odd]
    return float(np.median(places)) if places else 0.5


def observe_part(binary, part, value, arguments, style):
    """The sound and the score of `neutral` in which one property of the target has another value."""
    target = {"styles": [float(name == style) for name in STYLES], "mode": "mixolydian"} | ({part: value} if part else {})
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        log, mix, score = folder / "log.jsonl", folder / "mix.wav", folder / "notes.json"
        command = [str(binary), "render", "--quiet", "--seconds", str(arguments.seconds), "--seed", arguments.seed, "--style", style]
        subprocess.run([*command, "--prompt", "neutral", "--log", str(log), "--json", str(folder / "x.json")], check=True)
        head = log.read_text().splitlines()[0]
        log.write_text(head + "\n" + json.dumps({"frame": 0, "target": target}) + "\n")
        command = [str(binary), "render", "--quiet", "--seconds", str(arguments.seconds), "--replay", str(log), "--json", str(score)]
        subprocess.run([*command, str(mix)], check=True)
        return audio.read(mix), notes.read(score)


def level(stereo):
    """The mean power in decibels."""
    return float(10.0 * np.log10((stereo**2).mean() + 1e-12))


def variation(score, reach=8):
    """How much bars differ from those before: 1 minus the share of equal notes (step, instrument, pitch) with the most similar one of
    the 8 bars before, the mean. The bar before is not enough: where each bar has another chord, no two neighbours have equal notes."""
    contents = [
        {(round((note["start"] - bar["start"]) * 12), note["instrument"], round(note["pitch"])) for note in bar["notes"]}
        for bar in score.bars
    ]
    nearest = []
    for place, bar in enumerate(contents):
        before = [other for other in contents[max(0, place - reach) : place] if other]
        if bar and before:
            nearest.append(min(1.0 - len(bar & other) / len(bar | other) for other in before))
    return float(np.mean(nearest)) if nearest else 0.0


def wobble(stereo, still):
    """The deviation in milliseconds of the delay of a rendering against the same one without wow."""
    length = audio.RATE // 5
    delays = []
    for start in range(0, stereo.shape[1] - length, length):
        a, b = (part[:, start : start + length].mean(axis=0) for part in (stereo, still))
        if min(np.abs(a).max(), np.abs(b).max()) < 1e-3:
            continue
        cross = np.fft.irfft(np.fft.rfft(a, 2 * length) * np.conj(np.fft.rfft(b, 2 * length)))
        reach = audio.RATE // 50
        delays.append((np.concatenate([cross[-reach:], cross[:reach]]).argmax() - reach) * 1000.0 / audio.RATE)
    return float(np.std(delays)) if delays else 0.0
