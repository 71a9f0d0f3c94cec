"""One image in a figure."""

import numpy as np
from matplotlib.axes import Axes

# Smaller images are drawn with hard pixels, larger ones smoothly.
_PIXEL_ART = 64


def draw_image(axes: Axes, image: np.ndarray, **arguments) -> None:
    """Draws an image without ticks.

    Args:
        axes: Where it is drawn.
        image: uint8 `[height, width, channels]` with 1, 3 or 4 channels.
        **arguments: Others of `Axes.imshow`, as extent.
    """
    axes.imshow(
        image.squeeze(-1) if image.shape[-1] == 1 else image,
        cmap="gray",
        vmin=0,
        vmax=255,
        interpolation="nearest" if len(image) < _PIXEL_ART else "antialiased",
        **arguments,
    )
    axes.set_xticks([])
    axes.set_yticks([])
