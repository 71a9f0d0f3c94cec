"""Perceptual path length: how abruptly images change along a path."""

from collections.abc import Callable

import numpy as np

# The share of the distances at either end that is left out.
_OUTLIERS = 0.01


def slerp(start: np.ndarray, end: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Spherical interpolation between unit vectors (Shoemake 1985).

    Args:
        start: float `[batch, features]`; only the direction counts.
        end: The same.
        t: Where between them, 0 to 1, float `[batch, 1]`.

    Returns:
        Unit vectors, float `[batch, features]`.
    """
    start, end = _unit(start), _unit(end)
    cosine = (start * end).sum(axis=-1, keepdims=True).clip(-1, 1)
    angle = t * np.arccos(cosine)
    return _unit(start * np.cos(angle) + _unit(end - cosine * start) * np.sin(angle))


def lerp(start: np.ndarray, end: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Linear interpolation, of float `[batch, features]`; t as for `slerp`."""
    return start + (end - start) * t


def perceptual_path_length(
    draw: Callable[[np.random.Generator, int], np.ndarray],
    interpolate: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    distance: Callable[[np.ndarray, np.ndarray], np.ndarray],
    samples: int,
    batch_size: int = 64,
    ends: bool = False,
    epsilon: float = 1e-4,
    seed: int = 0,
) -> float:
    """Returns the mean of d(G(x(t)), G(x(t + epsilon))) / epsilon^2 over random paths.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, section 4.1. As in the authors' code, the hundredth of
    the distances at either end is left out.

    Args:
        draw: Called with a random generator and a number; returns so many latent
            vectors: z, or w of as many z.
        interpolate: `slerp` in z, `lerp` in w.
        distance: From two batches of latent vectors, near each other, to the squared
            distance of the features of their images, float `[batch]`; where the images
            have noise, it is the same for both.
        samples: Number of paths.
        batch_size: Paths at a time.
        ends: Whether only starts of paths are taken, t = 0; else t is uniform.
        epsilon: Step along the path.
        seed: Seed of the paths.

    Raises:
        ValueError: If there are no samples.
    """
    if samples < 1:
        raise ValueError("a path length needs samples")
    random = np.random.default_rng(seed)
    found = []
    for first in range(0, samples, batch_size):
        size = min(batch_size, samples - first)
        start, end = draw(random, size), draw(random, size)
        t = np.zeros((size, 1)) if ends else random.uniform(size=(size, 1))
        points = (interpolate(start, end, x) for x in (t, t + epsilon))
        found.append(np.asarray(distance(*points), np.float64))
    lengths = np.concatenate(found) / epsilon**2
    low = np.quantile(lengths, _OUTLIERS, method="lower")
    high = np.quantile(lengths, 1 - _OUTLIERS, method="higher")
    return float(lengths[(low <= lengths) & (lengths <= high)].mean())


def _unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
