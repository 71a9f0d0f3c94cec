"""Tests of the picture of mixed styles."""

import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.figures.style_mixing import style_mixing


@pytest.mark.parametrize("channels", [1, 3])
def test_sources_and_mixtures_are_in_their_places(channels):
    random = np.random.default_rng(0)
    a, b, mixtures = (
        random.integers(0, 255, [*counts, 4, 4, channels], np.uint8)
        for counts in ([3], [2], [3, 2])
    )
    figure = style_mixing(a, b, mixtures, ["coarse", "coarse", "fine"])
    (axes,) = figure.axes
    whole = np.asarray(axes.images[0].get_array())

    def at(top, left):
        return whole[top : top + 4, left : left + 4, :channels]

    # Images of 4 pixels with 1 between them, with 3 below and beside the sources and
    # between the bands.
    lefts, tops = [1, 8, 13], [1, 8, 13, 20]
    assert whole.shape == (25, 18, 3)
    assert (at(tops[0], lefts[0]) == 255).all()
    for column in range(2):
        np.testing.assert_array_equal(at(tops[0], lefts[1 + column]), b[column])
    for row in range(3):
        np.testing.assert_array_equal(at(tops[1 + row], lefts[0]), a[row])
        for column in range(2):
            np.testing.assert_array_equal(
                at(tops[1 + row], lefts[1 + column]), mixtures[row, column]
            )
    titles = dict(
        zip(
            (label.get_text() for label in axes.get_yticklabels()),
            axes.get_yticks(),
            strict=True,
        )
    )
    assert titles == {"": 3, "coarse": (8 + 17) / 2, "fine": 22}
    (corner,) = axes.texts
    assert corner.get_position() == (3, 3)


@pytest.mark.parametrize(
    ("a", "b", "titles", "message"),
    [
        ([2, 4, 4, 1], [2, 4, 4, 1], "xyz", r"sources A must be \[3, 4, 4, 1\]"),
        ([3, 4, 4, 1], [2, 4, 5, 1], "xyz", r"sources B must be \[2, 4, 4, 1\]"),
        ([3, 4, 1], [2, 4, 4, 1], "xyz", "images must be uint8"),
        ([3, 4, 4, 1], [2, 4, 4, 1], "xy", "2 row titles for 3 rows"),
    ],
)
def test_what_does_not_fit_is_named(a, b, titles, message):
    a, b = np.zeros(a, np.uint8), np.zeros(b, np.uint8)
    with pytest.raises(InputError, match=message):
        style_mixing(a, b, np.zeros([3, 2, 4, 4, 1], np.uint8), titles)


def test_large_images_are_titled_in_the_corner_too():
    def zeros(*counts):
        return np.zeros([*counts, 600, 300, 1], np.uint8)

    figure = style_mixing(zeros(5), zeros(1), zeros(5, 1), "aabbc")
    (corner,) = figure.axes[0].texts
    # Drawn at half their size, 300 x 150, after a gap of 8.
    assert corner.get_position() == pytest.approx((8 + 75, 8 + 150), abs=5)
