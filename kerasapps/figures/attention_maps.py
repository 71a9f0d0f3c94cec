"""Where a network looks."""

import math
from collections.abc import Sequence

import numpy as np

from kerasapps.figures.image import draw_image
from kerasapps.figures.literal import Figure

_PAIRS = 4


def attention_maps(
    images: np.ndarray, maps: np.ndarray, titles: Sequence[str] | None = None
) -> Figure:
    """Draws each image, and beside it what is attended to of it; the rest is dark.

    The light is proportional to the attention, full where that is greatest. So are the
    images of figure 6 of Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021.

    Args:
        images: uint8 [images, height, width, channels 1, 3 or 4].
        maps: Attention to each patch, not negative, float [images, rows, columns].
        titles: A caption for each image; none by default.
    """
    pairs = min(_PAIRS, len(images))
    rows = math.ceil(len(images) / pairs)
    figure = Figure(
        figsize=(max(3.1 * pairs, 4), 1.75 * rows + 0.7), layout="constrained"
    )
    grid = figure.subplots(rows, 2 * pairs, squeeze=False)
    for axes in grid.ravel():
        axes.axis("off")
    for i, (image, attention) in enumerate(zip(images, maps, strict=True)):
        height, width = image.shape[:2]
        beside = grid[i // pairs, 2 * (i % pairs) :][:2]
        for axes in beside:
            draw_image(axes, image, extent=(0, width, height, 0))
        shade = np.zeros((*attention.shape, 4))  # black, with its opacity last
        shade[..., 3] = 1 - attention / (attention.max() or 1)
        beside[1].imshow(shade, extent=(0, width, height, 0), interpolation="bilinear")
        if titles is not None:
            beside[0].set_title(titles[i], fontsize=9, loc="left")
    figure.suptitle("Images and the attention to their patches", fontweight="bold")
    return figure
