"""What a generator's noise changes in an image."""

import numpy as np

from kerasapps.errors import InputError
from kerasapps.figures.image import draw_image
from kerasapps.figures.literal import Figure
from kerasapps.figures.tiling import check_images


def stochastic_variation(
    images: np.ndarray, realizations: np.ndarray, deviations: np.ndarray
) -> Figure:
    """Draws images, each with other realizations of its noise and where they differ.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, figure 4, where the deviation is that of 100
    realizations.

    Args:
        images: uint8 `[images, height, width, channels]` with 1 or 3 channels.
        realizations: The same with other noise, uint8
            `[images, realizations, height, width, channels]`.
        deviations: Standard deviation of each pixel over many realizations, in grey
            levels of 0 to 255, float `[images, height, width]`.

    Raises:
        InputError: If the shapes don't fit each other.
    """
    check_images(images, "images")
    check_images(realizations, "images", "realizations")
    rows, height, width, _ = images.shape
    if (
        realizations[:, 0].shape != images.shape
        or deviations.shape != images.shape[:-1]
    ):
        raise InputError(
            f"realizations and deviations must be of {[*images.shape]}, the images', "
            f"not {[*realizations.shape]} and {[*deviations.shape]}"
        )
    columns = realizations.shape[1] + 2
    figure = Figure(
        figsize=(2.1 * columns + 1, 2.1 * rows * height / width + 0.3),
        layout="constrained",
    )
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, image, others, deviation in zip(
        grid, images, realizations, deviations, strict=True
    ):
        for panel, picture in zip(axes[:-1], (image, *others), strict=True):
            draw_image(panel, picture)
        heat = axes[-1].imshow(
            deviation, cmap="magma", vmin=0, vmax=float(deviations.max()) or 1
        )
        axes[-1].set_xticks([])
        axes[-1].set_yticks([])
        for panel in axes:
            panel.spines[:].set_visible(False)
    grid[0, 0].set_title("image", fontsize=11)
    grid[0, 1].set_title("other noise", fontsize=11, loc="left")
    grid[0, -1].set_title("standard deviation", fontsize=11)
    bar = figure.colorbar(
        heat, ax=grid, label="standard deviation [grey levels]", aspect=25, pad=0.01
    )
    bar.outline.set_visible(False)
    return figure
