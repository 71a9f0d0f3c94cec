"""Which classes are taken for which."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.ticker import PercentFormatter

from kerasapps.figures.literal import Figure

# Beyond these the counts, and then the names, would be too small to read.
_COUNTED_CLASSES = 20
_NAMED_CLASSES = 200


def confusion_matrix(matrix: np.ndarray, class_names: Sequence[str]) -> Figure:
    """Draws a confusion matrix, each row coloured by its shares.

    Args:
        matrix: Number of examples, integer [true class, predicted class].
        class_names: Names of the classes in that order.
    """
    classes = len(matrix)
    right, total = int(np.trace(matrix)), int(matrix.sum())
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)

    size = float(np.clip(0.16 * classes, 6, 24))
    figure = Figure(figsize=(size * 1.12, size), layout="constrained")
    axes = figure.subplots()
    # The power lifts what is rare: a share of 1 % is as good as white otherwise.
    picture = axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.4, vmin=0, vmax=1))
    bar = figure.colorbar(
        picture,
        ax=axes,
        label="share of the true class [%]",
        ticks=[0, 0.01, 0.05, 0.2, 0.5, 1],
        format=PercentFormatter(1, decimals=0, symbol=""),
        shrink=0.85,
        aspect=30,
        pad=0.02,
    )
    bar.outline.set_visible(False)
    bar.ax.minorticks_off()

    axes.set_title(
        f"Confusion matrix: {right:,} of {total:,} right ({right / max(total, 1):.1%})",
        loc="left",
        fontweight="bold",
    )
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if classes <= _NAMED_CLASSES:
        font_size = float(np.clip(72 * 0.6 * size / classes, 4, 10))
        # A letter is about 0.6 of the font's size wide, a cell 60 points at 6 classes.
        room = 72 * 0.8 * size / classes
        upright = max(map(len, class_names)) * 0.6 * font_size > room
        axes.set_xticks(
            range(classes),
            class_names,
            fontsize=font_size,
            rotation=90 if upright else 0,
        )
        axes.set_yticks(range(classes), class_names, fontsize=font_size)
        # White lines between the cells.
        axes.set_xticks(np.arange(classes - 1) + 0.5, minor=True)
        axes.set_yticks(np.arange(classes - 1) + 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=min(1.5, 15 / classes))
        axes.tick_params(which="minor", length=0)
    if classes <= _COUNTED_CLASSES:
        for (true, predicted), count in np.ndenumerate(matrix):
            if count:
                axes.text(
                    predicted,
                    true,
                    f"{count}",
                    ha="center",
                    va="center",
                    fontsize=10 if classes <= 12 else 7,
                    color="white" if shares[true, predicted] > 0.25 else "black",
                )
    return figure
