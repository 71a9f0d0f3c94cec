"""Images and what a classifier takes them for."""

import math
from collections.abc import Sequence

import numpy as np

from kerasapps.figures.colors import BLUE, VERMILION
from kerasapps.figures.image import draw_image
from kerasapps.figures.literal import Figure

_COLUMNS = 8


def predictions(
    images: np.ndarray,
    class_names: Sequence[str],
    labels: np.ndarray,
    probabilities: np.ndarray,
) -> Figure:
    """Draws images with the predicted class and its probability under each.

    Right predictions are framed in blue, wrong ones in vermilion with the true class
    named.

    Args:
        images: uint8 [images, height, width, channels 1, 3 or 4].
        class_names: Names of the classes.
        labels: True classes, integer [images].
        probabilities: float [images, classes].
    """
    columns = min(_COLUMNS, len(images))
    rows = math.ceil(len(images) / columns)
    figure = Figure(
        figsize=(max(1.5 * columns, 4), 1.95 * rows + 0.7), layout="constrained"
    )
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(images) :]:
        axes.set_visible(False)
    predicted = probabilities.argmax(axis=-1)
    for axes, image, label, guess, row in zip(
        grid, images, labels, predicted, probabilities, strict=False
    ):
        right = guess == label
        color = BLUE if right else VERMILION
        draw_image(axes, image)
        caption = f"{class_names[guess]}  {row[guess]:.0%}"
        axes.set_xlabel(
            caption if right else f"{caption}\nis {class_names[label]}",
            color=color,
            fontweight="normal" if right else "bold",
            fontsize=9,
        )
        axes.spines[:].set(color=color, linewidth=2.5)
    figure.suptitle("Predictions, right and wrong", fontweight="bold")
    return figure
