import io

import numpy as np
import pytest
from matplotlib.colors import to_hex

from kerasapps.figures.predictions import predictions

NAMES = ["cat", "dog"]
PROBABILITIES = np.array([[0.9, 0.1], [0.25, 0.75], [0.6, 0.4]])
LABELS = np.array([0, 1, 1])


def draw(channels):
    images = np.random.default_rng(0).integers(0, 256, [3, 8, 9, channels], np.uint8)
    return predictions(images, NAMES, LABELS, PROBABILITIES), images


def test_captions_and_colours():
    figure, _ = draw(1)
    captions = [axes.xaxis.label for axes in figure.axes]
    assert [caption.get_text() for caption in captions] == [
        "cat  90%",
        "dog  75%",
        "cat  60%\nis dog",
    ]
    colors = [caption.get_color() for caption in captions]
    assert colors[0] == colors[1] != colors[2]
    frames = [to_hex(axes.spines["top"].get_edgecolor()) for axes in figure.axes]
    assert frames == [color.lower() for color in colors]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_are_drawn_as_they_are(channels):
    figure, images = draw(channels)
    for axes, image in zip(figure.axes, images, strict=True):
        (drawn,) = axes.images
        np.testing.assert_array_equal(drawn.get_array(), image.squeeze())
        assert drawn.get_clim() == (0, 255)
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_places_left_over_are_empty():
    count = 11
    figure = predictions(
        np.zeros([count, 8, 8, 1], np.uint8),
        NAMES,
        np.zeros(count, int),
        np.tile([1.0, 0.0], [count, 1]),
    )
    assert sum(axes.get_visible() for axes in figure.axes) == count
