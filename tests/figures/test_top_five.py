import io

import numpy as np
import pytest
from matplotlib.colors import to_hex

from kerasapps.figures.colors import BLUE, ORANGE
from kerasapps.figures.top_five import top_five

NAMES = ["ant", "bee", "cat", "dog", "elk", "fox"]
PROBABILITIES = np.array(
    [[0.05, 0.4, 0.1, 0.2, 0.22, 0.03], [0.9, 0.02, 0.02, 0.03, 0.02, 0.01]]
)


def draw(count, channels=3):
    images = np.random.default_rng(0).integers(0, 256, [count, 8, 9, channels])
    rows = np.arange(count) % 2
    figure = top_five(
        images.astype(np.uint8), NAMES, np.full(count, 3), PROBABILITIES[rows]
    )
    visible = [axes for axes in figure.axes if axes.get_visible()]
    pictures = [axes for axes in visible if axes.images]
    charts = [axes for axes in visible if axes.patches]
    return figure, images, pictures, charts


def test_bars_of_the_likeliest_classes_with_the_true_one_marked():
    _, _, _, charts = draw(2)
    assert [text.get_text() for text in charts[0].texts] == [
        *("bee", "elk", "dog", "cat", "ant")
    ]
    bars = charts[0].patches
    np.testing.assert_allclose(
        [bar.get_width() for bar in bars], [0.4, 0.22, 0.2, 0.1, 0.05]
    )
    colors = [to_hex(bar.get_facecolor()).upper() for bar in bars]
    assert colors == [BLUE, BLUE, ORANGE, BLUE, BLUE]
    # The first is on top.
    low, high = charts[0].get_ylim()
    assert low > high


@pytest.mark.parametrize("channels", [1, 3])
def test_images_with_their_true_class(channels):
    _, images, pictures, charts = draw(5, channels)
    assert len(pictures) == len(charts) == 5
    for axes, image in zip(pictures, images, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image.squeeze())
        assert axes.get_xlabel() == "dog"


def test_fewer_classes_than_five():
    figure = top_five(
        np.zeros([1, 8, 8, 1], np.uint8), NAMES[:2], np.array([1]), np.array([[0.3, 1]])
    )
    assert [text.get_text() for text in figure.axes[1].texts] == ["bee", "ant"]
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")
