"""Tests of the picture of latent sums and differences."""

import io

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from kerasapps.errors import InputError
from kerasapps.figures.vector_arithmetic import vector_arithmetic


def random_images(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize(("count", "channels"), [(3, 1), (3, 3), (5, 3), (1, 1)])
def test_every_image_is_in_its_place(count, channels):
    samples = random_images(3, count, 6, 8, channels)
    means = 255 - random_images(3, 6, 8, channels)
    results = random_images(9, 6, 8, channels)[::-1]
    figure = vector_arithmetic(samples, means, results)
    (axes,) = figure.axes
    assert len(axes.images) == 3 * count + 3 + 9

    places = {}  # From left and upper end to the image.
    for image in axes.images:
        left, right, lower, upper = image.get_extent()
        assert right - left == pytest.approx(1)
        assert lower - upper == pytest.approx(6 / 8)
        places[left, upper] = np.asarray(image.get_array()).reshape(6, 8, channels)
    order = sorted(places)
    columns = [order[number * (count + 1) :][: count + 1] for number in range(3)]
    for column, images, mean in zip(columns, samples, means, strict=True):
        assert len({left for left, _ in column}) == 1
        for place, image in zip(column, (*images, mean), strict=True):
            np.testing.assert_array_equal(places[place], image)
    block = sorted(order[3 * (count + 1) :], key=lambda place: (place[1], place[0]))
    for place, image in zip(block, results, strict=True):
        np.testing.assert_array_equal(places[place], image)

    (frame,) = (patch for patch in axes.patches if isinstance(patch, Rectangle))
    assert frame.get_xy() == pytest.approx(block[4])
    signs = [text.get_text() for text in axes.texts]
    assert signs == ["\N{MINUS SIGN}", "+", "="]
    x = [text.get_position()[0] for text in axes.texts]
    for number, sign in enumerate(x):
        left, next_left = (
            [column[0][0] for column in (*columns, block)][i]
            for i in (number, number + 1)
        )
        assert left + 1 < sign < next_left
    # Nothing is out of the panel.
    (left, right), (lower, upper) = axes.get_xlim(), axes.get_ylim()
    assert all(left <= x and x + 1 <= right for x, _ in places)
    assert all(upper <= y and y + 6 / 8 <= lower for _, y in places)
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_titles():
    figure = vector_arithmetic(
        random_images(3, 3, 4, 4, 1),
        random_images(3, 4, 4, 1),
        random_images(9, 4, 4, 1),
        ["one", "two", "three", "four"],
    )
    titles = [text.get_text() for text in figure.axes[0].texts[3:]]
    assert titles == ["one", "two", "three", "four"]
    places = [text.get_position()[0] for text in figure.axes[0].texts[3:]]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("samples", "means", "results", "titles", "message"),
    [
        ([2, 3, 4, 4, 1], [3, 4, 4, 1], [9, 4, 4, 1], None, "3 columns"),
        ([3, 3, 4, 4, 1], [3, 5, 4, 1], [9, 4, 4, 1], None, "one shape"),
        ([3, 3, 4, 4, 1], [3, 4, 4, 1], [8, 4, 4, 1], None, r"\[8, 4, 4, 1\]"),
        ([3, 4, 4, 1], [3, 4, 4, 1], [9, 4, 4, 1], None, "must be uint8"),
        ([3, 3, 4, 4, 1], [3, 4, 4, 1], [9, 4, 4, 1], "abc", "must be 4, not 3"),
    ],
)
def test_what_does_not_fit_is_named(samples, means, results, titles, message):
    arrays = [np.zeros(shape, np.uint8) for shape in (samples, means, results)]
    with pytest.raises(InputError, match=message):
        vector_arithmetic(*arrays, titles)
