#!/usr/bin/env python3
"""MusicGen (AudioCraft) as an external provider of the music generator.

Set-up, in a folder of your own:

    python3.10 -m venv musicgen                      # AudioCraft 1.3.0 needs PyTorch 2.1.0, which has packages for Python 3.8 to 3.11
    musicgen/bin/pip install torch==2.1.0 torchaudio==2.1.0 torchvision==0.16.0
    musicgen/bin/pip install audiocraft==1.3.0       # needs ffmpeg's libraries and a C compiler for some of its dependencies

The first start downloads the weights of the model. AudioCraft's code has the MIT licence. The published weights of MusicGen have the
licence CC-BY-NC 4.0, which forbids commercial use: check it before music of it is broadcast or sold.

    musicgen/bin/python musicgen_adapter.py --model facebook/musicgen-small --step 6 --overlap 4

is the command of the provider. A graphics card is needed for music in real time. Errors and progress go to the error output.

How it works: the model continues the last `--overlap` seconds by `--step` seconds, again and again. The old and the new audio are
cross-faded at the join. Prompts and settings that arrive take effect in the next step, so a change is heard after one or two steps.
The protocol on standard input and output is in docs/music-provider.md. It needs only Python's standard library.
"""

import argparse
import array
import base64
import json
import os
import queue
import random
import sys
import threading

# Other libraries print to standard output, too. The protocol has a file of its own, and what they print goes to the error output.
PROTOCOL = os.fdopen(os.dup(1), "wb", buffering=0)
os.dup2(2, 1)
sys.stdout = sys.stderr

FADE_SECONDS = 0.05


def send(message):
    """Writes a message as a line. It waits while the receiver has no room."""
    line = memoryview(json.dumps(message).encode() + b"\n")
    while line:
        line = line[PROTOCOL.write(line) :]


def field(message, name):
    """A field of a message in camelCase or snake_case."""
    snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
    return message.get(name, message.get(snake))


class Inbox:
    """Reads messages on a thread of its own, because generating and writing take long."""

    def __init__(self):
        self.messages = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in sys.stdin.buffer:
            if line.strip():
                self.messages.put(json.loads(line))
        # The session is over, also while a step is generated or written.
        os._exit(0)

    def take(self, wait):
        """All messages that have arrived; waits for the first one if there is nothing else to do."""
        messages = [self.messages.get()] if wait else []
        while True:
            try:
                messages.append(self.messages.get_nowait())
            except queue.Empty:
                return messages


def description(prompts, config):
    """Prompts and settings as one sentence: MusicGen knows no weights. The heaviest prompt comes first, and prompts with less than a
    tenth of its weight are left out."""
    prompts = sorted(prompts, key=lambda prompt: -prompt["weight"])
    words = [prompt["text"] for prompt in prompts if prompt["weight"] >= 0.1 * prompts[0]["weight"]]
    if field(config, "bpm"):
        words.append(f"{field(config, 'bpm'):g} bpm")
    if field(config, "key") or field(config, "scale"):
        words.append("in " + (field(config, "key") or field(config, "scale").split("_MAJOR")[0].replace("_FLAT", "b") + " major"))
    for name, low, high in [("density", "sparse", "busy"), ("brightness", "dark", "bright")]:
        value = field(config, name)
        if value is not None and abs(value - 0.5) > 0.2:
            words.append(low if value < 0.5 else high)
    for name, text in [("muteDrums", "no drums"), ("muteBass", "no bass"), ("onlyBassAndDrums", "only bass and drums")]:
        if field(config, name):
            words.append(text)
    return ", ".join(words) or "calm music"


