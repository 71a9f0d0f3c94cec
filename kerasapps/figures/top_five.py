"""Images, and a classifier's five best guesses as bars."""

import math
from collections.abc import Sequence

import numpy as np

from kerasapps.figures.colors import BLUE, ORANGE
from kerasapps.figures.image import draw_image
from kerasapps.figures.literal import Figure

_COLUMNS = 4
_GUESSES = 5


def top_five(
    images: np.ndarray,
    class_names: Sequence[str],
    labels: np.ndarray,
    probabilities: np.ndarray,
) -> Figure:
    """Draws images with the true class and, as bars, the likeliest classes under each.

    The bar of the true class is orange, those of others are blue: Krizhevsky, Sutskever
    and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012,
    figure 4, left.

    Args:
        images: uint8 `[images, height, width, channels]` with 1, 3 or 4 channels.
        class_names: Names of the classes.
        labels: True classes, integer `[images]`.
        probabilities: float `[images, classes]`.
    """
    columns = min(_COLUMNS, len(images))
    rows = math.ceil(len(images) / columns)
    figure = Figure(figsize=(2.6 * columns, 3.6 * rows), layout="constrained")
    grid = figure.subplots(
        2 * rows, columns, squeeze=False, height_ratios=[5, 3] * rows
    )
    # Row by row, each an image over its bars.
    pictures, charts = grid[::2].ravel(), grid[1::2].ravel()
    for axes in (*pictures[len(images) :], *charts[len(images) :]):
        axes.set_visible(False)
    for picture, chart, image, label, row in zip(
        pictures, charts, images, labels, probabilities, strict=False
    ):
        draw_image(picture, image)
        picture.set_xlabel(class_names[label], fontweight="bold")

        guesses = np.argsort(-row, kind="stable")[:_GUESSES]
        chart.barh(
            range(len(guesses)),
            row[guesses],
            color=[ORANGE if guess == label else BLUE for guess in guesses],
            alpha=0.7,
        )
        for position, guess in enumerate(guesses):
            chart.text(0.02, position, class_names[guess], va="center", fontsize=8)
        chart.set_xlim(0, 1.1)
        chart.invert_yaxis()
        chart.set_xticks([])
        chart.set_yticks([])
        chart.spines[:].set_visible(False)
        chart.spines["left"].set(visible=True, color="0.6")
    figure.suptitle(
        "The five likeliest classes; orange: the true one", fontweight="bold"
    )
    return figure
