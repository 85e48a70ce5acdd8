"""What each move of an entry of the vocabulary is in the sound or in the score, and how much of it is asked for.

    bpm           the tempo of the score, in per cent, up to the limits of the style
    density       notes a beat of the score, and onsets a second of the sound for their direction
    brightness    the centroid of the sound, in octaves
    arousal       tempo, onsets, dynamics and centroid together, in octaves
    valence       the brightness of the mode; that of the raga in the Indian style; with the same mode the register of the lead
    reverb        the level of the room in decibels, of `neutral` with this change only
    temperature   how much bars differ from the most similar bar before, of `neutral` with this change only
    swing         the place of the off-beat sixteenths in the score
    mode, raga    the scale of the score
    style         the notes are those of the word in this style, and not those of the word in another
    instrument    it plays
    louder, quieter, mutes, noise    the level of the stem against the mix
    medium        treble (high-cut), bass (low-cut), side over mid (mono), delay that sways (wow), difference (bits)
"""

import math
from typing import NamedTuple


NEEDS = dict.fromkeys(("louder", "quieter", "mutes", "noise"), "levels")
NEEDS |= dict.fromkeys(("density", "brightness", "arousal"), "sound") | {"medium": "medium"}
"""What a move needs besides the notes."""

OF_NOTES = ("bpm", "valence", "swing", "meter", "mode", "raga", "style", "instrument")
"""Moves that need no sound."""

TEMPOS = {
    "lofi": (58, 105),
    "indian-lofi": (57, 101),
    "ambient": (43, 80),
    "cinematic": (51, 126),
    "house": (106, 147),
    "piano": (50, 96),
}
"""The slowest and the fastest tempo of each style, which a word without a tempo of its own does not leave."""


class Scene(NamedTuple):
    """What is compared."""

    renderings: object
    prompt: str
    style: str
    target: dict
    base: dict
    value: dict
    entry: dict
    ragas: dict

    def octaves(self, name):
        return math.log2(max(self.value[name], 1e-9) / max(self.base[name], 1e-9))

    def part(self, part, value, name):
        """The number of `neutral` with and without a change."""
        changed = self.renderings.part(self.style, part, value)[name]
        return self.renderings.part(self.style, None, None)[name], changed


def enough(change, least, unit):
    """Whether a change has the sign of the least one and at least its size."""
    return change * least > 0.0 and abs(change) >= abs(least), f"{change:+.3g} of {least:+.3g} {unit}"


def moved(name, wanted, scene):
    """(passed, text)."""
    return globals()[f"_{name}"](wanted, scene)


def _bpm(wanted, scene):
    low, high = TEMPOS[scene.style]
    change = 100.0 * (scene.value["bpm"] / scene.base["bpm"] - 1.0)
    ok, text = enough(change, wanted * 0.98, "%")
    edge = low if wanted < 0 else high
    at_edge = (edge - scene.value["bpm"]) * wanted <= 1.0 * abs(wanted) and change * wanted > 0
    return ok or at_edge, text + (f", at the limit {edge}" if at_edge and not ok else "")


def _density(wanted, scene):
    return enough(scene.octaves("notes_per_beat"), 0.4 * wanted, f"oct; onsets {scene.octaves('onsets'):+.2f}")


def _brightness(wanted, scene):
    return enough(scene.octaves("centroid"), 0.4 * wanted, "octaves")


def _arousal(wanted, scene):
    change = sum(scene.octaves(name) for name in ("bpm", "onsets", "centroid", "velocity"))
    return enough(change, 0.4 * wanted, "octaves")


def _valence(wanted, scene):
    raga = scene.ragas.get(scene.value["mode"].lower())
    if raga:
        # Without a mood the seed draws any raga: what counts is the mood of this one.
        return enough(raga["valence"], 0.5 * wanted, f"raga {scene.value['mode']}")
    change = scene.value["mode_brightness"] - scene.base["mode_brightness"]
    if abs(change) > 0.01:
        return enough(change, 0.15 * wanted, f"mode {scene.value['mode']}")
    return enough(scene.value["register"] - scene.base["register"], 2.0 * wanted, "semitones, the mode is the same")


