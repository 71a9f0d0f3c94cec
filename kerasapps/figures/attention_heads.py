"""What each head of a Transformer's layer looks at."""

import math
from collections.abc import Sequence

import numpy as np

from kerasapps.figures.alignment import visible
from kerasapps.figures.literal import Figure

_COLUMNS = 4


def attention_heads(
    weights: np.ndarray, queries: Sequence[str], keys: Sequence[str]
) -> Figure:
    """Draws a small matrix for each head, black where nothing is taken.

    Vaswani et al., "Attention Is All You Need", 2017, show the heads of a sentence in
    figures 3 to 5, as lines between words; here they are drawn as `alignment` does, in
    the same greys for all heads.

    Args:
        weights: From 0 to 1, float `[heads, queries, keys]`.
        queries: The tokens that take, down the side.
        keys: The tokens that are taken from, along the top.

    Raises:
        ValueError: If there are not as many weights as tokens.
    """
    if weights.shape[1:] != (len(queries), len(keys)):
        raise ValueError(
            f"weights of shape {weights.shape} for {len(queries)} queries and "
            f"{len(keys)} keys; they are [heads, queries, keys]"
        )
    heads = len(weights)
    columns = min(_COLUMNS, heads)
    rows = math.ceil(heads / columns)
    figure = Figure(
        figsize=(
            columns * (0.17 * len(keys) + 0.9),
            rows * (0.17 * len(queries) + 1.2),
        ),
        layout="constrained",
    )
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[heads:]:
        axes.set_visible(False)
    for head, (axes, matrix) in enumerate(zip(grid, weights, strict=False), 1):
        picture = axes.imshow(
            matrix, cmap="gray", vmin=0, vmax=weights.max(), interpolation="nearest"
        )
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(keys)), visible(keys), rotation=90, fontsize=7)
        axes.set_yticks(range(len(queries)), visible(queries), fontsize=7)
        axes.tick_params(length=0)
        axes.set_xlabel(f"head {head}")
    figure.colorbar(picture, ax=grid, shrink=0.5)
    return figure
