"""How fast something runs, and how fast it could."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf


def alternate(runs: Sequence[Callable[[], object]], repeats: int) -> np.ndarray:
    """Times several things in turns.

    Whatever else the machine does meanwhile hits all of them alike: ratios within a
    turn are sound where the times alone aren't.

    Args:
        runs: What to time; each returns only when it is done. Each is first run once
            without being timed.
        repeats: Number of turns.

    Returns:
        Seconds, float64 `[repeats, runs]`.
    """
    for run in runs:
        run()
    seconds = np.empty([repeats, len(runs)])
    for turn in seconds:
        for index, run in enumerate(runs):
            start = time.perf_counter()
            run()
            turn[index] = time.perf_counter() - start
    return seconds


def matrix_product(dtype: str, size: int = 4096) -> tuple[Callable[[], object], int]:
    """Returns a product of two square matrices and its multiply-adds.

    Args:
        dtype: Of the matrices, "float32", "bfloat16" or "float16".
        size: Their rows and columns.
    """
    a, b = (tf.cast(tf.random.normal([size, size]), dtype) for _ in range(2))
    product = tf.function(lambda: tf.reduce_sum(a @ b))
    return lambda: product().numpy(), size**3


def convolution(
    dtype: str, size: int = 56, channels: int = 256
) -> tuple[Callable[[], object], int]:
    """Returns a 3x3 convolution of 16 images and its multiply-adds.

    Args:
        dtype: Of images and kernel, "float32", "bfloat16" or "float16".
        size: Height and width of the images.
        channels: Channels of the images and of the output.
    """
    images = tf.cast(tf.random.normal([16, size, size, channels]), dtype)
    kernel = tf.cast(tf.random.normal([3, 3, channels, channels]), dtype)
    convolve = tf.function(
        lambda: tf.reduce_sum(tf.nn.conv2d(images, kernel, 1, "SAME"))
    )
    return lambda: convolve().numpy(), 16 * size**2 * 9 * channels**2
