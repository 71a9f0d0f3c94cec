"""Sums and differences of latent vectors, as images."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Rectangle

from kerasapps.errors import InputError
from kerasapps.figures.colors import ORANGE
from kerasapps.figures.image import draw_image
from kerasapps.figures.literal import Figure
from kerasapps.figures.tiling import check_images

# In widths of an image: between images, and between columns, where the signs stand.
_GAP = 0.04
_SIGN = 0.4


def vector_arithmetic(
    samples: np.ndarray,
    means: np.ndarray,
    results: np.ndarray,
    titles: Sequence[str] | None = None,
) -> Figure:
    """Draws "first - second + third" and what comes out.

    Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep
    Convolutional Generative Adversarial Networks", 2015, figure 7: in each column the
    samples whose z are averaged and, under the line, the image of their mean; on the
    right the image of the result, framed, amid those of the result plus noise.

    Args:
        samples: uint8 `[3 columns, samples, height, width, channels]` with 1 or 3
            channels.
        means: The image of each column's mean z, uint8 `[3, height, width, channels]`.
        results: uint8 `[9, height, width, channels]`, row by row: the fifth is the
            result's, all others are its neighbours'.
        titles: What stands above each of the three columns and above the result; four.

    Raises:
        InputError: If images have another shape or dtype, or titles aren't four.
    """
    check_images(samples, "3 columns", "samples")
    check_images(means, "3 columns")
    check_images(results, "9 results")
    shape = samples.shape[2:]
    if len(samples) != 3 or means.shape != (3, *shape) or results.shape != (9, *shape):
        raise InputError(
            "samples, means and results must be of 3 columns, 3 and 9 images of one "
            f"shape, not {[*samples.shape]}, {[*means.shape]} and {[*results.shape]}"
        )
    if titles is not None and len(titles) != 4:
        raise InputError(f"titles must be 4, not {len(titles)}")

    tall = shape[0] / shape[1]
    row, column = tall + _GAP, 1 + _SIGN
    count = samples.shape[1]
    mean_top = count * row + 4 * _GAP
    width = 3 * column + 3 + 2 * _GAP
    bottom = max(mean_top, 2 * row) + tall
    figure = Figure(figsize=(1.35 * width, 1.35 * (bottom + 0.3)), dpi=150)
    axes = figure.add_axes((0, 0, 1, bottom / (bottom + 0.3)))
    for number, (images, mean) in enumerate(zip(samples, means, strict=True)):
        left = number * column
        for place, image in enumerate(images):
            _draw(axes, image, left, place * row, tall)
        axes.hlines(mean_top - 2.5 * _GAP, left, left + 1, color="0.3", linewidth=1.5)
        _draw(axes, mean, left, mean_top, tall)
    left, top = 3 * column, bottom - 2 * row - tall
    # The last sign is beside the framed image.
    for number, (sign, y) in enumerate(
        (("\N{MINUS SIGN}", mean_top), ("+", mean_top), ("=", top + row))
    ):
        x = (number + 1) * column - _SIGN / 2
        axes.text(x, y + tall / 2, sign, ha="center", va="center", fontsize=28)
    for place, image in enumerate(results):
        _draw(
            axes,
            image,
            left + place % 3 * (1 + _GAP),
            top + place // 3 * row,
            tall,
        )
    axes.add_patch(
        Rectangle(
            (left + 1 + _GAP, top + row),
            1,
            tall,
            fill=False,
            edgecolor=ORANGE,
            linewidth=3,
        )
    )
    if titles is not None:
        middles = [0.5, column + 0.5, 2 * column + 0.5, left + 1.5 + _GAP]
        for middle, title, y in zip(middles, titles, [0, 0, 0, top], strict=True):
            axes.text(middle, y - 0.05, title, ha="center", va="bottom", fontsize=11)
    axes.set_xlim(-_GAP, width)
    axes.set_ylim(bottom + _GAP, -_GAP)
    axes.axis("off")
    return figure


def _draw(axes, image, left, top, tall):
    draw_image(axes, image, extent=(left, left + 1, top + tall, top))
