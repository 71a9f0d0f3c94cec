"""The images that come nearest to others: does a generator only remember?"""

from collections.abc import Iterable

import numpy as np


def nearest(
    images: np.ndarray, others: Iterable[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Finds for each image the nearest of others.

    Goodfellow et al., "Generative Adversarial Nets", 2014, figure 2, shows them to
    demonstrate that the training set isn't memorized.

    Args:
        images: uint8 `[images, height, width, channels]`.
        others: Batches, uint8 `[batch, height, width, channels]`, of which only one at
            a time is held.

    Returns:
        The nearest, uint8 of the shape of `images`; and how far they are, float32
        `[images]`: the root of the mean squared difference of the pixels, in grey
        levels.
    """
    wanted = images.reshape(len(images), -1).astype(np.float32)
    found = np.zeros_like(images)
    least = np.full(len(images), np.inf, np.float32)
    lengths = np.square(wanted).sum(axis=1)
    for batch in others:
        given = batch.reshape(len(batch), -1).astype(np.float32)
        # |x - y|^2 by one product; rounding could make it negative.
        squares = lengths[:, None] + np.square(given).sum(axis=1) - 2 * wanted @ given.T
        squares = np.maximum(squares, 0)
        closest = squares.argmin(axis=1)
        distances = squares[np.arange(len(images)), closest]
        closer = distances < least
        found[closer] = batch[closest[closer]]
        least[closer] = distances[closer]
    return found, np.sqrt(least / wanted.shape[1])
