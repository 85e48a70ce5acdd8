"""Checks that each entry of the vocabulary moves the sound as it says, against `neutral` in the same style with the same seed.

    prompts.py BINARY VOCABULARY_FOLDER [--seed 1] [--seconds 45] [--words sad,happy] [--jobs 1] [--keep FILE.json]

An entry has `moves`: what the word must change, and by how much at least. Each of them has a measure of the sound or of the score,
and a number of the file becomes an amount of the measure (`AMOUNTS`). `neutral` is rendered once for each style, and entries with
the same target are rendered once. The exit code is 1 when a word moves the other way, or less than it says.
"""

import argparse
import concurrent.futures
import json
import pathlib
import sys
import threading
import tomllib

import heard
import word_moves


def entries(folder):
    """Word -> the table of the entry, of all files of the vocabulary."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.toml")):
        for group in tomllib.loads(path.read_text()).values():
            if isinstance(group, dict):
                found |= {word: entry for word, entry in group.items() if isinstance(entry, dict) and "moves" in entry}
    return found


class Renderings:
    """Observations by what was rendered; those in a file are not made again."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.lock = threading.Lock()
        self.path = pathlib.Path(arguments.keep) if arguments.keep else None
        self.known = json.loads(self.path.read_text()) if self.path and self.path.exists() else {}

    def get(self, key, make):
        if key not in self.known:
            self.known[key] = make()
            if self.path:
                with self.lock:
                    self.path.write_text(json.dumps(self.known))
        return self.known[key]

    def neutral(self, style, need):
        return self.get(
            f"neutral {style} {need}",
            lambda: heard.observe(self.arguments.binary, "neutral", self.arguments, style, need),
        )

    def word(self, prompt, target, need):
        return self.get(
            f"{json.dumps(target, sort_keys=True)} {need}",
            lambda: heard.observe(self.arguments.binary, prompt, self.arguments, None, need),
        )

    def notes_in(self, prompt, target, style):
        """The digest of the notes of a prompt in a style that is named beside it."""
        key = f"{json.dumps(target, sort_keys=True)} in {style}"
        return self.get(key, lambda: heard.observe(self.arguments.binary, prompt, self.arguments, style))["digest"]

    def part(self, style, part, value):
        """Numbers of `neutral` with one property of a word."""

        def make():
            stereo, score = heard.observe_part(self.arguments.binary, part, value, self.arguments, style)
            result = {"variation": heard.variation(score)}
            if part == "reverb_db":
                dry, _ = heard.observe_part(self.arguments.binary, part, -12.0, self.arguments, style)
                result["room"] = heard.level(stereo - dry)
            if part == "medium":
                still, _ = heard.observe_part(self.arguments.binary, "medium", value | {"wow": 0.0}, self.arguments, style)
                plain, _ = heard.observe_part(self.arguments.binary, None, None, self.arguments, style)
                result["wobble"] = heard.wobble(stereo, still)
                result["difference"] = heard.level(stereo - plain) - heard.level(plain)
            return result

        return self.get(f"{part} {json.dumps(value, sort_keys=True)} {style}", make)


def check(renderings, word, entry, ragas):
    """The lines of one word: (name of the move, what is declared, passed, text)."""
    prompt = word.replace("-", " ")
    target = heard.explain(renderings.arguments.binary, prompt)
    # Of equal shares the first style wins.
    style = max(heard.STYLES, key=lambda style: target["styles"].get(style, 0.0))
    moves = entry["moves"]
    if renderings.arguments.notes_only:
        moves = {name: wanted for name, wanted in moves.items() if name in word_moves.OF_NOTES}
    need = sorted({word_moves.NEEDS[name] for name in moves if name in word_moves.NEEDS})
    value, base = renderings.word(prompt, target, need), renderings.neutral(style, need)
    scene = word_moves.Scene(renderings, prompt, style, target, base, value, entry, ragas)
    return [(name, wanted, *word_moves.moved(name, wanted, scene)) for name, wanted in moves.items()]


def main():
    parser = argparse.ArgumentParser(description="Checks that each word of the vocabulary moves the sound.")
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--seconds", type=int, default=45)
    parser.add_argument("--words", help="only these, with commas between them")
    parser.add_argument("--notes-only", action="store_true", help="only what the notes show, which takes a minute or two")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", help="a file for the measured numbers; those in it are not measured again")
    arguments = parser.parse_args()
    words = entries(arguments.folder)
    ragas = {name: entry for name, entry in words.items() if "up" in entry}
    if arguments.words:
        words = {word: words[word] for word in arguments.words.split(",")}
    renderings = Renderings(arguments)
    passed, missed = 0, 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda item: check(renderings, *item, ragas), words.items())
        for word, lines in zip(words, results):
            for name, wanted, ok, text in lines:
                passed, missed = passed + ok, missed + (not ok)
                print(f"{word:18} {name:11} {wanted!s:>14}  {text:44} {'ok' if ok else 'MISS'}", flush=True)
    print(f"{passed} moves as declared, {missed} not")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
