"""Nearest neighbours, for example the training images nearest to generated ones."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors


class Neighbors(NamedTuple):
    """The nearest neighbours of each query, the nearest first.

    Attributes:
        examples: The neighbours, `[queries, count, ...]`, of the dtype that they have.
        positions: Their positions among all examples, integer `[queries, count]`.
        distances: Their Euclidean distances, float `[queries, count]`.
    """

    examples: np.ndarray
    positions: np.ndarray
    distances: np.ndarray


def nearest_neighbors(
    queries: np.ndarray, batches: Iterable[np.ndarray], count: int = 1
) -> Neighbors:
    """Finds the examples nearest to each query, by Euclidean distance.

    Args:
        queries: `[queries, ...]`, of any shape.
        batches: Batches of examples, `[batch, ...]`, of which only one at a time is
            held.
        count: Number of neighbours; all examples where there are fewer.

    Raises:
        ValueError: If there are no examples.
    """
    wanted = _vectors(queries)
    nearest, first = None, 0
    for batch in batches:
        search = NearestNeighbors(
            n_neighbors=min(count, len(batch)), algorithm="brute"
        ).fit(_vectors(batch))
        distances, places = search.kneighbors(wanted)
        found = Neighbors(batch[places], first + places, distances)
        nearest = found if nearest is None else _nearer(nearest, found, count)
        first += len(batch)
    if nearest is None:
        raise ValueError("there are no examples that could be nearest")
    return nearest


def _vectors(examples):
    """Returns examples as float vectors, `[examples, features]`."""
    flat = examples.reshape(len(examples), -1)
    return flat if flat.dtype == np.float64 else flat.astype(np.float32)


def _nearer(one, other, count):
    """Returns the nearest of two sets of neighbours."""
    examples, positions, distances = (
        np.concatenate(pair, axis=1) for pair in zip(one, other, strict=True)
    )
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    rows = np.arange(len(order))[:, None]
    return Neighbors(
        examples[rows, order], positions[rows, order], distances[rows, order]
    )
