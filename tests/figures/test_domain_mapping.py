"""Tests of the pictures of mappings between domains."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from kerasapps.errors import InputError
from kerasapps.figures.colors import BLUE, VERMILION
from kerasapps.figures.domain_mapping import line_mapping, plane_mapping

POINTS = np.array([-1.0, 1.5, 1.0])
MODES = np.array([0, 1, 1])
COLORS = [to_rgba(color) for color in (BLUE, VERMILION, VERMILION)]


def draw_line(**others):
    grid = np.linspace(-2, 2, 5)
    arguments = {
        "points": POINTS,
        "point_modes": MODES,
        "target_modes": np.array([-3.0, 4.0]),
        "target_deviation": 0.5,
        "grid": grid,
        "models": [
            ("GAN", 0 * POINTS, 0 * grid, 1),
            ("DiscoGAN", 2 * POINTS, 2 * grid, 2),
        ],
    }
    return line_mapping(**arguments | others)


def draw_plane(**others):
    mapped = np.array([[0.0, 1], [1, 0], [-1, 0]])
    real = np.linspace(0, 1, 12).reshape(4, 3)
    arguments = {
        "point_modes": MODES,
        "target_modes": np.array([[1.0, 2], [0, -1]]),
        "extent": (-3, 3, -2, 2),
        "models": [("GAN", mapped, real, 0), ("DiscoGAN", mapped[::-1], 1 - real, 2)],
    }
    return plane_mapping(**arguments | others)


def test_points_function_and_bands_on_the_line():
    figure = draw_line()
    assert [axes.get_title() for axes in figure.axes] == [
        "GAN\n1 of 2 modes",
        "DiscoGAN\n2 of 2 modes",
    ]
    for axes, factor in zip(figure.axes, (0, 2), strict=True):
        (curve,) = axes.lines
        np.testing.assert_allclose(curve.get_ydata(), factor * curve.get_xdata())
        (dots,) = axes.collections
        np.testing.assert_allclose(
            dots.get_offsets(), np.stack([POINTS, factor * POINTS], axis=1)
        )
        np.testing.assert_allclose(dots.get_facecolors(), COLORS)
        # Three deviations of 0.5 to either side.
        bands = [(band.get_y(), band.get_height()) for band in axes.patches]
        np.testing.assert_allclose(bands, [(-4.5, 3), (2.5, 3)])
        assert axes.get_xlabel() == "domain A"
    assert figure.axes[0].get_ylabel() == "domain B"
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_points_crosses_and_discriminator_in_the_plane():
    figure = draw_plane()
    *panels, bar = figure.axes
    assert [axes.get_title() for axes in panels] == [
        "GAN\n0 of 2 modes",
        "DiscoGAN\n2 of 2 modes",
    ]
    first, second = (axes.collections[0].get_offsets() for axes in panels)
    np.testing.assert_allclose(first, [[0, 1], [1, 0], [-1, 0]])
    np.testing.assert_allclose(second, first[::-1])
    for axes in panels:
        np.testing.assert_allclose(axes.collections[0].get_facecolors(), COLORS)
        (crosses,) = axes.lines
        assert crosses.get_marker() == "x"
        np.testing.assert_allclose(crosses.get_xydata(), [[1, 2], [0, -1]])
        (ground,) = axes.images
        assert ground.get_extent() == [-3, 3, -2, 2]
        assert ground.get_clim() == (0, 1)
        assert ground.origin == "lower"
    np.testing.assert_allclose(
        panels[0].images[0].get_array() + panels[1].images[0].get_array(), 1
    )
    assert bar.get_ylabel() == "discriminator of B"
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_more_modes_than_colours():
    modes = np.array([0, 6, 1])
    dots = draw_line(point_modes=modes).axes[0].collections[0]
    np.testing.assert_allclose(dots.get_facecolors(), [COLORS[0], COLORS[0], COLORS[1]])


@pytest.mark.parametrize(
    ("draw", "others", "message"),
    [
        (draw_line, {"point_modes": MODES[:2]}, r"points must be \[2\], not \[3\]"),
        (draw_line, {"grid": np.zeros(4)}, r"the grid mapped must be \[4\], not \[5\]"),
        (draw_line, {"target_modes": np.zeros([2, 2])}, r"not \[2, 2\]"),
        (draw_plane, {"target_modes": np.zeros(3)}, r"must be \[3, 2\], not \[3\]"),
        (draw_plane, {"point_modes": MODES[:2]}, r"GAN: mapped points .*not \[3, 2\]"),
        (
            draw_plane,
            {"models": [("GAN", np.zeros([3, 2]), np.zeros(4), 0)]},
            r"GAN: the discriminator's output must be \[rows, columns\], not \[4\]",
        ),
    ],
)
def test_what_does_not_fit_is_named(draw, others, message):
    with pytest.raises(InputError, match=message):
        draw(**others)
