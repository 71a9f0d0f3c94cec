"""How well samples cover the modes of a mixture."""

from typing import NamedTuple

import numpy as np


class Coverage(NamedTuple):
    """Which modes of a mixture of Gaussians samples have found.

    Attributes:
        modes: Number of modes that have a good sample.
        good: Share of the samples that are good, from 0 to 1.
        counts: Good samples of each mode, integer `[modes]`.
    """

    modes: int
    good: float
    counts: np.ndarray


def mode_coverage(samples: np.ndarray, means: np.ndarray, deviation: float) -> Coverage:
    """Counts the modes that samples cover.

    A sample is good where it is within three deviations of the mode nearest to it; a
    mode is covered where it is nearest to a good sample: Srivastava, Valkov, Russell,
    Gutmann and Sutton, "VEEGAN: Reducing Mode Collapse in GANs using Implicit
    Variational Learning", 2017, section 4.1.

    Args:
        samples: float `[samples, dimensions]`.
        means: Means of the modes, float `[modes, dimensions]`.
        deviation: Standard deviation of each mode in each dimension.
    """
    distances = np.linalg.norm(samples[:, None] - means[None], axis=-1)
    good = distances.min(axis=1) <= 3 * deviation
    nearest = distances.argmin(axis=1)[good]
    counts = np.bincount(nearest, minlength=len(means))
    return Coverage(int((counts > 0).sum()), float(good.mean()), counts)


class Matches(NamedTuple):
    """Which mode of another mixture each mode of one is mapped to.

    Attributes:
        modes: The mode of the other that most points are nearest to, integer `[modes]`.
        good: Share of the points that are within three deviations of a mode.
        purity: Share of the points whose mode of the other mixture is reached by more
            points of their own mode than of any other: 1 where no two modes are mapped
            to the same one.
        hit: Number of different modes in `modes`.
        one_to_one: Whether these are all different, the purity is 0.95 or more, and
            nine of ten points are near a mode.
    """

    modes: np.ndarray
    good: float
    purity: float
    hit: int
    one_to_one: bool


def mode_matches(
    mapped: np.ndarray, of_mode: np.ndarray, means: np.ndarray, deviation: float
) -> Matches:
    """Finds the mode that each mode's points are mapped to.

    Kim et al., "Learning to Discover Cross-Domain Relations with Generative Adversarial
    Networks", 2017, figures 3 and 4, in numbers: of A's modes a GAN maps several
    to the same mode of B.

    Args:
        mapped: Where points of the one mixture are mapped to, float
            `[points, dimensions]`.
        of_mode: The mode that each is of, integer `[points]`.
        means: Means of the modes of the other, float `[other modes, dimensions]`.
        deviation: Standard deviation of each of these in each dimension.
    """
    distances = np.linalg.norm(mapped[:, None] - means[None], axis=-1)
    counts = np.zeros([of_mode.max() + 1, len(means)], int)
    np.add.at(counts, (of_mode, distances.argmin(axis=1)), 1)
    modes = counts.argmax(axis=1)
    hit = len(set(modes))
    purity = float(counts.max(axis=0).sum() / len(mapped))
    good = float((distances.min(axis=1) <= 3 * deviation).mean())
    return Matches(
        modes,
        good,
        purity,
        hit,
        hit == len(modes) and purity >= 0.95 and good >= 0.9,
    )
