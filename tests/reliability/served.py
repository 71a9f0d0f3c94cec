"""Calls exported models for long, from several threads, as a server would."""

import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image


class Served(NamedTuple):
    """What came of the calls.

    Attributes:
        calls: How many there were.
        wrong: How many answers weren't those of calls with one input alone.
        megabytes: The process's memory over time; the first is after a tenth of it.
    """

    calls: int
    wrong: int
    megabytes: list[int]


class _Model:
    """An exported model, inputs of one argument, and its answer to each alone."""

    def __init__(self, folder, argument, inputs, bad=None):
        self._loaded = tf.saved_model.load(folder)
        self._serve = self._loaded.signatures["serving_default"]
        self._argument, self._inputs, self._bad = argument, inputs, bad
        self._answers = [self._call([one]) for one in inputs]

    def _call(self, inputs):
        outputs = self._serve(**{self._argument: tf.constant(inputs)})
        # Encoded pictures repeat the pixels.
        return {k: v.numpy() for k, v in outputs.items() if k != "png_bytes"}

    def right(self, random) -> bool:
        """Returns whether a call with some inputs has the answers of each alone.

        Where one of them is no input at all, the right answer is an error.
        """
        chosen = random.integers(len(self._inputs), size=random.integers(1, 9))
        inputs = [self._inputs[index] for index in chosen]
        if self._bad is not None and random.integers(4) == 0:
            try:
                self._call([*inputs, self._bad])
            except tf.errors.InvalidArgumentError:
                return True
            return False
        answers = self._call(inputs)
        return all(
            _equal(values[[row]], self._answers[index][name])
            for name, values in answers.items()
            for row, index in enumerate(chosen)
        )


def _equal(values, others):
    if values.dtype == object:
        return np.array_equal(values, others)
    # A batch is summed in another order; a pixel may then round to the next.
    tolerance = 1 if values.dtype == np.uint8 else 1e-4
    return np.allclose(values.astype(float), others.astype(float), 1e-4, tolerance)


def _encoded(random):
    """Returns a random picture of random size in a random format."""
    height, width = random.integers(1, 400, 2)
    pixels = random.integers(0, 256, [height, width, 3], np.uint8)
    file = io.BytesIO()
    picture = Image.fromarray(pixels).convert(random.choice(["L", "RGB"]))
    picture.save(file, random.choice(["PNG", "JPEG", "GIF", "BMP"]))
    return file.getvalue()


def serve(folder: Path, seconds: float, threads: int = 4) -> Served:
    """Calls the material's models at random.

    Args:
        folder: The material's folder.
        seconds: How long.
        threads: From how many threads.
    """
    random = np.random.default_rng(0)
    words = ["a", "dog", "cat", "runs", "red", "blue", "läuft", "."]
    sentences = [
        " ".join(random.choice(words, random.integers(0, 7))) for _ in range(64)
    ]
    pictures = [_encoded(random) for _ in range(64)]
    latents = [*random.normal(size=[64, 100]).astype(np.float32)]
    exported = folder / "exported"
    models = [
        _Model(f"{exported}/classifier/1", "image_bytes", pictures, b"no picture"),
        _Model(f"{exported}/gan/1", "z", latents),
        _Model(f"{exported}/translator/1", "sentences", sentences, "a " * 99),
    ]
    until = time.monotonic() + seconds

    def call(thread):
        random = np.random.default_rng(thread + 1)
        calls, wrong = 0, 0
        while time.monotonic() < until:
            calls += 1
            wrong += not models[random.integers(len(models))].right(random)
        return calls, wrong

    megabytes = []
    with ThreadPoolExecutor(threads) as pool:
        counts = pool.map(call, range(threads))
        for tenth in range(9, -1, -1):
            time.sleep(max(0, until - tenth * seconds / 10 - time.monotonic()))
            megabytes.append(_resident_megabytes())
        calls, wrong = (sum(column) for column in zip(*counts, strict=True))
    return Served(calls, wrong, megabytes)


def _resident_megabytes():
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") >> 20
