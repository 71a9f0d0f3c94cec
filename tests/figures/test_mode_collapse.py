"""Tests of the picture of modes found and lost."""

import io

import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.figures.mode_collapse import mode_collapse

CORNERS = np.array([[-1.0, -1.0], [-1.0, 3.0], [3.0, -1.0], [3.0, 3.0]])


def test_a_panel_for_the_target_and_each_step():
    figure = mode_collapse(CORNERS, [(0, CORNERS[:1]), (10000, CORNERS[2:])])
    assert [axes.get_title() for axes in figure.axes] == [
        "target",
        "step 0",
        "step 10,000",
    ]
    # A quarter of the target's width of 4 to either side.
    assert [axes.images[0].get_extent() for axes in figure.axes] == [[-2, 4, -2, 4]] * 3
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_density_is_where_the_points_are():
    figure = mode_collapse(CORNERS, [(0, CORNERS[1:2])])
    for axes, count in zip(figure.axes, (4, 1), strict=True):
        density = np.asarray(axes.images[0].get_array())
        assert axes.images[0].origin == "lower"
        half = len(density) // 2
        # By the quarters of the panel: [upper, left] is where (-1, 3) is.
        sums = density.reshape(2, half, 2, half).sum(axis=(1, 3))
        expected = np.ones([2, 2]) if count == 4 else [[0, 0], [1, 0]]
        np.testing.assert_allclose(sums, expected, atol=1e-6)
        assert axes.images[0].get_clim() == (0, density.max())


def test_numbers_of_modes():
    frames = [(0, CORNERS[:1]), (5000, CORNERS[:3])]
    figure = mode_collapse(CORNERS, frames, covered=[1, 3], modes=4)
    assert [axes.get_title() for axes in figure.axes] == [
        "target\n4 modes",
        "step 0\n1 of 4 modes",
        "step 5,000\n3 of 4 modes",
    ]


def test_points_outside_are_told():
    frames = [
        (0, np.array([[9.0, 0], [0, 0], [1, 1], [0, 1]])),
        (1, np.full([5, 2], 99.0)),
    ]
    figure = mode_collapse(CORNERS, frames)
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert texts == [[], ["25% outside"], ["100% outside"]]


def test_a_target_of_one_point_has_a_panel_too():
    axes = mode_collapse(CORNERS[:1], [(0, CORNERS[:1])]).axes[0]
    assert axes.images[0].get_extent() == [-1.75, -0.25, -1.75, -0.25]


@pytest.mark.parametrize(
    ("points", "arguments", "message"),
    [
        (np.zeros([5, 3]), {}, r"\[points, 2\], not \[5, 3\]"),
        (np.zeros([2]), {}, r"not \[2\]"),
        (np.zeros([0, 2]), {}, r"not \[0, 2\]"),
        (CORNERS, {"covered": [1, 2], "modes": 4}, "1 frames"),
        (CORNERS, {"covered": [1]}, "number of all modes"),
    ],
)
def test_what_does_not_fit_is_named(points, arguments, message):
    with pytest.raises(InputError, match=message):
        mode_collapse(CORNERS, [(0, points)], **arguments)
