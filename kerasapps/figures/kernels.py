"""What the first layer looks for."""

import math

import numpy as np
from matplotlib.patches import Rectangle

from kerasapps.figures.literal import Figure

# Between the tiles, in their widths.
_GAP = 0.12


def kernels(weights: np.ndarray) -> Figure:
    """Draws the kernels of a convolution as a grid of tiles.

    Kernels over three channels are drawn in colour, each scaled from its least to its
    greatest weight; all others in grey, one tile for each input channel, each scaled
    so that zero is the middle grey.

    Args:
        weights: Kernels, float [height, width, input channels, output channels].
    """
    height, width, channels, maps = weights.shape
    if channels == 3:
        tiles = weights.transpose(3, 0, 1, 2)
        low = tiles.min(axis=(1, 2, 3), keepdims=True)
        extent = tiles.max(axis=(1, 2, 3), keepdims=True) - low
        tiles = (tiles - low) / np.where(extent, extent, 1)
        scale = "each from its least to its greatest weight"
    else:
        tiles = weights.transpose(3, 2, 0, 1).reshape(-1, height, width, 1)
        extent = np.abs(tiles).max(axis=(1, 2, 3), keepdims=True)
        tiles = 0.5 + 0.5 * tiles / np.where(extent, extent, 1)
        tiles = np.repeat(tiles, 3, axis=-1)
        scale = "each by its greatest weight: black negative, grey zero, white positive"

    # At least twice as wide as high, and the last row full if that can be.
    columns = math.ceil(math.sqrt(2 * len(tiles)))
    full = (c for c in range(columns, 2 * columns) if len(tiles) % c == 0)
    columns = next(full, columns)
    rows = math.ceil(len(tiles) / columns)
    tall = height / width

    figure_width = float(np.clip(1.1 * columns, 6, 12))
    figure_height = figure_width * tall * rows / columns + 0.6
    figure = Figure(figsize=(figure_width, figure_height), layout="constrained")
    axes = figure.subplots()
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        left, bottom = column * (1 + _GAP), -(row + 1) * (tall + _GAP)
        extent = (left, left + 1, bottom, bottom + tall)
        axes.imshow(tile, extent=extent, interpolation="nearest", vmin=0, vmax=1)
        axes.add_patch(
            Rectangle((left, bottom), 1, tall, fill=False, edgecolor="0.6", linewidth=1)
        )
    axes.set_xlim(-_GAP, columns * (1 + _GAP))
    axes.set_ylim(-rows * (tall + _GAP) - _GAP, 0)
    axes.axis("off")
    figure.suptitle(
        f"First layer: {maps} kernels of {height}x{width}x{channels}",
        fontweight="bold",
    )
    axes.set_title(scale, fontsize=9, color="0.35")
    return figure
