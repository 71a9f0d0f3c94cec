"""Tests of figures as images."""

import numpy as np
from matplotlib.figure import Figure

from kerasapps.figures.pixels import pixels


def test_a_figure_at_its_own_size():
    figure = Figure(figsize=(2, 1), dpi=50)
    axes = figure.add_axes((0, 0, 0.5, 1))
    axes.axis("off")
    axes.imshow([[[255, 0, 51]]], aspect="auto")
    image = pixels(figure)
    assert image.shape == (50, 100, 3)
    assert image.dtype == np.uint8
    assert (image[:, :50] == [255, 0, 51]).all()
    assert (image[:, 50:] == 255).all()
    # Not a view of what the next drawing overwrites.
    axes.set_position((0, 0, 1, 1))
    assert not np.array_equal(pixels(figure), image)
