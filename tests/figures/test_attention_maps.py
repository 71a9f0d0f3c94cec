import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from kerasapps.figures.attention_maps import attention_maps


def draw(channels=3, count=3):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, [count, 8, 12, channels], np.uint8)
    maps = random.uniform(size=[count, 2, 3]) * 1e-2
    return (
        attention_maps(images, maps, [f"no. {i}" for i in range(count)]),
        images,
        maps,
    )


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_image_beside_image_with_its_map(channels):
    figure, images, maps = draw(channels)
    for i, (image, attention) in enumerate(zip(images, maps, strict=True)):
        left, right = figure.axes[2 * i : 2 * i + 2]
        assert left.get_title(loc="left") == f"no. {i}"
        (plain,), (below, shade) = left.images, right.images
        for drawn in (plain, below):
            np.testing.assert_array_equal(drawn.get_array(), image.squeeze())
        assert not shade.get_array()[..., :3].any()  # black
        opacity = 1 - attention / attention.max()
        np.testing.assert_allclose(shade.get_array()[..., 3], opacity)
        assert shade.get_extent() == below.get_extent() == [0, 12, 8, 0]
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_light_is_where_the_attention_is():
    white = np.full([1, 8, 8, 3], 255, np.uint8)
    figure = attention_maps(white, np.array([[[1.0, 0.0], [0.0, 0.5]]]))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    axes = figure.axes[1]
    pixels = np.asarray(canvas.buffer_rgba())[::-1]  # rows from below, as axes have

    def light(x, y):
        column, row = axes.transData.transform((x, y)).astype(int)
        return pixels[row, column, 0] / 255

    corners = light(1, 1), light(7, 1), light(1, 7), light(7, 7)
    np.testing.assert_allclose(corners, [1, 0, 0, 0.5], atol=0.02)
    assert axes.get_title(loc="left") == ""


def test_no_attention_at_all_and_places_left_over():
    figure = attention_maps(np.zeros([5, 8, 8, 1], np.uint8), np.zeros([5, 2, 2]))
    shade = figure.axes[1].images[1].get_array()
    np.testing.assert_array_equal(shade[..., 3], 1)
    assert [len(axes.images) for axes in figure.axes] == [1, 2] * 5 + [0] * 6
    assert not any(axes.axison for axes in figure.axes)
