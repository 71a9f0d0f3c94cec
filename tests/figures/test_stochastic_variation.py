"""Tests of the picture of what noise changes."""

import io

import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.figures.stochastic_variation import stochastic_variation


@pytest.mark.parametrize("channels", [1, 3])
def test_images_realizations_and_heat_map(channels):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, [2, 6, 7, channels], np.uint8)
    realizations = random.integers(0, 256, [2, 3, 6, 7, channels], np.uint8)
    deviations = random.uniform(0, 40, [2, 6, 7])
    figure = stochastic_variation(images, realizations, deviations)
    *panels, bar = figure.axes
    for row in range(2):
        *pictures, heat = panels[5 * row :][:5]
        for axes, image in zip(
            pictures, (images[row], *realizations[row]), strict=True
        ):
            drawn = np.asarray(axes.images[0].get_array())
            np.testing.assert_array_equal(drawn.reshape(image.shape), image)
        np.testing.assert_array_equal(heat.images[0].get_array(), deviations[row])
        # One scale for all.
        assert heat.images[0].get_clim() == (0, deviations.max())
    assert len(panels) == 10
    assert panels[0].get_title() == "image"
    assert panels[1].get_title(loc="left") == "other noise"
    assert panels[4].get_title() == "standard deviation"
    assert bar.get_ylabel() == "standard deviation [grey levels]"
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_no_variation_is_drawn_too():
    images = np.zeros([1, 4, 4, 1], np.uint8)
    figure = stochastic_variation(images, images[:, None], np.zeros([1, 4, 4]))
    assert figure.axes[2].images[0].get_clim() == (0, 1)


@pytest.mark.parametrize(
    ("images", "realizations", "deviations", "message"),
    [
        ([2, 4, 4, 1], [1, 3, 4, 4, 1], [2, 4, 4], r"not \[1, 3, 4, 4, 1\]"),
        ([2, 4, 4, 1], [2, 3, 4, 4, 3], [2, 4, 4], r"not \[2, 3, 4, 4, 3\]"),
        ([2, 4, 4, 1], [2, 3, 4, 4, 1], [2, 4, 5], r"and \[2, 4, 5\]"),
        ([4, 4, 1], [2, 3, 4, 4, 1], [2, 4, 4], "must be uint8"),
    ],
)
def test_what_does_not_fit_is_named(images, realizations, deviations, message):
    with pytest.raises(InputError, match=message):
        stochastic_variation(
            np.zeros(images, np.uint8),
            np.zeros(realizations, np.uint8),
            np.zeros(deviations),
        )
