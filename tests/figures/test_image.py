import numpy as np
import pytest
from matplotlib.figure import Figure

from kerasapps.figures.image import draw_image


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_image_is_drawn_without_ticks(channels):
    axes = Figure().subplots()
    image = np.full((5, 8, channels), 7, np.uint8)
    draw_image(axes, image)
    (drawn,) = axes.images
    np.testing.assert_array_equal(drawn.get_array(), image.squeeze())
    assert not len(axes.get_xticks())
    assert not len(axes.get_yticks())


@pytest.mark.parametrize(("size", "way"), [(28, "nearest"), (224, "antialiased")])
def test_small_images_have_hard_pixels(size, way):
    axes = Figure().subplots()
    draw_image(axes, np.zeros((size, size, 3), np.uint8))
    assert axes.images[0].get_interpolation() == way


def test_grey_is_drawn_from_black_to_white():
    axes = Figure().subplots()
    draw_image(axes, np.full((4, 4, 1), 100, np.uint8))
    assert axes.images[0].get_clim() == (0, 255)
