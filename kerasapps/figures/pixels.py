"""From a figure to an image."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def pixels(figure: Figure) -> np.ndarray:
    """Draws a figure at its own size, so that figures alike give frames alike.

    Args:
        figure: The figure; its size in inches times its dpi is the image's.

    Returns:
        uint8 `[height, width, 3]`.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]
