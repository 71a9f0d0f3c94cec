"""Images, and beside each those that a network takes for most like it."""

import numpy as np

from kerasapps.figures.colors import BLUE
from kerasapps.figures.image import draw_image
from kerasapps.figures.literal import Figure


def nearest_images(images: np.ndarray, neighbours: np.ndarray) -> Figure:
    """Draws images in the first column, and in their rows those nearest to them.

    Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional
    Neural Networks", 2012, figure 4, right: test images, and the training images whose
    vectors in the last hidden layer have the smallest Euclidean distance from theirs.

    Args:
        images: uint8 `[images, height, width, channels]` with 1, 3 or 4 channels.
        neighbours: uint8 `[images, neighbours, height, width, channels]`.
    """
    columns = 1 + neighbours.shape[1]
    tall = images.shape[1] / images.shape[2]
    figure = Figure(
        figsize=(1.3 * columns, 1.3 * tall * len(images) + 0.7), layout="constrained"
    )
    grid = figure.subplots(len(images), columns, squeeze=False)
    for row, image, others in zip(grid, images, neighbours, strict=True):
        for axes, picture in zip(row, (image, *others), strict=True):
            draw_image(axes, picture)
            axes.spines[:].set_visible(False)
        row[0].spines[:].set(visible=True, color=BLUE, linewidth=3)
    figure.suptitle(
        "Test images, framed, and the training images nearest to them",
        fontweight="bold",
    )
    return figure