class Music:
    """Generates music step by step."""

    def __init__(self, model, step, overlap):
        self.model, self.step, self.overlap = model, step, overlap
        self.rate = model.sample_rate
        self.fade = int(FADE_SECONDS * self.rate)
        self.reset()

    def reset(self):
        """Forgets what was played."""
        # The last seconds as the model made them, and the end that is cross-faded into the next step, as lists of samples.
        self.context, self.tail = None, None

    def next(self, text, config):
        """The frames of the next step, a list for each channel."""
        if field(config, "seed") is not None and self.context is None:
            seed(int(field(config, "seed")))
        options = {"use_sampling": True, "temperature": max(0.05, field(config, "temperature") or 1.0)}
        options["top_k"] = int(field(config, "topK") or 250)
        options["cfg_coef"] = float(field(config, "guidance") or 3.0)
        if self.context is None:
            self.model.set_generation_params(duration=self.step, **options)
            audio, known = self.model.generate([text], progress=False), 0
        else:
            self.model.set_generation_params(duration=self.overlap + self.step, **options)
            audio = self.model.generate_continuation(self.context, self.rate, [text], progress=False)
            known = self.context.shape[-1]
        self.context = audio[..., -int(self.overlap * self.rate) :]
        channels = audio[0].tolist()
        if self.tail is None:
            new = [channel[known:] for channel in channels]
        else:
            # The model makes the known part again: its end is at the same place in the music as the tail.
            new = [crossfade(tail, channel[known - self.fade :]) for tail, channel in zip(self.tail, channels)]
        self.tail = [channel[-self.fade :] for channel in new]
        return [channel[: -self.fade] for channel in new]


def crossfade(tail, new):
    """`new` begins as `tail`."""
    length = len(tail)
    faded = [(old * (length - place) + now * place) / length for place, (old, now) in enumerate(zip(tail, new))]
    return faded + new[length:]


def seed(value):
    random.seed(value)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(value)


def to_pcm(channels):
    """16-bit little-endian samples, channels interleaved."""
    samples = array.array("h", bytes(2 * len(channels) * len(channels[0])))
    for index, channel in enumerate(channels):
        samples[index :: len(channels)] = array.array("h", (round(max(-1.0, min(1.0, value)) * 32767) for value in channel))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def main():
    parser = argparse.ArgumentParser(description="MusicGen as an external provider of the music generator")
    parser.add_argument("--model", default="facebook/musicgen-small", help="name of the model, unless the setup has one")
    parser.add_argument("--step", type=float, default=6.0, help="seconds that are generated at a time")
    parser.add_argument("--overlap", type=float, default=4.0, help="seconds of the music before that the model hears")
    parser.add_argument("--chunk-ms", type=int, default=1000, help="length of a chunk of audio")
    options = parser.parse_args()
    inbox = Inbox()
    setup = inbox.take(wait=True)
    name = next((field(message, "setup").get("model") for message in setup if field(message, "setup") is not None), None)

    from audiocraft.models import MusicGen

    model = MusicGen.get_pretrained(name or options.model)
    if options.step + options.overlap > model.max_duration:
        parser.error(f"--step and --overlap are longer than the {model.max_duration} s of the model")
    rate, channels = model.sample_rate, model.audio_channels
    capabilities = {
        "bpm": [40, 240], "scale": True, "density": True, "brightness": True, "mutes": "drumsAndBass", "hardResetFields": ["seed"],
        "chunkMs": options.chunk_ms, "sampleRate": rate, "channels": channels, "deterministic": False,
    }  # fmt: skip
    send({"setupComplete": {"capabilities": capabilities}})

    music = Music(model, options.step, options.overlap)
    prompts, config, plays = [], {}, False
    chunk_bytes = 2 * channels * (rate * options.chunk_ms // 1000)
    waiting = b""
    messages = setup
    while True:
        for message in messages:
            if field(message, "clientContent") is not None:
                prompts = field(field(message, "clientContent"), "weightedPrompts")
            if field(message, "musicGenerationConfig") is not None:
                config = field(message, "musicGenerationConfig")
            control = field(message, "playbackControl")
            if control in ("PLAY", "PAUSE", "STOP"):
                plays = control == "PLAY"
            if control in ("STOP", "RESET_CONTEXT"):
                music.reset()
                waiting = b""
        if plays and len(waiting) < chunk_bytes:
            source = {"clientContent": {"weightedPrompts": prompts}, "musicGenerationConfig": config}
            waiting += to_pcm(music.next(description(prompts, config), config))
        elif plays:
            # One chunk at a time: a pause or other prompts are seen between two chunks.
            data, waiting = waiting[:chunk_bytes], waiting[chunk_bytes:]
            chunk = {"data": base64.b64encode(data).decode(), "mimeType": f"audio/l16;rate={rate};channels={channels}"}
            send({"serverContent": {"audioChunks": [{**chunk, "sourceMetadata": source}]}})
        messages = inbox.take(wait=not plays)


if __name__ == "__main__":
    main()