def _reverb(wanted, scene):
    before, after = (scene.renderings.part(scene.style, "reverb_db", value)["room"] for value in (0.0, scene.target["reverb"]))
    return enough(after - before, 0.8 * wanted, "dB of the room")


def _temperature(wanted, scene):
    before, after = scene.part("temperature", scene.target["temperature"], "variation")
    return enough(after - before, 0.05 * wanted, "")


def _swing(wanted, scene):
    return abs(scene.value["swing"] - wanted) < 0.02, f"{scene.value['swing']:.3f}"


def _meter(wanted, scene):
    return abs(scene.value["meter"] - wanted) < 0.01, f"{scene.value['meter']:g}"


def _mode(wanted, scene):
    return str(wanted) == scene.value["mode"].lower(), scene.value["mode"]


def _raga(wanted, scene):
    raga = scene.ragas[wanted]
    degrees = sorted({degree % 12 for degree in [*raga["up"], *raga["down"], *sum(raga["phrases"], [])]})
    return degrees == scene.value["degrees"], f"{scene.value['mode']} {scene.value['degrees']}"


def _style(wanted, scene):
    other = "house" if wanted == "lofi" else "lofi"
    own, elsewhere = (scene.renderings.notes_in(scene.prompt, scene.target, style) for style in (wanted, other))
    # A second style lends instruments, which a style that is named alone does not.
    alone = max(scene.target["styles"].values()) > 0.99
    same = own == scene.value["digest"] if alone else scene.style == wanted
    return same and elsewhere != scene.value["digest"], f"{scene.style}, {'the same notes' if same else 'other notes'}"


def _instrument(wanted, scene):
    plain = wanted.replace("-", "")
    count = sum(number for name, number in scene.value["instruments"].items() if name.lower() == plain)
    return count > 0, f"{count} notes"


def _level(stem, scene):
    return max(-70.0, scene.value["stems"].get(stem, -70.0)), max(-70.0, scene.base["stems"].get(stem, -70.0))


def _louder(wanted, scene):
    value, base = _level(wanted, scene)
    return enough(value - base, 0.5, "dB")


def _quieter(wanted, scene):
    value, base = _level(wanted, scene)
    return enough(value - base, -0.5, "dB")


def _noise(wanted, scene):
    value, base = _level("texture", scene)
    return enough(value - base, 1.0, f"dB, texture {value:.0f} dB")


def _mutes(wanted, scene):
    value, _ = _level(wanted, scene)
    return value <= -60.0, f"{value:.0f} dB"


def _medium(wanted, scene):
    medium = {"wow": scene.target["wow"], "low_cut": scene.target["low_cut"], "high_cut": scene.target["high_cut"]}
    medium |= {"bits": scene.target["bits"], "mono": scene.target["mono"]}
    if wanted == "high-cut":
        return enough(scene.value["bands"][4] - scene.base["bands"][4], -1.0, "dB over 6 kHz")
    if wanted == "low-cut":
        return enough(scene.value["bands"][0] - scene.base["bands"][0], -1.0, "dB below 60 Hz")
    if wanted == "mono":
        return scene.value["side_mid"] < -40.0, f"side/mid {scene.value['side_mid']:.0f} dB"
    if wanted == "wow":
        usual = scene.renderings.part(scene.style, "medium", medium | {"wow": 1.0})["wobble"]
        own = scene.renderings.part(scene.style, "medium", medium)["wobble"]
        return enough(own - usual, 0.02 * (scene.target["wow"] - 1.0), "ms")
    only = scene.renderings.part(scene.style, "medium", {"bits": medium["bits"]})["difference"]
    return only > -60.0, f"{medium['bits']} bits, difference {only:.0f} dB"
