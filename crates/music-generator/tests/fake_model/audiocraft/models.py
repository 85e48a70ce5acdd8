"""A stand-in for `audiocraft.models`: MusicGen's functions, a tone whose pitch is chosen by the text and the seed."""

import math
import os
import random


class Tensor:
    """As much of a tensor of shape [batch, channels, frames] as is used of MusicGen's results."""

    def __init__(self, batch):
        self.batch = batch
        self.shape = (len(batch), len(batch[0]), len(batch[0][0]))

    def __getitem__(self, key):
        if isinstance(key, int):
            return Channels(self.batch[key])
        assert key[0] is Ellipsis and isinstance(key[1], slice), key
        return Tensor([[channel[key[1]] for channel in channels] for channels in self.batch])


class Channels:
    def __init__(self, channels):
        self.channels = channels

    def tolist(self):
        return self.channels


class MusicGen:
    sample_rate = 32000
    audio_channels = 1
    max_duration = 30.0

    @staticmethod
    def get_pretrained(name="facebook/musicgen-melody", device=None):
        print("a library that prints to standard output while it loads", name)
        return MusicGen()

    def set_generation_params(self, use_sampling=True, top_k=250, top_p=0.0, temperature=1.0, duration=30.0, cfg_coef=3.0,
                              two_step_cfg=False, extend_stride=18):  # fmt: skip
        assert duration <= self.max_duration and top_k > 0 and temperature > 0 and cfg_coef >= 0
        self.duration = duration

    def tone(self, text, start, frames):
        if os.environ.get("FAKE_MODEL_LOG"):
            with open(os.environ["FAKE_MODEL_LOG"], "a") as log:
                log.write(f"{start} {frames} {text}\n")
        # The tone has a whole number of periods in a second: it continues without a step in any second.
        hertz = random.Random(text).randrange(100, 400)
        step = 2 * math.pi * hertz / self.sample_rate
        return [0.25 * math.sin(step * (start + frame)) for frame in range(frames)]

    def generate(self, descriptions, progress=False):
        self.frame = int(self.duration * self.sample_rate)
        return Tensor([[self.tone(text, 0, self.frame)] for text in descriptions])

    def generate_continuation(self, prompt, prompt_sample_rate, descriptions=None, progress=False):
        known = prompt.shape[-1]
        frames = int(self.duration * self.sample_rate)
        assert prompt_sample_rate == self.sample_rate and len(descriptions) == prompt.shape[0] and known < frames
        start = self.frame - known
        self.frame = start + frames
        # The known part is made again, as a codec would: almost as it was.
        again = [[[0.99 * sample for sample in channel] for channel in channels] for channels in prompt.batch]
        new = [[self.tone(text, start + known, frames - known)] for text in descriptions]
        return Tensor([[old[0] + fresh[0]] for old, fresh in zip(again, new)])
